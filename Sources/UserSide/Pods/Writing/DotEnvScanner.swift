internal import Text

/// Reads the entries of a `.env` file, one after another.
struct DotEnvScanner {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    /// The number of the line at which it is, counted from 1.
    private(set) var line = 1
    /// The names of the variables whose values are in the entry that is read.
    private var uses: [String] = []

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    /// The first line that is not text; `nil` where all of it is.
    var lineWithoutText: Int? {
        let lines = bytes.split(separator: .newline, omittingEmptySubsequences: false)
        return lines.firstIndex { $0.contains(0) || String(validating: $0, as: UTF8.self) == nil }.map { $0 + 1 }
    }

    private var byte: UInt8? { isAtEnd ? nil : bytes[position] }
    private var following: UInt8? { position + 1 < bytes.endIndex ? bytes[position + 1] : nil }
    /// Whether the rest of the line is nothing but its end.
    private var isAtLineEnd: Bool {
        byte == nil || byte == .newline || byte == .carriageReturn && (following == nil || following == .newline)
    }

    private mutating func advance() {
        if bytes[position] == .newline { line += 1 }
        position += 1
    }

    private mutating func skipBlanks() -> Bool {
        let start = position
        while let byte, byte.isBlank { position += 1 }
        return position > start
    }

    /// Goes to the beginning of the next line.
    mutating func skipLine() {
        while let byte, byte != .newline { position += 1 }
        if !isAtEnd { advance() }
    }

    /// The entry of a line; `nil` where it has none.
    ///
    /// - Parameter value: gives the value of a variable.
    /// - Throws: what is wrong, without a word of the line, which may be a secret.
    mutating func next(_ value: (String) -> String?) throws(FormatError) -> DotEnv.Entry? {
        _ = skipBlanks()
        guard let byte, !isAtLineEnd, byte != UInt8(ascii: "#") else {
            skipLine()
            return nil
        }
        let first = line
        uses = []
        var name = word()
        if name == "export", let byte = self.byte, byte.isBlank {
            _ = skipBlanks()
            name = word()
        }
        guard name.isVariableName else {
            throw FormatError(
                "not NAME=VALUE, where NAME is of letters, digits and _; a value of several lines needs quotes")
        }
        _ = skipBlanks()
        guard self.byte == UInt8(ascii: "=") else {
            guard isAtLineEnd || self.byte == UInt8(ascii: "#") else {
                throw FormatError("no = after the name \(name)")
            }
            skipLine()
            // As docker run --env-file has it: the value that this process has.
            return DotEnv.Entry(name: name, value: value(name) ?? "", line: first, uses: [name])
        }
        position += 1
        let text = try self.text(of: name, value)
        return DotEnv.Entry(name: name, value: text, line: first, uses: uses)
    }

    private mutating func word() -> String {
        let start = position
        while let byte, !byte.isSpace, byte != UInt8(ascii: "=") { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// The value behind the `=`; afterwards the next line begins.
    private mutating func text(of name: String, _ value: (String) -> String?) throws(FormatError) -> String {
        let hasBlanks = skipBlanks()
        guard let quote = byte, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            let text = try plainText(of: name, afterBlank: hasBlanks, value)
            skipLine()
            return text
        }
        position += 1
        let text = try quotedText(of: name, by: quote, value)
        _ = skipBlanks()
        guard isAtLineEnd || byte == UInt8(ascii: "#") else {
            throw FormatError("\(name): something follows the closing quote; a quote inside double quotes is \\\"")
        }
        skipLine()
        return text
    }

    private mutating func plainText(
        of name: String, afterBlank: Bool, _ value: (String) -> String?
    ) throws(FormatError) -> String {
        var text: [UInt8] = []
        var isAfterBlank = afterBlank
        while let byte, !isAtLineEnd {
            if byte == UInt8(ascii: "#"), isAfterBlank { break }
            isAfterBlank = byte.isBlank
            if let expanded = try expansion(of: name, value) {
                text += Array(expanded.utf8)
                try Self.check(text, of: name)
            } else {
                text.append(byte)
                position += 1
            }
        }
        while let last = text.last, last.isBlank { text.removeLast() }
        try Self.check(text, of: name)
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func quotedText(
        of name: String, by quote: UInt8, _ value: (String) -> String?
    ) throws(FormatError) -> String {
        let start = (position: position, line: line)
        var text: [UInt8] = []
        while let byte {
            if byte == quote {
                position += 1
                try Self.check(text, of: name)
                return String(decoding: text, as: UTF8.self)
            }
            if quote == UInt8(ascii: "\""), byte == UInt8(ascii: "\\"), let escaped = following {
                text += Self.unescaped(escaped)
                advance()
                advance()
            } else if quote == UInt8(ascii: "\""), let expanded = try expansion(of: name, value) {
                text += Array(expanded.utf8)
                try Self.check(text, of: name)
            } else {
                text.append(byte)
                advance()
            }
        }
        // What follows is read as if the quote were not there.
        (position, line) = start
        throw FormatError("\(name): the closing quote is missing")
    }

    /// The most bytes of a variable's value (`MAX_ARG_STRLEN`, execve(2)): what refers to itself again and again has more.
    private static let longestValue = 32 * 4096

    private static func check(_ text: [UInt8], of name: String) throws(FormatError) {
        guard text.count <= longestValue else {
            throw FormatError("\(name): the value has more than \(longestValue) bytes, which no variable can have")
        }
    }

    private static func unescaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "n"): [.newline]
        case UInt8(ascii: "r"): [.carriageReturn]
        case UInt8(ascii: "t"): [0x09]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"): [byte]
        default: [UInt8(ascii: "\\"), byte]
        }
    }

    /// What `${NAME}` or `${NAME:-DEFAULT}` stands for, if one begins here.
    private mutating func expansion(of name: String, _ value: (String) -> String?) throws(FormatError) -> String? {
        guard byte == UInt8(ascii: "$"), following == UInt8(ascii: "{") else { return nil }
        guard let end = bytes[position...].firstIndex(where: { $0 == UInt8(ascii: "}") || $0 == .newline }),
            bytes[end] != .newline
        else { throw FormatError("\(name): the } of ${NAME} is missing; in single quotes ${ is itself") }
        let inner = String(decoding: bytes[(position + 2)..<end], as: UTF8.self)
        let used = String(decoding: inner.utf8.prefix { $0.isWordByte }, as: UTF8.self)
        let rest = inner.utf8.dropFirst(used.utf8.count)
        guard used.isVariableName, rest.isEmpty || rest.starts(with: ":-".utf8) else {
            throw FormatError("\(name): write ${NAME} or ${NAME:-DEFAULT}; in single quotes ${ is itself")
        }
        position = end + 1
        if let found = value(used), !found.isEmpty {
            uses.append(used)
            return found
        }
        guard !rest.isEmpty else {
            throw FormatError("\(name): \(used) is set neither on an earlier line nor in the environment")
        }
        return String(decoding: rest.dropFirst(2), as: UTF8.self)
    }
}
