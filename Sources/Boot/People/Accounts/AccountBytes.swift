internal import Text

extension UInt8 {
    /// Whether the C library passes over this byte before a name: isspace(3) of the C locale without the newline.
    var isFieldBlank: Bool { isSpace && self != .newline }

    /// Whether a line that starts with this byte is none of the file's own entries: a comment, or a reference to NIS.
    var startsNoEntry: Bool { self == UInt8(ascii: "#") || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") }
}

extension UInt32 {
    /// The id that the C library reads in a field of an account file; nil where it takes the line for none.
    ///
    /// What strtoul(3) reads: blanks, a sign and decimal digits, where a minus makes the number wrap around at 64 bits; a
    /// line with a number of more than 32 bits is none for glibc 2.36 (older ones take it for the highest id, which nobody
    /// has). Settings are read more strictly (``ValueFormats/accountID(_:)``): here it counts what other programs understand.
    init?(accountField field: ArraySlice<UInt8>) {
        var digits = field.drop(while: \.isFieldBlank)
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        guard let value = digits.decimal else { return nil }
        self.init(exactly: isNegative ? 0 &- value : value)
    }

    /// The decimal digits.
    var decimal: ArraySlice<UInt8> { String(self).bytes }
}

extension String {
    /// The UTF-8 form.
    var bytes: ArraySlice<UInt8> { Array(utf8)[...] }
}

extension ArraySlice<UInt8> {
    /// A name from an account file as it may stand in a message. Names of the form that settings have are shown whole.
    var shownName: String { shown(limit: 64) }

    /// Whether this is an absolute path that can be printed and put into the environment as it is.
    var isAbsolutePath: Bool {
        first == UInt8(ascii: "/") && !contains(where: \.isControl)
            && String(validating: self, as: UTF8.self) != nil
    }
}
