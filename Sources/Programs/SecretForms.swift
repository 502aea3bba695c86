internal import Text

/// How shells and other programs write a text on one line without meaning to change it.
enum SecretForms {
    /// The forms of a secret that differ from it, and its words that no language has: `set -x` quotes each by itself.
    ///
    /// - Returns: none for a text that is too long for a password, a token or a key.
    static func all(of secret: [UInt8]) -> [[UInt8]] {
        if secret.count > 1 << 14 { return [] }
        let odd = secret.split(whereSeparator: { $0.isSpace }).filter { word in
            word.count >= SecretMask.shortest && !word.allSatisfy { $0.isLetter }
        }.prefix(mostWords).map(Array.init)
        let texts = [secret, words(secret)] + odd
        let forms =
            texts + [interpreted(secret), interpreted(words(secret))]
            + texts.flatMap { text in escapings.map { escaped(text, $0) } + [asciiJSON(text)] }
        return Array(Set(forms)).filter { $0 != secret }
    }

    /// More words are none of a password's, a token's or a key's.
    private static let mostWords = 64

    /// With its escapes taken for what they mean, as `echo` of dash and zsh does; newlines are the mask's own matter.
    private static func interpreted(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let meaning = byte == backslash ? rest.first.flatMap { meanings[$0] } : nil
            result.append(meaning ?? byte)
            if meaning != nil { rest = rest.dropFirst() }
        }
        return result
    }

    private static let meanings: [UInt8: UInt8] = [
        backslash: backslash, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8,
        UInt8(ascii: "f"): 12, UInt8(ascii: "v"): 11, UInt8(ascii: "e"): 27,
    ]

    /// The words with one space between, as `echo $SECRET` prints them.
    private static func words(_ secret: [UInt8]) -> [UInt8] {
        Array(secret.split(whereSeparator: { $0.isSpace }).joined(separator: [0x20]))
    }

    /// As JSON that is all ASCII, which is what Python writes.
    private static func asciiJSON(_ text: [UInt8]) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return text }
        let escaped = String(decoding: text, as: UTF8.self).utf16.map { unit -> String in
            if unit == 0x22 { return #"\""# }
            if unit >= 0x80 {
                let digits = String(unit, radix: 16)
                return #"\u"# + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
            return control(UInt8(unit)) ?? character(UInt8(unit))
        }
        return Array(escaped.joined().utf8)
    }

    /// How a byte is written.
    private typealias Escaping = @Sendable (UInt8) -> String?

    private static func escaped(_ text: [UInt8], _ escaping: Escaping) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 16)
        for byte in text {
            if byte.isWordByte {
                result.append(byte)
            } else if let written = escaping(byte) {
                result.append(contentsOf: written.utf8)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// The ways of writing a byte; `nil` for the byte itself.
    private static let escapings: [Escaping] = [
        // Between single quotes: `set -x` of bash and zsh, Python's shlex; dash and busybox.
        { $0 == quote ? #"'\''"# : nil }, { $0 == quote ? #"'"'"'"# : nil },
        // Between double quotes: `declare -p`.
        { Array(#""\$`"#.utf8).contains($0) ? "\\" + character($0) : nil },
        // `printf %q` of zsh, and of bash.
        { isSpecial($0, except: "%+-./:@_,") ? "\\" + character($0) : zshControl($0) },
        { isSpecial($0, except: "%+-./:=@_,") ? "\\" + character($0) : zshControl($0) },
        { isSpecial($0, except: "%+-./:@_,!") ? "\\" + character($0) : zshControl($0) },
        { isSpecial($0, except: "%+-./:=@_#~") ? "\\" + character($0) : nil },
        { isSpecial($0, except: "%+-./:=@_") ? "\\" + character($0) : nil },
        // Between `$'` and `'`: bash, with bytes that are not ASCII as they are, or as octal digits.
        { $0 == quote ? #"\'"# : control($0) }, { $0 == quote ? #"\'"# : control($0) ?? octal($0) },
        // JSON, and as Go writes it.
        { $0 == UInt8(ascii: "\"") ? #"\""# : control($0) },
        {
            $0 == UInt8(ascii: "\"")
                ? #"\""# : Array("<>&".utf8).contains($0) ? #"\u00"# + String($0, radix: 16) : control($0)
        },
    ]

    private static func zshControl(_ byte: UInt8) -> String? {
        byte == backslash ? nil : control(byte).map { "$'" + $0 + "'" }
    }

    private static func character(_ byte: UInt8) -> String { String(decoding: [byte], as: UTF8.self) }

    private static func isSpecial(_ byte: UInt8, except plain: String) -> Bool {
        byte.isPrintable && !byte.isWordByte && !plain.utf8.contains(byte)
    }

    private static func octal(_ byte: UInt8) -> String? { byte < 0x80 ? nil : #"\"# + String(byte, radix: 8) }

    private static func control(_ byte: UInt8) -> String? {
        switch byte {
        case backslash: #"\\"#
        case .newline: #"\n"#
        case .carriageReturn: #"\r"#
        case UInt8(ascii: "\t"): #"\t"#
        default: nil
        }
    }

    private static let quote = UInt8(ascii: "'")
    private static let backslash = UInt8(ascii: "\\")
}
