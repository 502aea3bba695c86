/// A JSON value (RFC 8259).
package indirect enum JSON: Equatable, Sendable {
    case string(String)
    case integer(String)
    case bool(Bool)
    case null
    case array([JSON])
    case members([Member])

    /// A name and its value in an object, which keeps the order of its members.
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSON

        package init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// A number without a fraction.
    package static func number(_ value: some BinaryInteger) -> JSON { .integer("\(value)") }

    /// An object with its members in the given order.
    package static func object(_ members: [(String, JSON)]) -> JSON {
        .members(members.map { Member(name: $0.0, value: $0.1) })
    }

    /// The value without whitespace.
    package var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .string(let value): text += Self.quoted(value)
        case .integer(let digits): text += digits
        case .bool(let value): text += value ? "true" : "false"
        case .null: text += "null"
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .members(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                text += Self.quoted(member.name)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    /// The value for people: indented by two spaces for each level, and on one line if it is small.
    package func indented(by depth: Int = 0) -> String {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch self {
        case .members(let members)
        where !members.isEmpty && members.count <= 3 && !members.contains(where: \.value.isDeep):
            return "{" + members.map { Self.quoted($0.name) + ": " + $0.value.text }.joined(separator: ", ") + "}"
        case .members(let members) where !members.isEmpty:
            let lines = members.map { inner + Self.quoted($0.name) + ": " + $0.value.indented(by: depth + 1) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        case .array(let values) where values.contains(where: \.isContainer):
            let lines = values.map { inner + $0.indented(by: depth + 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        default: return text
        }
    }

    /// Whether it has more than one value, or contains such a list.
    private var isDeep: Bool {
        switch self {
        case .array(let values): values.contains { $0.isContainer }
        case .members: true
        default: false
        }
    }

    private var isContainer: Bool {
        switch self {
        case .array, .members: true
        default: false
        }
    }

    /// A string in quotes; anything that is not UTF-8 has already become U+FFFD.
    private static func quoted(_ value: String) -> String {
        // Nearly every text is plain, and copying it as a whole takes a tenth of the time.
        let isPlain = value.utf8.allSatisfy { byte in
            byte.isPrintable && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        }
        if isPlain { return "\"" + value + "\"" }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..<" ", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
