internal import Text

/// How a part of a file is shown in a message: on one line, short, and without any effect on the terminal.
package enum Excerpt {
    /// The maximum number of bytes that are shown of a text.
    package static let limit = 80

    /// A text in single quotes, with control characters escaped, and shortened if it is long.
    package static func quoted(_ text: String) -> String {
        var shown = ""
        for character in text.unicodeScalars {
            guard shown.utf8.count < limit else { return "'\(shown)…'" }
            shown += character.escaped
        }
        return "'\(shown)'"
    }
}
