package import SystemPackage
package import Text

/// How a variable's value is kept from others.
package enum Secrecy: String, Sendable {
    /// An ordinary value.
    case none
    /// Kept for the user's command, and shown nowhere else.
    case passed
    /// Used by the boot, and kept from the user's command too.
    case stripped
}

/// An option of the command line that sets a variable.
package struct CommandOption: Equatable, Sendable {
    /// The option as it is written, such as `--grace`.
    package let name: String
    /// What stands for its value in help; `nil` for an option without one, which means `true`.
    package let value: String?

    package init(_ name: String, _ value: String?) {
        self.name = name
        self.value = value
    }
}

/// Who has to set a variable, who may set it, and who sees its value.
package struct VariableRules: Sendable {
    /// Whether the boot as a whole needs it.
    package let isRequired: Bool
    /// Whether only the image's configuration sets it when the program's file gives the boot its privileges.
    package let isImagePolicy: Bool
    /// How its value is kept from others.
    package let secrecy: Secrecy

    private init(isRequired: Bool = false, isImagePolicy: Bool = false, secrecy: Secrecy = .none) {
        self.isRequired = isRequired
        self.isImagePolicy = isImagePolicy
        self.secrecy = secrecy
    }

    /// Anybody may set it, and nobody has to.
    package static let ordinary = VariableRules()
    /// The boot needs it.
    package static let required = VariableRules(isRequired: true)
    /// Only the image's configuration sets it when the program's file gives the boot its privileges.
    package static let imagePolicy = VariableRules(isImagePolicy: true)
    /// Its value is kept from others.
    package static func secret(_ secrecy: Secrecy) -> VariableRules { VariableRules(secrecy: secrecy) }
}

/// What help, README and the reader of settings know of a variable.
package protocol VariableDeclaration: SettingDeclaration {
    /// The environment variable's name.
    var name: String { get }
    /// Who has to set it, who may set it, and who sees its value.
    var rules: VariableRules { get }
    /// The option of the command line that sets it too, such as `--grace`.
    var option: CommandOption? { get }
}

extension VariableDeclaration {
    /// Whether the boot as a whole needs it.
    package var isRequired: Bool { rules.isRequired }
    /// How its value is kept from others.
    package var secrecy: Secrecy { rules.secrecy }
}

/// A declared environment variable with its type.
package struct Variable<Value: Sendable>: VariableDeclaration {
    package let name: String
    package let words: Words
    package let rules: VariableRules
    package let key: String?
    package let option: CommandOption?
    let type: ValueType<Value>

    /// Declares a variable.
    ///
    /// - Parameters:
    ///   - name: the environment variable's name.
    ///   - type: what its value is.
    ///   - words: what people are told of it.
    ///   - rules: who has to set it, who may set it, and who sees its value.
    ///   - key: the key in a configuration file that sets it too.
    ///   - option: the option of the command line that sets it too; given more than once, its values are joined by commas.
    package init(
        _ name: String, _ type: ValueType<Value>, _ words: Words, _ rules: VariableRules = .ordinary,
        key: String? = nil, option: CommandOption? = nil
    ) {
        self.name = name
        self.type = type
        self.words = words
        self.rules = rules
        self.key = key
        self.option = option
    }

    package var shape: Shape { type.shape }

    /// The value of a text that is not empty.
    ///
    /// - Throws: what was expected.
    package func parse(_ text: String) throws(FormatError) -> Value { try type.parse(text) }
}

/// A declared environment variable whose value is the content of a file, and may also be given as one: the variable with
/// `_FILE` at the end of its name is the path of a file with the value, such as a mounted secret.
package struct ContentVariable: VariableDeclaration {
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
    ///   - secrecy: how its value is kept from others.
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
