package import SystemPackage

/// How bytes that somebody else chose are shown in a message: on one line, and never longer than a screen row or two.
package enum Text {
    /// The bytes as they may stand in a message: control characters escaped, U+FFFD for what is not UTF-8, and only the
    /// beginning when they are long.
    ///
    /// - Parameters:
    ///   - bytes: what to show.
    ///   - limit: the most bytes that are shown whole.
    package static func shown(_ bytes: some Collection<UInt8>, limit: Int = 200) -> String {
        guard bytes.count > limit else { return escaped(bytes) }
        var head = Array(bytes.prefix(limit / 2))
        // A character of up to four bytes is left out rather than cut.
        if let next = bytes.dropFirst(limit / 2).first, isContinuation(next) {
            let whole = head.lastIndex { !isContinuation($0) } ?? 0
            if head.count - whole < 4 { head.removeSubrange(whole...) }
        }
        return "\(escaped(head))… (\(bytes.count) bytes)"
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    /// ``shown(_:limit:)`` of a text.
    package static func shown(_ text: String, limit: Int = 200) -> String {
        text.utf8.count <= limit && isPlain(text) ? text : shown(Array(text.utf8), limit: limit)
    }

    /// ``shown(_:limit:)`` of a path, which is shown whole up to the kernel's limit.
    package static func shown(_ path: FilePath) -> String { shown(path.string, limit: 4096) }

    /// Whether a text has nothing but printable characters of ASCII, so that it may stand anywhere as it is.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }

    /// A number of things: `1 change`, `2 changes`.
    package static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// Milliseconds with two decimals, as in `1.05 ms`.
    package static func milliseconds(_ microseconds: Int64) -> String {
        let hundredths = microseconds / 10
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) ms"
    }

    private static func escaped(_ bytes: some Collection<UInt8>) -> String {
        var text = ""
        for character in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch character {
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            // Control characters, and those that reorder or break a line on a terminal.
            case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
                "\u{2066}"..."\u{2069}":
                text += "\\u{\(String(character.value, radix: 16))}"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
