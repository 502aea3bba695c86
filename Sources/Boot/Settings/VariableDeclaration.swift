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
