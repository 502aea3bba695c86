package import Linux

/// The text of a file of ssh's, made ready to be written.
package enum KeyText {
    /// The text with every line ended by one newline, the last one too, and without whitespace around it.
    ///
    /// Keys go through editors of other systems and through templates, which end lines otherwise or cut the last newline;
    /// ssh refuses such a key.
    ///
    /// - Throws: that there is nothing but whitespace, or a NUL byte.
    package static func normalized(_ text: Secret) throws(FormatError) -> Secret {
        var start = text.has([0xEF, 0xBB, 0xBF], at: 0) ? 3 : 0
        while start < text.count, Base64.isWhitespace(text[start]) { start += 1 }
        guard start < text.count else { throw FormatError("nothing but whitespace") }
        let result = Secret(capacity: text.count - start + 1)
        for index in start..<text.count {
            switch text[index] {
            case 0: throw FormatError("it has a NUL byte")
            case UInt8(ascii: "\r"):
                if index + 1 == text.count || text[index + 1] != UInt8(ascii: "\n") {
                    result.append(UInt8(ascii: "\n"))
                }
            case let byte: result.append(byte)
            }
        }
        while result.count > 0, Base64.isWhitespace(result[result.count - 1]) { result.removeLast(1) }
        result.append(UInt8(ascii: "\n"))
        return result
    }

    /// A text that everybody may read: public keys.
    ///
    /// - Throws: as ``normalized(_:)``, and that it holds a private key.
    package static func readable(_ text: Secret) throws(FormatError) -> Secret {
        let result = try normalized(text)
        guard result.firstIndex(of: "PRIVATE KEY-----".utf8) == nil else {
            throw FormatError("it holds a private key, which must not be in a file that everybody may read")
        }
        return result
    }
}
