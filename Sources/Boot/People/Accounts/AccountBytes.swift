internal import Text

extension UInt8 {
    /// Whether the C library skips this byte before a name: isspace(3) of the C locale without the newline.
    var isFieldBlank: Bool { isSpace && self != .newline }

    /// Whether a line that starts with this byte is a comment or a reference to NIS, and not the file's own entry.
    var startsNoEntry: Bool { self == UInt8(ascii: "#") || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") }
}

extension UInt32 {
    /// The id that the C library reads in a field of an account file; nil if it does not accept the line.
    ///
    /// This is what strtoul(3) reads: blanks, a sign and decimal digits, where a minus makes the number wrap around at
    /// 64 bits. glibc 2.36 rejects a line with a number of more than 32 bits (older versions take it for the highest
    /// id, which nobody has). Settings are read more strictly (``ValueFormats/accountID(_:)``); here it matters what
    /// other programs understand.
    init?(accountField field: ArraySlice<UInt8>) {
        var digits = field.drop(while: { $0.isFieldBlank })
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        guard let value = digits.decimal else { return nil }
        self.init(exactly: isNegative ? 0 &- value : value)
    }

    /// The decimal digits.
    var decimal: ArraySlice<UInt8> { String(self).bytes }
}

extension String {
    /// The bytes in UTF-8.
    var bytes: ArraySlice<UInt8> { Array(utf8)[...] }
}

extension ArraySlice<UInt8> {
    /// A name from an account file, for use in a message. Names in the form that settings allow are shown whole.
    var shownName: String { shown(limit: 64) }

    /// Whether this is an absolute path that can be printed and put into the environment unchanged.
    var isAbsolutePath: Bool {
        first == UInt8(ascii: "/") && !contains(where: { $0.isControl })
            && String(validating: self, as: UTF8.self) != nil
    }
}
