internal import Linux
internal import Text

/// The lines of a file that count: without blank lines, and without lines that its grammar knows to be comments.
struct SourceText {
    struct Line: Equatable, Sendable {
        /// Counted from 1.
        let number: Int
        /// The line without blanks at either end.
        let bytes: ArraySlice<UInt8>

        fileprivate var goesOn: Bool { bytes.last == UInt8(ascii: "\\") }
    }

    /// How a file marks a whole line as a comment.
    enum Comments: Sendable {
        /// It has no comments, or the grammar handles them itself.
        case none
        /// With a `#`, unless the comment might continue on the next line.
        case hash
        /// With a `#`, however the line ends, in a file that cannot name anybody.
        case settings
        /// With a `#`, unless an id or an include follows (sudoers(5)).
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

    /// The lines with continuations, each joined into one.
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
    /// Whether a `#` begins a comment here, and not a numeric id or an include.
    var startsSudoersComment: Bool {
        var rest = dropFirst()
        if rest.starts(with: "include".utf8) { return false }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return rest.first.map { !$0.isDigit } ?? true
    }

    /// The bytes without blanks at either end.
    var trimmed: ArraySlice<UInt8> {
        var (start, end) = (startIndex, endIndex)
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return self[start..<end]
    }

    /// The parts between blanks.
    var words: [ArraySlice<UInt8>] { split { $0.isBlank } }

    /// The parts between separators, without surrounding blanks; they may be empty.
    func items(_ separator: Character) -> [ArraySlice<UInt8>] {
        split(separator: separator.asciiValue ?? 0, omittingEmptySubsequences: false).map { $0.trimmed }
    }

    /// The part before the first of some bytes, and the part that begins with it.
    func cut(before isEnd: (UInt8) -> Bool) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        let end = firstIndex(where: isEnd) ?? endIndex
        return (self[..<end], self[end...])
    }

    /// The line without a comment that begins with `#`.
    var withoutComment: ArraySlice<UInt8> { cut { $0 == UInt8(ascii: "#") }.0.trimmed }

    var isDecimal: Bool { !isEmpty && allSatisfy({ $0.isDigit }) }

    /// Whether this is nothing but a name as account files have it.
    var isPlainName: Bool {
        let body = last == UInt8(ascii: "$") ? dropLast() : self
        guard let first = body.first, first.isNameByte, first != UInt8(ascii: "-") else { return false }
        return body.allSatisfy { $0.isNameByte }
    }

    /// Whether this is an absolute path of characters that have no other meaning anywhere.
    var isPlainPath: Bool {
        first == UInt8(ascii: "/")
            && allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "+") }
            && !split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    }

    func `is`(_ text: String) -> Bool { elementsEqual(text.utf8) }
    var text: String { String(decoding: self, as: UTF8.self) }

    /// Whether any byte of a text is among these.
    func has(_ bytes: String) -> Bool { contains { bytes.utf8.contains($0) } }
}
