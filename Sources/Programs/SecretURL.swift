/// Passwords in URLs.
package enum SecretURL {
    /// Whether a text has a URL with a password in it, such as `postgres://user:password@host` (RFC 3986, 3.2.1).
    package static func isIn(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 1
        while index + 2 < text.count {
            if text[index] == colon, text[index + 1] == slash, text[index + 2] == slash, text[index - 1].isAlphanumeric,
                hasPassword(text[(index + 3)...])
            {
                return true
            }
            index += 1
        }
        return false
    }

    /// Whether a text has a URL with a password in it.
    package static func isIn(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isIn($0) }
    }

    private static let (colon, slash, at) = (UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"))

    /// Whether what follows the two slashes begins with a user, a colon, a password and an at sign.
    private static func hasPassword(_ rest: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var password: Int?
        var end: Int?
        for index in rest.indices {
            switch rest[index] {
            case colon: password = password ?? index + 1
            // A password may have this sign in it.
            case at: end = index
            case slash, UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "'"), 0...0x20:
                return isPassword(password, end)
            default: break
            }
        }
        return isPassword(password, end)
    }

    private static func isPassword(_ start: Int?, _ end: Int?) -> Bool {
        guard let start, let end else { return false }
        return start < end
    }
}

extension UInt8 {
    /// Whether it is a letter or a digit of ASCII, as at the end of a URL's scheme.
    fileprivate var isAlphanumeric: Bool {
        self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z")
            || self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9")
    }
}
