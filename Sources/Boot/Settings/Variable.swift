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

/// What help, README and the reader of settings know of a variable.
package protocol VariableDeclaration: SettingDeclaration {
    /// The environment variable's name.
    var name: String { get }
    /// Whether the boot as a whole needs it.
    var isRequired: Bool { get }
    /// How its value is kept from others.
    var secrecy: Secrecy { get }
    /// Whether only the image's configuration sets it when the program's file gives the boot its privileges.
    var isImagePolicy: Bool { get }
    /// The option of the command line that sets it too, such as `--grace`.
    var option: CommandOption? { get }
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

/// A declared environment variable with its type.
package struct Variable<Value: Sendable>: VariableDeclaration {
    package let name: String
    package let meaning: String
    package let defaultText: String
    package let isRequired: Bool
    package let secrecy: Secrecy
    package let isImagePolicy: Bool
    package let option: CommandOption?
    package let key: String?
    package let shape: Shape
    package let example: String
    /// What stands between the items of a list.
    let separator: String
    private let format: @Sendable (String) throws(FormatError) -> Value

    /// Declares a variable.
    ///
    /// - Parameters:
    ///   - name: the environment variable's name.
    ///   - meaning: what it means, in one sentence without its full stop.
    ///   - defaultText: what holds when it is unset.
    ///   - isRequired: whether the boot needs it.
    ///   - secrecy: how its value is kept from others.
    ///   - isImagePolicy: whether only the image's configuration sets it in an elevated start.
    ///   - option: the option of the command line that sets it too; given more than once, its values are joined by commas.
    ///   - key: the key in a configuration file that sets it too.
    ///   - shape: what its value looks like there.
    ///   - example: a value as it may be written there.
    ///   - separator: what stands between the items of a list in the variable.
    ///   - parse: the value of a text that is not empty; it throws what was expected.
    package init(
        _ name: String, _ meaning: String, default defaultText: String = "", isRequired: Bool = false,
        secrecy: Secrecy = .none, isImagePolicy: Bool = false, option: CommandOption? = nil, key: String? = nil,
        shape: Shape = .text,
        example: String = "", separator: String = ",",
        parse: @escaping @Sendable (String) throws(FormatError) -> Value
    ) {
        self.name = name
        self.meaning = meaning
        self.defaultText = defaultText
        self.isRequired = isRequired
        self.secrecy = secrecy
        self.isImagePolicy = isImagePolicy
        self.option = option
        self.key = key
        self.shape = shape
        self.example = example
        self.separator = separator
        format = parse
    }

    /// The value of a text that is not empty.
    ///
    /// - Throws: what was expected.
    package func parse(_ text: String) throws(FormatError) -> Value { try format(text) }
}

/// A declared environment variable whose value is the content of a file, and may also be given as one: the variable with
/// `_FILE` at the end of its name is the path of a file with the value, such as a mounted secret.
package struct ContentVariable: VariableDeclaration {
    package let name: String
    package let meaning: String
    package let defaultText = ""
    package let isRequired = false
    package let secrecy: Secrecy
    package let isImagePolicy = false
    package let option: CommandOption? = nil
    package let key: String? = nil
    package let shape = Shape.text
    package let example = ""
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
        self.meaning = meaning
        self.secrecy = secrecy
        file = Variable(
            "\(name)_FILE", "File with the value of `\(name)`, in its place", key: fileKey,
            example: "/run/secrets/\(name.lowercased())", parse: ValueFormats.absolutePath)
    }
}
