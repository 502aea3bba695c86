internal import Text

/// Passwords in URLs.
package enum SecretURL {
    /// Whether a text has a URL with a password in it, such as `postgres://user:password@host` (RFC 3986, 3.2.1).
    package static func isIn(_ text: UnsafeBufferPointer<UInt8>) -> Bool { nextPassword(in: text, from: 0) != nil }

    /// Whether a text has a URL with a password in it.
    package static func isIn(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isIn($0) }
    }

    /// The passwords of the URLs in a text, as they are written and as they are meant.
    package static func passwords(in text: [UInt8]) -> [[UInt8]] {
        text.withUnsafeBufferPointer { text in
            var passwords: [[UInt8]] = []
            var start = 0
            while let found = nextPassword(in: text, from: start) {
                let written = Array(text[found])
                let meant = decoded(written)
                passwords += meant == written ? [written] : [written, meant]
                start = found.upperBound
            }
            return passwords
        }
    }

    private static let (colon, slash, at) = (UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"))

    /// The place of the next password in a text.
    private static func nextPassword(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
        var index = max(1, start)
        while index + 2 < text.count {
            if text[index] == colon, text[index + 1] == slash, text[index + 2] == slash, text[index - 1].isAlphanumeric,
                let password = password(in: text, from: index + 3)
            {
                return password
            }
            index += 1
        }
        return nil
    }

    /// The password in what follows the two slashes: a user, a colon, the password and an at sign; or a token in the place
    /// of the user.
    private static func password(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
        var password: Int?
        var end: Int?
        // Before a colon, this sign is the end of a user without a password.
        var isHost = start < text.count && text[start] == UInt8(ascii: "[")
        for index in start..<text.count {
            switch text[index] {
            case colon:
                if password == nil { isHost = isHost || end != nil }
                password = password ?? index + 1
            // A password may have this sign in it.
            case at: end = index
            case slash, UInt8(ascii: "?"), UInt8(ascii: "#"):
                // These belong into a password in another form only, which not everybody knows; a port is digits.
                guard !isHost, let password, text[password..<index].contains(where: { !$0.isDigit }) else {
                    return range(password, end) ?? (password == nil ? token(in: text, from: start, to: end) : nil)
                }
            case UInt8(ascii: "\""), UInt8(ascii: "'"), 0...0x20:
                return range(password, end) ?? (password == nil ? token(in: text, from: start, to: end) : nil)
            default: break
            }
        }
        return range(password, end) ?? (password == nil ? token(in: text, from: start, to: end) : nil)
    }

    /// What is in the place of a user and is long enough for a token, which some services take there.
    private static let shortestToken = 20

    /// A token in the place of the user, without a password.
    private static func token(in text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int?) -> Range<Int>? {
        guard let end, end - start >= shortestToken else { return nil }
        let isToken = text[start..<end].allSatisfy {
            $0.isAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
        return isToken ? start..<end : nil
    }

    private static func range(_ start: Int?, _ end: Int?) -> Range<Int>? {
        guard let start, let end, start < end else { return nil }
        return start..<end
    }

    /// A text with its percent-encoded bytes as they are meant (RFC 3986, 2.1).
    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
                let high = text[index + 1].hexadecimal, let low = text[index + 2].hexadecimal
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }
}

extension UInt8 {
    /// Whether it is a letter or a digit of ASCII, as at the end of a URL's scheme.
    fileprivate var isAlphanumeric: Bool {
        self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z")
            || self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9")
    }

    /// The value of a hexadecimal digit.
    fileprivate var hexadecimal: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
