package import Linux
internal import Programs
package import Text

/// A secret whose value is in a file, such as a mounted secret of Kubernetes: the variable with `_FILE` at the end of its
/// name has the file's path.
package struct SecretFile: Equatable, Sendable {
    /// The variable that the command gets, with the file's content as its value.
    package let name: String
    /// The file.
    package let path: FilePath

    package init(_ name: String, at path: FilePath) {
        self.name = name
        self.path = path
    }

    /// The end of the names of variables with paths.
    package static let suffix = "_FILE"

    private static let ending = NameBytes([suffix])

    /// Whether an entry of an environment may have the path of a secret, by the end of its name.
    ///
    /// - Parameter nameLength: the number of bytes before the `=`.
    @export(interface) package static func isFile(_ entry: CString, nameLength: Int) -> Bool {
        entry.withBytes(before: nameLength) { ending.containsEnding(of: $0) }
    }

    /// The name of the variable with the path.
    package var variable: String { name + Self.suffix }

    /// The most bytes of a string that a program can be started with, with its end (`MAX_ARG_STRLEN`, execve(2)).
    private static let longestEntry = 32 * 4096

    /// What the variable has of a file's content: all but the line breaks at its end, as `$(cat FILE)` in a shell.
    ///
    /// - Throws: why it cannot be a variable's value, in words that follow the file's path.
    package static func value(of content: Secret, for name: String) throws(FormatError) -> [UInt8] {
        var value = content.withBytes(0..<content.count) { Array($0) }
        while value.last == .newline || value.last == .carriageReturn { value.removeLast() }
        guard !value.isEmpty else { throw FormatError("it has nothing but line breaks") }
        guard !value.contains(0) else { throw FormatError("it has a NUL byte, which no variable can have") }
        let longest = longestEntry - name.utf8.count - "=".utf8.count - 1
        guard value.count <= longest else {
            throw FormatError("it has more than \(longest) bytes, which no variable can have")
        }
        return value
    }

    /// Reads the value with the rights that the process has.
    ///
    /// - Throws: why it has none, in words that follow the path.
    package func value(in tree: FileTree) throws(FormatError) -> [UInt8] {
        try Self.value(of: ContentFile.read(path, in: tree), for: name)
    }
}

extension SettingsReader {
    /// The secrets of a pod whose values are in files, and these values; what cannot be used is noted as a problem.
    mutating func secretFiles(
        named names: [String]
    ) -> (files: [SecretFile], values: [(name: String, value: [UInt8])]) {
        var files: [SecretFile] = []
        var values: [(name: String, value: [UInt8])] = []
        for name in names where environment.value(name + SecretFile.suffix) != nil {
            let variable = ContentVariable(name, "A secret", secrecy: .passed)
            guard let path = value(variable.file) else { continue }
            files.append(SecretFile(name, at: path))
            let value = content(variable) { content, _ throws(FormatError) in
                try SecretFile.value(of: content, for: name)
            }
            if let value { values.append((name, value)) }
        }
        return (files, values)
    }
}
