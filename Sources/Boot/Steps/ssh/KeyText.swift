package import Linux
package import Text

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
        while start < text.count, text[start].isSpace { start += 1 }
        guard start < text.count else { throw FormatError("nothing but whitespace") }
        let result = try text.withBytes(start..<text.count) { (bytes) throws(FormatError) in try linesEnded(bytes) }
        while result.count > 0, result[result.count - 1].isSpace { result.removeLast(1) }
        result.append(UInt8(ascii: "\n"))
        return result
    }

    /// The text with every line ended by one newline, and room for one byte more.
    private static func linesEnded(_ text: UnsafeRawBufferPointer) throws(FormatError) -> Secret {
        let result = Secret(capacity: text.count + 1)
        // What has no carriage return in it is copied in one piece.
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
