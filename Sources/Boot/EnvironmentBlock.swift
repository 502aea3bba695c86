package import Linux

/// The environment that a process was started with: entries in their order, byte for byte.
package struct EnvironmentBlock: Sendable {
    /// All entries, duplicates and entries without `=` included.
    package let entries: [CString]

    package init(_ entries: [CString]) {
        self.entries = entries
    }

    /// The value of a variable: that of the first entry with its name, as getenv(3) finds it; an empty value is an
    /// unset one.
    package func value(_ name: String) -> [UInt8]? {
        for entry in entries {
            if let value = entry.value(ofVariable: name) { return value.isEmpty ? nil : Array(value) }
        }
        return nil
    }

    /// The names of all entries that have one.
    package var names: [String] { entries.compactMap(\.variableName) }

    /// The environment with some variables set and some removed; all else stays as it is.
    ///
    /// A variable that is set takes the place of its first entry, and further entries of its name are dropped, since
    /// programs differ in which of two they take.
    package func setting(_ values: [(name: String, value: [UInt8])], removing removed: Set<String>) -> [CString] {
        var result: [CString] = []
        result.reserveCapacity(entries.count + values.count)
        var pending: [String: [UInt8]] = [:]
        for (name, value) in values { pending[name] = value }
        let replaced = Set(pending.keys)
        for entry in entries {
            guard let name = entry.variableName else {
                result.append(entry)
                continue
            }
            if removed.contains(name) { continue }
            if let value = pending.removeValue(forKey: name) {
                result.append(Self.entry(name, value))
            } else if !replaced.contains(name) {
                result.append(entry)
            }
        }
        for (name, value) in values where pending[name] != nil { result.append(Self.entry(name, value)) }
        return result
    }

    private static func entry(_ name: String, _ value: [UInt8]) -> CString {
        CString(Array(name.utf8) + [UInt8(ascii: "=")] + value)
    }
}
