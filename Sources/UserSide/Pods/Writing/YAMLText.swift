internal import Text

/// A value as it is written into a YAML document. Whatever YAML 1.1 or 1.2 could read as something else is quoted.
indirect enum YAMLText: Equatable, Sendable {
    case text(String)
    case number(Int)
    case bool(Bool)
    case list([YAMLText])
    case map([Entry])
    /// A list or a map on one line.
    case inline(YAMLText)

    /// A key with its value, and what people read above it.
    struct Entry: Equatable, Sendable {
        let key: String
        let value: YAMLText
        /// One line; `nil` for none.
        let comment: String?

        init(_ key: String, _ value: YAMLText, comment: String? = nil) {
            self.key = key
            self.value = value
            self.comment = comment
        }
    }

    /// A map of texts on one line.
    static func inlineMap(_ entries: [(String, YAMLText)]) -> YAMLText {
        .inline(.map(entries.map { Entry($0.0, $0.1) }))
    }

    /// A list of texts on one line.
    static func words(_ words: [String]) -> YAMLText { .inline(.list(words.map { .text($0) })) }

    /// The lines of a document, each with its newline.
    var document: String { lines.map { $0 + "\n" }.joined() }

    /// The value on one line; `nil` for one that needs several.
    private var line: String? {
        switch self {
        case .text(let text): Self.scalar(text)
        case .number(let number): "\(number)"
        case .bool(let bool): bool ? "true" : "false"
        case .list(let values): values.isEmpty ? "[]" : nil
        case .map(let entries): entries.isEmpty ? "{}" : nil
        case .inline(let value): value.flow
        }
    }

    private var flow: String {
        switch self {
        case .list(let values): "[" + values.map { $0.flow }.joined(separator: ", ") + "]"
        case .map(let entries):
            "{" + entries.map { "\(Self.scalar($0.key)): \($0.value.flow)" }.joined(separator: ", ") + "}"
        default: line ?? ""
        }
    }

    private var lines: [String] {
        if let line { return [line] }
        switch self {
        case .list(let values):
            return values.flatMap { value in
                value.lines.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
            }
        case .map(let entries): return entries.flatMap { $0.lines }
        default: return []
        }
    }

    /// A text as YAML reads it as a text.
    static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    /// What YAML 1.1 reads as a truth value or as nothing; both of the common readers of pod specs are of that version.
    private static let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"]

    /// Whether it is a text without quotes wherever it stands: numbers, dates and `~` begin with something else.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last,
            first.isLetter || first == UInt8(ascii: "/") || first == UInt8(ascii: "_")
        else { return false }
        let marks = Array("/:@=".utf8)
        return last != UInt8(ascii: ":") && bytes.allSatisfy { $0.isNameByte || marks.contains($0) }
            && !words.contains(String(decoding: bytes.map { $0.lowered }, as: UTF8.self))
    }

    /// In double quotes, with an escape for whatever is not printable (YAML 1.2, 5.1 and 5.7).
    private static func quoted(_ text: String) -> String {
        "\"" + text.unicodeScalars.map { escaped($0) }.joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\t": "\\t"
        case "\r": "\\r"
        case " "..."~", "\u{A1}"..."\u{AC}", "\u{AE}"..."\u{24F}": String(Character(scalar))
        case "\0"..<"\u{100}": "\\x" + hexadecimal(scalar.value, digits: 2)
        // Also those that reorder what stands around them, which would show a reader another spec.
        case "\u{10000}"...: "\\U" + hexadecimal(scalar.value, digits: 8)
        default: "\\u" + hexadecimal(scalar.value, digits: 4)
        }
    }

    private static func hexadecimal(_ number: UInt32, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}

extension YAMLText.Entry {
    fileprivate var lines: [String] {
        let name = YAMLText.scalar(key)
        let above = comment.map { ["# \($0)"] } ?? []
        return above + value.lines(after: name)
    }
}

extension YAMLText {
    fileprivate func lines(after name: String) -> [String] {
        if let line { return ["\(name): \(line)"] }
        return ["\(name):"] + lines.map { "  " + $0 }
    }
}
