extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let colon = UInt8(ascii: ":")
    static let comma = UInt8(ascii: ",")

    /// Whether the C library passes over this byte before a name: isspace(3) of the C locale without the newline.
    var isBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0d && self != .newline) }

    /// Whether a line that starts with this byte is none of the file's own entries: a comment, or a reference to NIS.
    var startsNoEntry: Bool { self == UInt8(ascii: "#") || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") }
}

extension UInt32 {
    /// The value of decimal digits and nothing else; nil where there is none or it is too large.
    init?(decimal digits: ArraySlice<UInt8>) {
        guard !digits.isEmpty else { return nil }
        var value: UInt32 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt32(digit - UInt8(ascii: "0")))
            if overflow || carry { return nil }
            value = sum
        }
        self = value
    }

    /// The decimal digits.
    var decimal: ArraySlice<UInt8> { String(self).bytes }
}

extension String {
    /// The UTF-8 form.
    var bytes: ArraySlice<UInt8> { Array(utf8)[...] }
}

extension Text {
    /// A name from an account file as it may stand in a message. Names of the form that settings have are shown whole.
    static func name(_ name: ArraySlice<UInt8>) -> String { shown(name, limit: 64) }
}

extension ArraySlice<UInt8> {
    /// Whether this is an absolute path that can be printed and put into the environment as it is.
    var isAbsolutePath: Bool {
        first == UInt8(ascii: "/") && !contains { $0 < 0x20 || $0 == 0x7f }
            && String(validating: self, as: UTF8.self) != nil
    }
}
