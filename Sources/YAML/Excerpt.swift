/// How a part of a file is shown in a message: on one line, short, and without control of the terminal.
package enum Excerpt {
    /// The most bytes that are shown of a text.
    package static let limit = 80

    /// A text in single quotes: control characters escaped, and cut when it is long.
    package static func quoted(_ text: String) -> String {
        var shown = ""
        for character in text.unicodeScalars {
            guard shown.utf8.count < limit else { return "'\(shown)…'" }
            switch character {
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            case "\r": shown += "\\r"
            // Control characters, and those that reorder or break a line on a terminal.
            case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
                "\u{2066}"..."\u{2069}":
                shown += "\\u{\(String(character.value, radix: 16))}"
            default: shown.unicodeScalars.append(character)
            }
        }
        return "'\(shown)'"
    }
}
