package import Linux

/// The environment that a process was started with: its entries in order, byte for byte.
package struct EnvironmentBlock: Sendable {
    /// All entries, including duplicates and entries without `=`.
    package let entries: [CString]

    /// The length of each entry's name; -1 if there is none. It is measured once, because a pod's environment is long,
    /// and every variable is searched for in all of it.
    private let nameLengths: [Int]

    package init(_ entries: [CString]) {
        self.entries = entries
        nameLengths = entries.map { $0.variableNameLength ?? -1 }
    }

    /// The value of a variable: that of the first entry, as getenv(3) finds it. An empty value counts as unset.
    package func value(_ name: String) -> [UInt8]? {
        guard let entry = entry(named: name) else { return nil }
        let value = entry.bytes(from: name.utf8.count + 1)
        return value.isEmpty ? nil : value
    }

    /// The ``value(_:)`` of a variable that nobody else may see.
    package func secret(_ name: String) -> Secret? {
        guard let entry = entry(named: name) else { return nil }
        let value = entry.secret(from: name.utf8.count + 1)
        return value.count == 0 ? nil : value
    }

    private func entry(named name: String) -> CString? {
        var name = name
        let length = name.utf8.count
        return name.withUTF8 { name in
            for (index, nameLength) in nameLengths.enumerated()
            where nameLength == length && entries[index].starts(with: name) {
                return entries[index]
            }
            return nil
        }
    }

    /// The names of the variables that start with a prefix, in the order of the entries.
    package func names(startingWith prefix: String) -> [String] {
        var prefix = prefix
        return prefix.withUTF8 { prefix in
            entries.filter { $0.starts(with: prefix) }.compactMap { $0.variableName }
        }
    }

    /// The names for which something holds, in the order of the entries. Those without a value are left out: they count as
    /// unset.
    package func names(where holds: (UnsafeBufferPointer<UInt8>) -> Bool) -> [String] {
        var names: [String] = []
        for index in 0..<entries.count where nameLengths[index] > 0 {
            guard entries[index].withVariableName(length: nameLengths[index], holds) else { continue }
            if let name = entries[index].variableName { names.append(name) }
        }
        return names
    }

    /// The environment with some variables set and some removed; everything else stays as it is.
    ///
    /// A variable that is set replaces its first entry, and other entries with its name are dropped, because programs
    /// differ in which of two they use. Of two values for one name, the last wins.
    package func setting(_ values: [(name: String, value: [UInt8])], removing removed: Set<String>) -> [CString] {
        // Names are compared as bytes: as text, different names may be equal, for example with the kelvin sign.
        var pending: [(name: [UInt8], value: [UInt8], isPlaced: Bool)] = []
        for (name, value) in values {
            let name = Array(name.utf8)
            if let index = pending.firstIndex(where: { $0.name == name }) {
                pending[index].value = value
            } else {
                pending.append((name, value, false))
            }
        }
        let removed = removed.map { Array($0.utf8) }
        // Most entries of a pod are none of these, and are told by a look at them.
        var (lengths, lastBytes): (UInt64, UInt64) = (0, 0)
        for name in pending.map({ $0.name }) + removed {
            lengths |= 1 << UInt64(name.count & 63)
            lastBytes |= 1 << UInt64((name.last ?? 0) & 63)
        }
        var result: [CString] = []
        result.reserveCapacity(entries.count + pending.count)
        for (index, entry) in entries.enumerated() {
            let length = nameLengths[index]
            guard length >= 0, lengths & 1 << UInt64(length & 63) != 0,
                length == 0 || lastBytes & 1 << UInt64(entry.byte(at: length - 1) & 63) != 0
            else {
                result.append(entry)
                continue
            }
            func isNamed(_ name: [UInt8]) -> Bool {
                name.count == length && name.withUnsafeBufferPointer { entry.starts(with: $0) }
            }
            if removed.contains(where: isNamed) { continue }
            guard let found = pending.firstIndex(where: { isNamed($0.name) }) else {
                result.append(entry)
                continue
            }
            if pending[found].isPlaced { continue }
            result.append(Self.entry(pending[found].name, pending[found].value))
            pending[found].isPlaced = true
        }
        for (name, value, isPlaced) in pending where !isPlaced { result.append(Self.entry(name, value)) }
        return result
    }

    private static func entry(_ name: [UInt8], _ value: [UInt8]) -> CString {
        CString(name + [UInt8(ascii: "=")] + value)
    }
}
