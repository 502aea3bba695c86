package import Linux

/// A declared environment variable whose value is the content of a file. The file may also be named instead: the
/// variable with `_FILE` at the end of its name is the path of a file with the value, such as a mounted secret.
package final class ContentVariable: VariableDeclaration {
    package let name: String
    package let words: Words
    package let rules: VariableRules
    package let option: CommandOption? = nil
    package let key: String? = nil
    /// The variable that names a file with the value.
    package let file: Variable<FilePath>

    /// Declares a variable and the one for its file.
    ///
    /// - Parameters:
    ///   - name: the environment variable's name.
    ///   - meaning: what it means, in one sentence without its full stop.
    ///   - secrecy: how its value is protected.
    ///   - fileKey: the key in a configuration file that names a file with the value.
    package init(_ name: String, _ meaning: String, secrecy: Secrecy = .none, fileKey: String? = nil) {
        self.name = name
        words = Words(meaning)
        rules = .secret(secrecy)
        file = Variable(
            "\(name)_FILE", .absolutePath,
            Words("File with the value of `\(name)`, in its place", example: "/run/secrets/\(name.lowercased())"),
            key: fileKey)
    }

    package var shape: Shape { .text }
}
