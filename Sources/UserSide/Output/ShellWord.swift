internal import Text

/// A text as one word of a shell.
enum ShellWord {
    /// A word that `dash`, `bash` and `zsh` give on byte by byte, and that a terminal shows as it is.
    ///
    /// All is done on bytes and scalars: a letter that combines with a quote is one character with it.
    ///
    /// - Parameter word: any text without a NUL byte, which no word can have.
    static func quoted(_ word: String) -> String {
        if isPlain(word) { return word }
        var (text, isPrinted) = ("'", false)
        for scalar in word.unicodeScalars {
            if isPrintable(scalar) {
                if isPrinted { text += "')\"'" }
                if scalar == "'" { text += "'\\''" } else { text.unicodeScalars.append(scalar) }
                isPrinted = false
            } else {
                if !isPrinted { text += "'\"$(printf '" }
                for byte in UTF8.encode(scalar) ?? .init() { text += "\\" + octal(byte) }
                isPrinted = true
            }
        }
        return text + (isPrinted ? "')\"" : "'")
    }

    /// Whether no shell reads anything in it: `zsh` reads a `=` in front, and every shell a `~`.
    private static func isPlain(_ word: String) -> Bool {
        let marks = Array("/:=,@%+".utf8)
        guard let first = word.utf8.first, first != UInt8(ascii: "=") else { return false }
        return word.utf8.allSatisfy { $0.isNameByte || marks.contains($0) }
    }

    /// Whether it may stand between quotes. Newline and tab may, in every shell; other control characters, and those that
    /// reorder what stands around them, would show a reader another line.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\t": true
        // What has no width hides where one word ends.
        case "\u{AD}", "\u{200B}"..."\u{200F}", "\u{2060}"..."\u{206F}", "\u{FEFF}", "\u{E0000}"..."\u{E0FFF}": false
        default: scalar.escaped == String(Character(scalar))
        }
    }

    private static func octal(_ byte: UInt8) -> String {
        let text = String(byte, radix: 8)
        return String(repeating: "0", count: 3 - text.utf8.count) + text
    }
}
