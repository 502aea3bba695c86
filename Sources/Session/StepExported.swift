internal import Linux
internal import Programs

/// What drop-in steps have exported: a variable may have the value of a secret, whatever its name.
package struct StepExported {
    /// The names.
    let names: Set<String>
    /// The values of secrets.
    let secretValues: [[UInt8]]

    /// - Parameters:
    ///   - names: the names of the variables.
    ///   - secretValues: the values of the secrets that steps could have had.
    package init(names: Set<String> = [], secretValues: [[UInt8]] = []) {
        self.names = names
        self.secretValues = secretValues
    }

    /// Whether an entry of the environment is one of these variables and has such a value.
    func isSecret(_ entry: CString) -> Bool {
        guard !names.isEmpty, let name = entry.variableName, names.contains(name) else { return false }
        return SecretMask.isNeeded(for: entry.bytes(from: name.utf8.count + 1), secrets: secretValues)
    }
}
