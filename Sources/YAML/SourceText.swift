internal import Text

/// A text in UTF-8 that only has characters that people and libyaml see in the same way: libyaml's lines and columns
/// are then those of an editor.
struct SourceText {
    /// The bytes without a byte order mark.
    let bytes: ArraySlice<UInt8>

    /// Checks bytes.
    ///
    /// - Throws: that the text is too long or in another encoding, or one problem for each byte that is not allowed.
    init(checking bytes: [UInt8]) throws(YAML.Problems) {
        var problems = YAML.Problems()
        let start = YAML.Mark(line: 1, column: 1)
        if bytes.count > YAML.maximumSize {
            problems.note(
                YAML.Problem(at: start, "the file is too large: at most \(YAML.maximumSize) bytes are read"))
        } else if Self.isWide(bytes) {
            problems.note(YAML.Problem(at: start, "the file is UTF-16 or UTF-32: save it as UTF-8"))
        } else {
            self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
            problems = Self.problems(in: self.bytes)
            if problems.isEmpty { return }
        }
        throw problems
    }

    /// The character at a position; `nil` at the end of a line, and if there is none.
    func character(at mark: YAML.Mark) -> Unicode.Scalar? {
        let scalars = String(decoding: line(mark.line), as: UTF8.self).unicodeScalars
        return scalars.dropFirst(mark.column - 1).first
    }

    /// Whether there is only white space before a position in its line.
    func isFirstInLine(_ mark: YAML.Mark) -> Bool {
        String(decoding: line(mark.line), as: UTF8.self).unicodeScalars.prefix(mark.column - 1)
            .allSatisfy { $0 == " " || $0 == "\t" }
    }

    /// A line without its end; empty if there is none.
    private func line(_ number: Int) -> ArraySlice<UInt8> {
        var rest = bytes
        for _ in 1..<number {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
            rest = rest[(end + 1)...]
        }
        return rest.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    }

    /// Whether a byte order mark or zeros in ASCII show an encoding with two or four bytes per character.
    private static func isWide(_ bytes: [UInt8]) -> Bool {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
        guard bytes.count >= 4 else { return false }
        let zeros = bytes.prefix(4).map { $0 == 0 }
        return [
            [true, false, true, false], [false, true, false, true], [false, true, true, true],
            [true, true, true, false],
            [true, true, false, false],
        ].contains(zeros)
    }

    private static func problems(in bytes: ArraySlice<UInt8>) -> YAML.Problems {
        var problems = YAML.Problems()
        var line = 1
        var column = 1
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
                position += 1
                continue
            }
            // Nearly all bytes of nearly all files are printable.
            let isOrdinary = byte.isPrintable
            if !isOrdinary {
                let (length, problem) = examine(bytes[position...])
                if let problem { problems.note(YAML.Problem(at: YAML.Mark(line: line, column: column), problem)) }
                position += length - 1
            }
            position += 1
            column += 1
        }
        return problems
    }

    /// The number of bytes of the first character, or of what is not a character, and why it is not allowed in a text.
    private static func examine(_ bytes: ArraySlice<UInt8>) -> (length: Int, problem: String?) {
        var iterator = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        switch parser.parseScalar(from: &iterator) {
        case .emptyInput:
            return (1, nil)
        case .error(let length):
            let byte = hexadecimal(UInt32(bytes[bytes.startIndex]), digits: 2)
            return (length, "not UTF-8: the byte 0x\(byte); save the file as UTF-8")
        case .valid(let encoded):
            let character = Unicode.UTF8.decode(encoded)
            guard character == "\r" else { return (encoded.count, whyRefused(character)) }
            // Before a line feed, it is part of the line's end.
            let isEnd = bytes.dropFirst().first == UInt8(ascii: "\n")
            return (1, isEnd ? nil : "a carriage return without line feed: end lines with a line feed")
        }
    }

    /// Why a character is not allowed in a text; `nil` for one that is.
    private static func whyRefused(_ character: Unicode.Scalar) -> String? {
        let name = "U+\(hexadecimal(character.value, digits: 4))"
        switch character {
        case "\t", " "..."~", "\u{A0}"..."\u{2027}", "\u{202A}"..."\u{FEFE}", "\u{FF00}"..."\u{FFFD}",
            "\u{10000}"..."\u{10FFFF}":
            return nil
        case "\0": return "a NUL byte: remove it"
        case "\u{85}", "\u{2028}", "\u{2029}":
            return "the line separator \(name), which most editors do not show: remove it"
        case "\u{FEFF}": return "a byte order mark within the text: remove it"
        default: return "the control character \(name): remove it, or write an escape in double quotes"
        }
    }

    private static func hexadecimal(_ number: UInt32, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
