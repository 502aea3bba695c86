extension JSON {
    /// How deep arrays and objects may be nested.
    package static let maximumDepth = 64

    /// Reads a text that is one value (RFC 8259).
    ///
    /// - Parameters:
    ///   - bytes: the text, which may have white space around the value.
    ///   - fractions: whether numbers may have a fraction or an exponent, which is left out; otherwise they are refused.
    /// - Throws: what was expected, and at which byte.
    package init(reading bytes: some Collection<UInt8>, fractions: Bool = false) throws(FormatError) {
        var reader = JSONReader(bytes: Array(bytes), allowsFractions: fractions)
        self = try reader.readDocument()
    }

    /// The value of a member of an object; `nil` if this is not an object, or has no such member.
    package subscript(name: String) -> JSON? {
        guard case .members(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text of a string.
    package var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The items of an array.
    package var items: [JSON]? { if case .array(let items) = self { items } else { nil } }

    /// The members of an object, in order.
    package var members: [(name: String, value: JSON)]? {
        if case .members(let members) = self { members.map { ($0.name, $0.value) } } else { nil }
    }

    /// A number, if it fits into this type.
    package func integer<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        if case .integer(let digits) = self { Number(digits) } else { nil }
    }
}

/// Parses a text, byte by byte.
private struct JSONReader {
    let bytes: [UInt8]
    private let allowsFractions: Bool
    private var position = 0

    init(bytes: [UInt8], allowsFractions: Bool) {
        self.bytes = bytes
        self.allowsFractions = allowsFractions
    }

    mutating func readDocument() throws(FormatError) -> JSON {
        let value = try readValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw refusal("expected the end of the text") }
        return value
    }

    private mutating func readValue(depth: Int) throws(FormatError) -> JSON {
        guard depth < JSON.maximumDepth else { throw refusal("too many arrays and objects inside each other") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .members(try readMembers(depth: depth))
        case UInt8(ascii: "["): return .array(try readItems(depth: depth))
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return try readInteger()
        }
    }

    private mutating func readMembers(depth: Int) throws(FormatError) -> [JSON.Member] {
        var members: [JSON.Member] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw refusal("expected the name of a member") }
            let name = try readString()
            skipSpace()
            guard take(.colon) else { throw refusal("expected a colon") }
            members.append(JSON.Member(name: name, value: try readValue(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(.comma) else { throw refusal("expected a comma or the end of the object") }
        }
    }

    private mutating func readItems(depth: Int) throws(FormatError) -> [JSON] {
        var items: [JSON] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return items }
        while true {
            items.append(try readValue(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return items }
            guard take(.comma) else { throw refusal("expected a comma or the end of the array") }
        }
    }

    private mutating func readString() throws(FormatError) -> String {
        var text: [UInt8] = []
        position += 1
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw refusal("expected UTF-8") }
                return string
            case UInt8(ascii: "\\"): text += String(try readEscape()).utf8
            case 0..<0x20: throw refusal("expected no control character in a string")
            default: text.append(byte)
            }
        }
        throw refusal("expected the end of a string")
    }

    private mutating func readEscape() throws(FormatError) -> Unicode.Scalar {
        guard let byte = next else { throw refusal("expected the rest of an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try readUnit()
            guard UTF16.isLeadSurrogate(first) else {
                guard let scalar = Unicode.Scalar(first) else { throw refusal("expected a pair of surrogates") }
                return scalar
            }
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), case let second = try readUnit(),
                UTF16.isTrailSurrogate(second)
            else { throw refusal("expected a pair of surrogates") }
            return UTF16.decode(UTF16.EncodedScalar([first, second]))
        default: throw refusal("expected an escape that JSON has")
        }
    }

    private mutating func readUnit() throws(FormatError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw refusal("expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func readInteger() throws(FormatError) -> JSON {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let first = position
        while let byte = next, byte.isDigit { position += 1 }
        let digits = bytes[first..<position]
        guard !digits.isEmpty, digits.first != UInt8(ascii: "0") || digits.count == 1 else {
            throw refusal("expected a value")
        }
        let number = JSON.integer(String(decoding: bytes[start..<position], as: UTF8.self))
        if let byte = next, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            guard allowsFractions else { throw refusal("expected a number without fraction and exponent") }
            while let byte = next, byte.isDigit || ".eE+-".utf8.contains(byte) { position += 1 }
        }
        return number
    }

    private mutating func readWord(_ word: String, _ value: JSON) throws(FormatError) -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw refusal("expected a value") }
        position += word.utf8.count
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte.isBlank || byte == .newline || byte == .carriageReturn { position += 1 }
    }

    private func refusal(_ expected: String) -> FormatError { FormatError("\(expected) at byte \(position + 1)") }
}
