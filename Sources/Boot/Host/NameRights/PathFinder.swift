internal import Text

/// Finds the absolute paths in a line, one after another, and anything that may be one.
struct PathFinder {
    /// The maximum size in bytes of a quoted text in which paths are looked for.
    private static let quoteLimit = 1 << 16

    private let grammar: NameGrammar
    private let line: ArraySlice<UInt8>
    private var rest: ArraySlice<UInt8>
    private var waiting: [WrittenPath] = []

    /// - Parameters:
    ///   - line: a line of a text.
    ///   - grammar: the grammar of the text.
    init(_ line: ArraySlice<UInt8>, _ grammar: NameGrammar) {
        self.grammar = grammar
        self.line = line
        // Most lines have no path.
        rest = line.has("/~") ? line : []
    }

    mutating func next() -> WrittenPath? {
        while true {
            if let path = waiting.popLast() { return path }
            if rest.isEmpty { return nil }
            readQuoted()
            let word = nextWord()
            guard let first = word.first else { continue }
            let border = word.startIndex > line.startIndex ? line[word.startIndex - 1] : 0x20
            readWhole(word)
            let path =
                switch grammar {
                case .polkit, .dbus: pathOfCode(word, after: border)
                default: first == UInt8(ascii: "~") ? pathOfHome(word) : path(of: word)
                }
            if let path { waiting.append(path) }
        }
    }

    private static func isQuote(_ byte: UInt8) -> Bool { "\"'`".utf8.contains(byte) }

    private static func isBorder(_ byte: UInt8) -> Bool {
        byte.isBlank || byte == 0 || isQuote(byte) || ",:;=<>".utf8.contains(byte)
    }

    /// Reads a quoted text, which may combine what would otherwise be several words.
    private mutating func readQuoted() {
        guard rest.startIndex > line.startIndex, rest.first == UInt8(ascii: "/") else { return }
        let quote = line[rest.startIndex - 1]
        guard Self.isQuote(quote) else { return }
        let quoted = rest.prefix { $0 != quote }
        guard quoted.has(" \t,;=<>") else { return }
        if quoted.count > Self.quoteLimit { return waiting.append(.unclear) }
        for part in quoted.split(separator: .colon) where part.first == UInt8(ascii: "/") {
            waiting.append(WrittenPath(part))
        }
    }

    /// Reads on after the end of a word. What ends a word in one grammar may be part of a path in another, unless
    /// another path or nothing follows.
    private mutating func readWhole(_ word: ArraySlice<UInt8>) {
        guard word.endIndex < line.endIndex, !Self.isHard(line[word.endIndex]),
            let slash = word.firstIndex(of: UInt8(ascii: "/"))
        else { return }
        var end = word.endIndex
        while end < line.endIndex, end - slash <= WrittenPath.lengthLimit, !Self.isHard(line[end]) {
            let next = line[(end + 1)...].first
            if Self.isBorder(line[end]), next.map({ $0 == UInt8(ascii: "/") || Self.isBorder($0) }) ?? true { break }
            end += 1
        }
        if end > word.endIndex { waiting.append(WrittenPath(line[slash..<end])) }
    }

    /// Whether a byte ends a path in every grammar, unless it is in quotes or follows a backslash.
    private static func isHard(_ byte: UInt8) -> Bool {
        byte.isBlank || byte == 0 || isQuote(byte) || "<>".utf8.contains(byte)
    }

    /// The text up to a border that does not follow a backslash; the rest begins after the border.
    private mutating func nextWord() -> ArraySlice<UInt8> {
        let text = rest
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") {
                _ = rest.popFirst()
            } else if Self.isBorder(byte) {
                return text[..<(rest.startIndex - 1)]
            }
        }
        return text
    }

    private func path(of word: ArraySlice<UInt8>) -> WrittenPath? {
        guard let slash = word.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let before = word[..<slash]
        if before.contains(UInt8(ascii: "^")) { return .unclear }
        // The value of a flag, or what follows a bracket, may come without a separator.
        let isStart = before.last.map { !$0.isNameByte && !"*?]}$%~\\".utf8.contains($0) } ?? true
        if isStart || before.first == UInt8(ascii: "-") { return WrittenPath(word[slash...]) }
        if isUnclear(before) { return .unclear }
        // Programs may be told to work in the root directory.
        return grammar == .sudoers && before.allSatisfy { $0.isNameByte }
            ? WrittenPath([UInt8(ascii: "/")] + word) : nil
    }

    /// Whether the text before a slash may be the start of any path.
    private func isUnclear(_ before: ArraySlice<UInt8>) -> Bool {
        switch grammar {
        // Here the path is below the home of the user in question.
        case .sshd, .settings: false
        // This is what doas runs.
        case .doas: true
        // Other paths are relative to the caller's directory, or are not paths (`10.0.0.0/8`).
        default: before.has("$*?[\\{}") || before.first == UInt8(ascii: "%") || before.is(".") || before.is("..")
        }
    }

    /// `~`, the home of the user in question, or `~name`.
    private func pathOfHome(_ word: ArraySlice<UInt8>) -> WrittenPath? {
        grammar == .sshd || grammar == .settings || word.count == 1 ? nil : .unclear
    }

    /// A quoted text in code, or a path of plain bytes: comments, tags and regular expressions also have slashes.
    private func pathOfCode(_ word: ArraySlice<UInt8>, after border: UInt8) -> WrittenPath? {
        guard let slash = word.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let path = WrittenPath(word[slash...])
        if slash == word.startIndex { return Self.isQuote(border) || border != 0x3C && path.isPlain ? path : nil }
        return path.isPlain && !word[slash - 1].isNameByte ? path : nil
    }
}
