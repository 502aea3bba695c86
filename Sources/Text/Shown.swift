// How bytes that somebody else chose are shown in a message: on one line, and never longer than a screen row or two.

extension Collection<UInt8> {
    /// The bytes as they may appear in a message: with control characters escaped, with U+FFFD for anything that is not
    /// UTF-8, and shortened if they are long.
    ///
    /// - Parameter limit: the maximum number of bytes that are shown in full.
    package func shown(limit: Int = 200) -> String {
        guard count > limit else {
            let text = String(decoding: self, as: UTF8.self)
            return text.isPlain ? text : text.escaped
        }
        var head = Array(prefix(limit / 2))
        // A character of up to four bytes is left out instead of being cut.
        if let next = dropFirst(limit / 2).first, next.isContinuation {
            let whole = head.lastIndex { !$0.isContinuation } ?? 0
            if head.count - whole < 4 { head.removeSubrange(whole...) }
        }
        return "\(String(decoding: head, as: UTF8.self).escaped)… (\(count) bytes)"
    }
}

extension String {
    /// The text as it may appear in a message: with control characters escaped, and shortened if it is long.
    ///
    /// - Parameter limit: the maximum number of bytes that are shown in full.
    package func shown(limit: Int = 200) -> String {
        utf8.count <= limit && isPlain ? self : Array(utf8).shown(limit: limit)
    }

    /// Whether the text has only printable ASCII characters, so that it may appear anywhere as it is.
    fileprivate var isPlain: Bool {
        var text = self
        return text.withUTF8 { utf8 in
            for byte in utf8 where !byte.isPrintable { return false }
            return true
        }
    }

    /// The text on one line.
    fileprivate var escaped: String { unicodeScalars.reduce(into: "") { $0 += $1.escaped } }
}

extension Unicode.Scalar {
    /// The character as it may appear in a line for people: escaped if it would end the line, or change how a terminal
    /// shows the text around it.
    package var escaped: String {
        switch self {
        case "\n": "\\n"
        case "\t": "\\t"
        case "\r": "\\r"
        // Control characters, and those that reorder or break a line on a terminal.
        case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
            "\u{2066}"..."\u{2069}":
            "\\u{\(String(value, radix: 16))}"
        default: String(Character(self))
        }
    }
}

extension Int {
    /// A number of things: `1 change`, `2 changes`.
    package func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension Int64 {
    /// A number of microseconds as milliseconds with two decimals, such as `1.05 ms`.
    package var inMilliseconds: String {
        let hundredths = self / 10
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) ms"
    }
}
