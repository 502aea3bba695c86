// The meaning of a byte in ASCII, whatever the locale.

extension UInt8 {
    @inlinable package static var newline: UInt8 { UInt8(ascii: "\n") }
    @inlinable package static var carriageReturn: UInt8 { UInt8(ascii: "\r") }
    @inlinable package static var colon: UInt8 { UInt8(ascii: ":") }
    @inlinable package static var comma: UInt8 { UInt8(ascii: ",") }

    /// `0` to `9`.
    @inlinable package var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    /// `0` to `7`.
    @inlinable package var isOctalDigit: Bool { self >= 0x30 && self <= 0x37 }

    /// `a` to `z`.
    @inlinable package var isLowercase: Bool { self >= 0x61 && self <= 0x7A }

    /// `A` to `Z`.
    @inlinable package var isUppercase: Bool { self >= 0x41 && self <= 0x5A }

    /// A letter.
    @inlinable package var isLetter: Bool { isLowercase || isUppercase }

    /// A letter, a digit or `_`, as allowed in the names of variables.
    @inlinable package var isWordByte: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }

    /// A letter, a digit, `_`, `.` or `-`, as allowed in the names of accounts.
    @inlinable package var isNameByte: Bool { isWordByte || self == UInt8(ascii: ".") || self == UInt8(ascii: "-") }

    /// A printable character, including the space.
    @inlinable package var isPrintable: Bool { self >= 0x20 && self < 0x7F }

    /// The letter in lower case; any other byte as it is.
    @inlinable package var lowered: UInt8 { isUppercase ? self + 0x20 : self }

    /// Any byte of a UTF-8 character but the first.
    @inlinable package var isContinuation: Bool { self & 0xC0 == 0x80 }

    /// A space or a tab.
    @inlinable package var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// White space in the C locale, as isspace(3) defines it.
    @inlinable package var isSpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }

    /// A control character, such as one that ends a line, deletes or moves: 0 to 31, and 127.
    @inlinable package var isControl: Bool { self < 0x20 || self == 0x7F }
}

extension Collection<UInt8> {
    /// Whether the bytes of another collection occur in this one, one after another.
    package func contains(bytes other: some Collection<UInt8>) -> Bool {
        guard let first = other.first else { return true }
        var rest = self[...]
        while rest.count >= other.count, let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: other) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    /// The value of decimal digits; `nil` if there are none, if there is any other byte, and for more than 64 bits.
    ///
    /// A sign or white space is not a digit. Leading zeros are ignored.
    @inlinable package var decimal: UInt64? {
        guard !isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in self {
            guard byte.isDigit else { return nil }
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, carries) = tens.addingReportingOverflow(UInt64(byte - 0x30))
            if isTooLarge || carries { return nil }
            value = sum
        }
        return value
    }
}

extension String {
    /// Whether this is the name of a variable, as a shell defines it.
    package var isVariableName: Bool {
        guard let first = utf8.first, !first.isDigit else { return false }
        return utf8.allSatisfy { $0.isWordByte }
    }
}
