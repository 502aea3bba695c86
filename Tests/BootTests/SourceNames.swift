/// What a Swift source names, as far as its words tell.
struct SourceNames {
    /// The modules that it imports.
    private(set) var imports: Set<String> = []
    /// The types that it declares for other files, at the top level.
    private(set) var types: Set<String> = []
    /// The types that it declares within others or for itself.
    private(set) var innerTypes: Set<String> = []
    /// Every word with a capital letter in front that follows no full stop.
    private(set) var capitals: Set<String> = []

    init(of text: String) {
        var words = SourceWords(of: text)
        words.read()
        var depth = 0
        var isPrivate = false
        for (index, word) in words.all.enumerated() {
            let next = index + 1 < words.all.count ? words.all[index + 1] : ""
            switch word {
            case "{": depth += 1
            case "}": depth -= 1
            case "private", "fileprivate": isPrivate = true
            case "import": imports.insert(next)
            case "struct", "class", "enum", "protocol", "actor", "typealias":
                if next.first?.isUppercase == true {
                    if depth == 0 && !isPrivate { types.insert(next) } else { innerTypes.insert(next) }
                }
                isPrivate = false
            case "func", "var", "let", "extension", "init", "subscript", "case": isPrivate = false
            default:
                let isMember = index > 0 && words.all[index - 1] == "."
                if word.first?.isUppercase == true, !isMember { capitals.insert(word) }
            }
        }
    }
}

/// The words and signs of a Swift source, without comments and texts, but with what texts have in `\(…)`.
private struct SourceWords {
    private(set) var all: [String] = []
    private let bytes: [UInt8]
    private var position = 0

    init(of text: String) {
        bytes = Array(text.utf8)
    }

    /// Reads to the end, or to the bracket that closes what a text has in `\(…)`.
    mutating func read(inText: Bool = false) {
        var depth = 0
        while position < bytes.count {
            let byte = bytes[position]
            if has("//") {
                skip { $0 != UInt8(ascii: "\n") }
            } else if has("/*") {
                while position < bytes.count, !has("*/") { position += 1 }
                position += 2
            } else if byte == UInt8(ascii: "\"") {
                readText()
            } else if Self.isWordByte(byte) {
                let start = position
                skip(while: Self.isWordByte)
                all.append(String(decoding: bytes[start..<position], as: UTF8.self))
            } else {
                position += 1
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                if inText && depth < 0 { return }
                if byte > 0x20 { all.append(String(UnicodeScalar(byte))) }
            }
        }
    }

    private mutating func readText() {
        let quotes = has("\"\"\"") ? "\"\"\"" : "\""
        position += quotes.utf8.count
        while position < bytes.count, !has(quotes) {
            if has("\\(") {
                position += 2
                read(inText: true)
            } else {
                position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
            }
        }
        position += quotes.utf8.count
    }

    private func has(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func skip(while isPart: (UInt8) -> Bool) {
        while position < bytes.count, isPart(bytes[position]) { position += 1 }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || Character(UnicodeScalar(byte)).isLetter
            || Character(UnicodeScalar(byte)).isNumber
    }
}
