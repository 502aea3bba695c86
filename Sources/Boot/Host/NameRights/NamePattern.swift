package import Text
internal import YAML

/// A pattern for whole names, in which `*` matches any bytes and `?` matches one; the case of letters is ignored.
package struct NamePattern: Equatable, Sendable {
    private let bytes: [UInt8]

    /// - Throws: why a text is not a pattern that a name could match.
    package init(_ text: String) throws(FormatError) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= 64, bytes.allSatisfy(Self.isPatternByte) else {
            throw FormatError("not a pattern for names: letters, digits, _ . - $, and * or ? for others")
        }
        self.bytes = bytes.map(AccountName.lowered)
    }

    private static func isPatternByte(_ byte: UInt8) -> Bool {
        byte.isNameByte || "$*?".utf8.contains(byte)
    }

    /// Whether the whole name matches.
    package func matches(_ name: String) -> Bool {
        let name = AccountName(name).bytes
        var (position, place) = (0, 0)
        // The position of the last `*`, and the end of what it matches in the name.
        var star: (position: Int, place: Int)?
        while place < name.count {
            if position < bytes.count, bytes[position] == UInt8(ascii: "*") {
                star = (position, place)
                position += 1
            } else if position < bytes.count, bytes[position] == UInt8(ascii: "?") || bytes[position] == name[place] {
                position += 1
                place += 1
            } else if let last = star {
                star = (last.position, last.place + 1)
                (position, place) = (last.position + 1, last.place + 1)
            } else {
                return false
            }
        }
        return bytes[position...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
