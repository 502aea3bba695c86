package import Linux
package import Text

/// The text of one of ssh's files, made ready to be written.
package enum KeyText {
    /// The text with one newline at the end of every line, including the last, and without whitespace around it.
    ///
    /// Keys pass through editors of other systems and through templates, which end lines differently or remove the last
    /// newline; ssh refuses such a key.
    ///
    /// - Throws: an error if the text has a NUL byte or nothing but whitespace.
    package static func normalized(_ text: Secret) throws(FormatError) -> Secret {
        var start = text.has([0xEF, 0xBB, 0xBF], at: 0) ? 3 : 0
        while start < text.count, text[start].isSpace { start += 1 }
        guard start < text.count else { throw FormatError("nothing but whitespace") }
        let result = try text.withBytes(start..<text.count) { (bytes) throws(FormatError) in try linesEnded(bytes) }
        while result.count > 0, result[result.count - 1].isSpace { result.removeLast(1) }
        result.append(UInt8(ascii: "\n"))
        return result
    }

    /// The text with one newline at the end of every line, and room for one more byte.
    private static func linesEnded(_ text: UnsafeRawBufferPointer) throws(FormatError) -> Secret {
        let result = Secret(capacity: text.count + 1)
        // A text without carriage returns is copied in one piece.
        var copied = 0
        for (index, byte) in text.enumerated() {
            if byte == 0 { throw FormatError("it has a NUL byte") }
            guard byte == UInt8(ascii: "\r") else { continue }
            result.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[copied..<index]))
            copied = index + 1
            if copied == text.count || text[copied] != UInt8(ascii: "\n") { result.append(UInt8(ascii: "\n")) }
        }
        result.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[copied...]))
        return result
    }

    /// A text that everybody may read, such as public keys.
    ///
    /// - Throws: the errors of ``normalized(_:)``, and one if the text holds a private key.
    package static func readable(_ text: Secret) throws(FormatError) -> Secret {
        let result = try normalized(text)
        guard result.firstIndex(of: "PRIVATE KEY-----".utf8) == nil else {
            throw FormatError("it holds a private key, which must not be in a file that everybody may read")
        }
        return result
    }
}
