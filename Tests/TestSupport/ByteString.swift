import Foundation

/// Bytes as the kernel sees them: an argument, a variable, a name, a file's content. Written as text, or as numbers
/// where they are not text.
package struct ByteString: Hashable, Sendable {
    package var bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    package init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// The bytes as text, with U+FFFD for what is not UTF-8.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package static func + (left: ByteString, right: ByteString) -> ByteString { ByteString(left.bytes + right.bytes) }
}

extension ByteString {
    /// The bytes in base64, in one line.
    package var base64: ByteString { ByteString(Data(bytes).base64EncodedString()) }

    /// Whether these bytes stand anywhere in it.
    package func contains(_ part: ByteString) -> Bool { bytes.contains(part.bytes) }
}

extension ByteString: ExpressibleByStringInterpolation {
    package init(stringLiteral text: String) { self.init(text) }
}

extension ByteString: ExpressibleByArrayLiteral {
    package init(arrayLiteral bytes: UInt8...) { self.init(bytes) }
}

extension ByteString: CustomStringConvertible, CustomDebugStringConvertible {
    /// The text in quotes, with bytes that are not printable ASCII as `\xNN`.
    package var description: String {
        let characters = bytes.map { byte in
            switch byte {
            case UInt8(ascii: "\n"): "\\n"
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7f: String(UnicodeScalar(byte))
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return "\"" + characters.joined() + "\""
    }

    package var debugDescription: String { description }
}
