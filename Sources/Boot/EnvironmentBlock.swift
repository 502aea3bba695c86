package import Linux

/// The environment that a process was started with: entries in their order, byte for byte.
package struct EnvironmentBlock: Sendable {
    /// All entries, duplicates and entries without `=` included.
    package let entries: [CString]

    /// The length of each entry's name; -1 where there is none. Measured once: a pod's environment is long, and every
    /// variable is looked for in all of it.
    private let nameLengths: [Int]

    package init(_ entries: [CString]) {
        self.entries = entries
        nameLengths = entries.map { $0.variableNameLength ?? -1 }
    }

    /// The value of a variable: that of the first entry with its name, as getenv(3) finds it; an empty value is an
    /// unset one.
    package func value(_ name: String) -> [UInt8]? {
        var name = name
        let length = name.utf8.count
        return name.withUTF8 { name in
            for (index, nameLength) in nameLengths.enumerated()
            where nameLength == length && entries[index].starts(with: name) {
                let value = entries[index].bytes(from: length + 1)
                return value.isEmpty ? nil : value
            }
            return nil
        }
    }

    /// The names of the variables that start with a prefix, in the order of the entries.
    package func names(startingWith prefix: String) -> [String] {
        var prefix = prefix
        return prefix.withUTF8 { prefix in
            entries.filter { $0.starts(with: prefix) }.compactMap(\.variableName)
        }
    }

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
