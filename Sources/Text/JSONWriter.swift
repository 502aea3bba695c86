/// Writes a JSON text (RFC 8259) without whitespace, part by part. Making a ``JSON`` first would take most of the
/// instructions of a boot's report (1.2 of 1.5 million).
package struct JSONWriter: ~Copyable {
    /// What has been written.
    package private(set) var bytes: [UInt8] = []
    /// Whether a value or a member has been written to the innermost array or object.
    private var needsComma = false

    /// - Parameter capacity: how many bytes there will be, as a guess.
    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Begins an object, whose members follow.
    package mutating func beginObject() { begin(UInt8(ascii: "{")) }
    package mutating func endObject() { end(UInt8(ascii: "}")) }
    /// Begins an array, whose values follow.
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes the name of a member, whose value follows.
    package mutating func name(_ name: String) {
        string(name)
        bytes.append(.colon)
        needsComma = false
    }

    package mutating func string(_ value: String) {
        separate()
        var value = value
        bytes.append(UInt8(ascii: "\""))
        value.withUTF8 { utf8 in
            var start = 0
            for index in 0..<utf8.count where Self.isEscaped(utf8[index]) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                escape(utf8[index])
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func number(_ value: Int64) { plain(String(value)) }

    package mutating func null() { plain("null") }

    /// Writes a value as it is: a number, `true`, `false` or `null`.
    package mutating func plain(_ value: String) {
        separate()
        bytes.append(contentsOf: value.utf8)
    }

    /// Writes a value that has been written as JSON already.
    package mutating func plain(_ value: [UInt8]) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// Writes a member that is a text.
    package mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    /// Writes a member that is a number.
    package mutating func member(_ name: String, _ value: Int64) {
        self.name(name)
        number(value)
    }

    /// Ends the line: what follows is another text.
    package mutating func endLine() {
        bytes.append(.newline)
        needsComma = false
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(.comma) }
        needsComma = true
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte.isControl || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case .newline: bytes.append(UInt8(ascii: "n"))
        case .carriageReturn: bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        default:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: (byte < 0x10 ? "u000" : "u00").utf8)
            bytes.append(contentsOf: digits.utf8)
        }
    }
}
