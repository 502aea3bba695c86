internal import Boot
package import Linux
internal import Text

/// The secrets that a session has from files. A boot keeps no value, only which variables are files; each session reads
/// them again.
package struct KeptSecrets: Equatable, Sendable {
    /// The variables, each as `NAME=value`.
    package let entries: [[UInt8]]
    /// Why others have no value, one line for each.
    package let problems: [String]

    /// Reads the files with the rights that the process has.
    ///
    /// Whoever started the pod has chosen the paths. The process must therefore have become the user by now: root reads
    /// none of them.
    ///
    /// - Parameters:
    ///   - names: the names of the variables, as ``KeptEnvironment/secretNames`` has them.
    ///   - environment: the entries that have the paths, each as `NAME_FILE=path`.
    ///   - tree: the container's files.
    package init(named names: [String], in environment: [[UInt8]], tree: FileTree = FileTree()) {
        var entries: [[UInt8]] = []
        var problems: [String] = []
        for name in names {
            let variable = name + SecretFile.suffix
            guard let path = Self.value(of: variable, in: environment) else { continue }
            do throws(FormatError) {
                guard CurrentProcess.effectiveUser != 0 else { throw FormatError("root does not read it") }
                let text = try SettingsReader.text(of: Array(path))
                let value = try SecretFile(name, at: try ValueFormats.absolutePath(text)).value(in: tree)
                entries.append(Array("\(name)=".utf8) + value)
            } catch {
                problems.append("\(name) is not set: \(variable) is '\(Array(path).shown())': \(error.expected)")
            }
        }
        self.entries = entries
        self.problems = problems
    }

    private static func value(of variable: String, in environment: [[UInt8]]) -> ArraySlice<UInt8>? {
        let prefix = Array("\(variable)=".utf8)
        return environment.first { $0.starts(with: prefix) }?.dropFirst(prefix.count)
    }
}

extension KeptEnvironment {
    /// The environment as the boot's command has it: with the secrets of files in the place of the files' paths.
    ///
    /// - Returns: the entries, and why secrets are missing, one line for each.
    package func withSecrets(in tree: FileTree = FileTree()) -> (entries: [[UInt8]], problems: [String]) {
        if secretNames.isEmpty { return (entries, []) }
        let secrets = KeptSecrets(named: secretNames, in: entries, tree: tree)
        let paths = secretNames.map { Array("\($0)\(SecretFile.suffix)=".utf8) }
        let others = entries.filter { entry in !paths.contains { entry.starts(with: $0) } }
        return (others + secrets.entries, secrets.problems)
    }
}
