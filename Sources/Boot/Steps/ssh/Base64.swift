package import Linux
internal import Text

/// Decodes base64 (RFC 4648, section 4), with whitespace anywhere, and with or without padding at the end.
package enum Base64 {
    /// Why a text is not base64.
    package enum Problem: Error, Equatable, Sendable {
        /// The position of a byte that is not allowed there, counted from 1.
        case byte(Int)
        /// The end is missing, or there is too much padding.
        case length
    }

    /// The bytes that a part of a text encodes.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - range: the part of it.
    /// - Throws: why it is not base64; the error has nothing of the text itself.
    package static func decode(_ text: Secret, _ range: Range<Int>) throws(Problem) -> Secret {
        // Keys may be large: reading them byte by byte through the secret would be the longest part of a boot.
        try text.withBytes(range) { (bytes) throws(Problem) in try decode(bytes) }
    }

    private static func decode(_ text: UnsafeRawBufferPointer) throws(Problem) -> Secret {
        let decoded = Secret(capacity: text.count / 4 * 3 + 3)
        var bits: UInt32 = 0
        var digits = 0
        var padding = 0
        for (index, byte) in text.enumerated() {
            guard let value = value(of: byte) else {
                if byte.isSpace { continue }
                guard byte == UInt8(ascii: "=") else { throw .byte(index + 1) }
                padding += 1
                continue
            }
            guard padding == 0 else { throw .byte(index + 1) }
            bits = bits << 6 | UInt32(value)
            digits += 1
            if digits % 4 == 0 {
                withUnsafeBytes(of: (bits << 8).bigEndian) { decoded.append(contentsOf: .init(rebasing: $0.prefix(3))) }
            }
        }
        guard digits % 4 != 1, padding == 0 || padding == (4 - digits % 4) % 4 else { throw .length }
        if digits % 4 >= 2 { decoded.append(UInt8(truncatingIfNeeded: bits >> (digits % 4 == 2 ? 4 : 10))) }
        if digits % 4 == 3 { decoded.append(UInt8(truncatingIfNeeded: bits >> 2)) }
        return decoded
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case _ where byte.isUppercase: byte - UInt8(ascii: "A")
        case _ where byte.isLowercase: byte - UInt8(ascii: "a") + 26
        case _ where byte.isDigit: byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
