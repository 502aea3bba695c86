internal import SystemPackage
internal import Text

/// The lines of a file that count: without blank lines and those that its grammar knows to be comments.
struct SourceText {
    struct Line: Equatable, Sendable {
        /// From 1.
        let number: Int
        /// Without blanks at both ends.
        let bytes: ArraySlice<UInt8>

        fileprivate var goesOn: Bool { bytes.last == UInt8(ascii: "\\") }
    }

    /// How a file writes a comment of a whole line.
    enum Comments: Sendable {
        /// Not at all, or in a way that the grammar treats itself.
        case none
        /// From a `#`, unless it might go on in the next line.
        case hash
        /// From a `#`, whatever its end, in a file that can name nobody.
        case settings
        /// From a `#`, unless an id or an include follows (sudoers(5)).
        case sudoers
    }

    let path: FilePath
    let lines: [Line]
    let bytes: [UInt8]

    init(_ bytes: [UInt8], of path: FilePath, comments: Comments) {
        self.path = path
        self.bytes = bytes
        var goesOn = false
        lines = Self.lines(of: bytes).filter { line in
            let counts = goesOn || !Self.isComment(line.bytes, comments)
            goesOn = counts && line.goesOn
            return counts
        }
    }

    /// Those that go on in another, each as a whole.
    var wholeLines: [Line] {
        var whole: [Line] = []
        var number: Int?
        var bytes: [UInt8] = []
        for line in lines where number != nil || line.goesOn {
            if number == nil { number = line.number }
            bytes += line.goesOn ? line.bytes.dropLast() : line.bytes
            guard !line.goesOn else { continue }
            whole.append(Line(number: number ?? line.number, bytes: bytes[...]))
            (number, bytes) = (nil, [])
        }
        return whole + (number.map { [Line(number: $0, bytes: bytes[...])] } ?? [])
    }

    static func lines(of bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var number = 0
        for line in bytes.split(separator: .newline, omittingEmptySubsequences: false) {
            number += 1
            let text = line.trimmed
            if !text.isEmpty { lines.append(Line(number: number, bytes: text)) }
        }
        return lines
    }

    private static func isComment(_ line: ArraySlice<UInt8>, _ comments: Comments) -> Bool {
        guard line.first == UInt8(ascii: "#") else { return false }
        let isWhole = line.last != UInt8(ascii: "\\")
        return switch comments {
        case .none: false
        case .hash: isWhole
        case .settings: true
        case .sudoers: isWhole && line.startsSudoersComment
        }
    }
}

extension ArraySlice<UInt8> {
    /// Whether a `#` begins a comment, and neither a numeric id nor an include.
    var startsSudoersComment: Bool {
        var rest = dropFirst()
        if rest.starts(with: "include".utf8) { return false }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return rest.first.map { !$0.isDigit } ?? true
    }

    /// Without blanks at both ends.
    var trimmed: ArraySlice<UInt8> {
        var (start, end) = (startIndex, endIndex)
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return self[start..<end]
    }

    /// What stands between blanks.
    var words: [ArraySlice<UInt8>] { split { $0.isBlank } }

    /// What stands between separators, without blanks around it; also where that is nothing.
    func items(_ separator: Character) -> [ArraySlice<UInt8>] {
        split(separator: separator.asciiValue ?? 0, omittingEmptySubsequences: false).map(\.trimmed)
    }

    /// What stands before the first of some bytes, and what begins with it.
    func cut(before isEnd: (UInt8) -> Bool) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        let end = firstIndex(where: isEnd) ?? endIndex
        return (self[..<end], self[end...])
    }

    /// Without a comment, which a `#` begins.
    var withoutComment: ArraySlice<UInt8> { cut { $0 == UInt8(ascii: "#") }.0.trimmed }

    var isDecimal: Bool { !isEmpty && allSatisfy(\.isDigit) }

    /// Whether this is a name as account files have it, and nothing else.
    var isPlainName: Bool {
        let body = last == UInt8(ascii: "$") ? dropLast() : self
        guard let first = body.first, first.isNameByte, first != UInt8(ascii: "-") else { return false }
        return body.allSatisfy(\.isNameByte)
    }

    /// Whether this is an absolute path of characters that mean nothing else anywhere.
    var isPlainPath: Bool {
        first == UInt8(ascii: "/")
            && allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "+") }
            && !split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    }

    func `is`(_ text: String) -> Bool { elementsEqual(text.utf8) }
    var text: String { String(decoding: self, as: UTF8.self) }

    /// Whether a byte is among them; each of a text's.
    func has(_ bytes: String) -> Bool { contains { bytes.utf8.contains($0) } }
}
