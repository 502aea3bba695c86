internal import Text

/// How shells and other programs write a text on one line without meaning to change it.
enum SecretForms {
    /// The forms of a secret that differ from it, and its words that no language has: `set -x` quotes each by itself.
    static func all(of secret: [UInt8]) -> [[UInt8]] {
        let whole = [words, quotedByShell, escapedByShell, escapedInC, escapedInJSON].map { $0(secret) }
        let odd = secret.split(whereSeparator: \.isSpace).filter { !$0.allSatisfy(\.isLetter) }
        return (whole + odd.map(Array.init)).filter { $0 != secret }
    }

    /// The words with one space between, as `echo $SECRET` prints them.
    private static func words(_ secret: [UInt8]) -> [UInt8] {
        Array(secret.split(whereSeparator: \.isSpace).joined(separator: [0x20]))
    }

    /// As between single quotes: `set -x`, Python's shlex.
    private static func quotedByShell(_ secret: [UInt8]) -> [UInt8] {
        secret.flatMap { byte in byte == quote ? Array(#"'\''"#.utf8) : [byte] }
    }

    /// A backslash before each byte that means something to a shell: `printf %q`.
    private static func escapedByShell(_ secret: [UInt8]) -> [UInt8] {
        let plain = Array("%+-./:=@_".utf8)
        return secret.flatMap { byte in
            byte.isPrintable && !byte.isWordByte && !plain.contains(byte) ? [backslash, byte] : [byte]
        }
    }

    /// As between `$'` and `'`: bash, for a text with control characters.
    private static func escapedInC(_ secret: [UInt8]) -> [UInt8] {
        secret.flatMap { byte in byte == quote ? [backslash, byte] : escaped(byte) }
    }

    private static func escapedInJSON(_ secret: [UInt8]) -> [UInt8] {
        secret.flatMap { byte in byte == UInt8(ascii: "\"") ? [backslash, byte] : escaped(byte) }
    }

    private static func escaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case backslash: [backslash, backslash]
        case .newline: [backslash, UInt8(ascii: "n")]
        case .carriageReturn: [backslash, UInt8(ascii: "r")]
        case UInt8(ascii: "\t"): [backslash, UInt8(ascii: "t")]
        default: [byte]
        }
    }

    private static let quote = UInt8(ascii: "'")
    private static let backslash = UInt8(ascii: "\\")
}
