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
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .string(let value): writer.string(value)
        case .integer(let digits): writer.plain(digits)
        case .bool(let value): writer.plain(value ? "true" : "false")
        case .null: writer.null()
        case .array(let values):
            writer.beginArray()
            for value in values { value.write(to: &writer) }
            writer.endArray()
        case .members(let members):
            writer.beginObject()
            for member in members {
                writer.name(member.name)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }

    /// The value for people: indented by two spaces for each level, and on one line if it is small.
    ///
    /// - Parameter width: the most bytes of a larger value that is on one line, too.
    package func indented(by depth: Int = 0, within width: Int = 0) -> String {
        if width > 0, isContainer {
            let line = self.line
            if line.utf8.count <= width { return line }
        }
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch self {
        case .members(let members)
        where !members.isEmpty && members.count <= 3 && !members.contains(where: { $0.value.isDeep }):
            return line
        case .members(let members) where !members.isEmpty:
            let lines = members.map {
                inner + JSON.string($0.name).text + ": " + $0.value.indented(by: depth + 1, within: width)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        case .array(let values) where values.contains(where: { $0.isContainer }):
            let lines = values.map { inner + $0.indented(by: depth + 1, within: width) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        default: return text
        }
    }

    /// The value on one line.
    private var line: String {
        switch self {
        case .members(let members) where !members.isEmpty:
            "{" + members.map { JSON.string($0.name).text + ": " + $0.value.line }.joined(separator: ", ") + "}"
        case .array(let values) where values.contains(where: { $0.isContainer }):
            "[" + values.map { $0.line }.joined(separator: ", ") + "]"
        default: text
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
}
