internal import Text

// What the records ask of a JSON object.
extension JSON {
    /// A member that must exist.
    func required<Value>(_ name: String, _ read: (JSON) -> Value?) throws(FormatError) -> Value {
        guard let member = self[name], let value = read(member) else { throw FormatError("expected \(name)") }
        return value
    }

    /// A member that may be missing or null.
    func optional<Value>(
        _ name: String, _ read: (JSON) throws(FormatError) -> Value
    ) throws(FormatError) -> Value? {
        guard let member = self[name], member != .null else { return nil }
        return try read(member)
    }

    /// The items of a member that is an array.
    func list<Value>(
        _ name: String, _ read: (JSON) throws(FormatError) -> Value
    ) throws(FormatError) -> [Value] {
        var values: [Value] = []
        for item in try required(name, { $0.items }) { values.append(try read(item)) }
        return values
    }

    func text(_ name: String) throws(FormatError) -> String { try required(name, { $0.string }) }
}
