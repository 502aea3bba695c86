internal import Text

/// The formats of numbers and modes.
enum ScalarFormats {
    /// A decimal number, which may be negative, without leading zeros.
    static func integer(_ text: String) -> Int? {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let digits = isNegative ? text.utf8.dropFirst() : text.utf8[...]
        guard digits.first != UInt8(ascii: "0") || digits.count == 1, let number = digits.decimal else { return nil }
        return Int(exactly: number).map { isNegative ? -$0 : $0 }
    }

    /// A mode: a zero, followed by octal digits.
    static func mode(_ text: String) -> UInt32? {
        guard text.utf8.first == UInt8(ascii: "0"), text.utf8.count <= 5 else { return nil }
        return octal(text.utf8)
    }

    /// The mode that was probably meant by one without the leading zero, or with the `0o` of YAML 1.2.
    static func mode(withoutZero text: String) -> UInt32? {
        let digits =
            text.utf8.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "o")]) ? text.utf8.dropFirst(2) : text.utf8[...]
        guard digits.count <= 4 else { return nil }
        return octal(digits)
    }

    /// A mode as it must be written, with a zero and at least three digits.
    static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return "0" + String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
    }

    private static func octal(_ digits: some Collection<UInt8>) -> UInt32? {
        guard !digits.isEmpty, digits.allSatisfy({ $0.isOctalDigit }) else { return nil }
        return digits.reduce(0) { $0 * 8 + UInt32($1 - UInt8(ascii: "0")) }
    }
}
