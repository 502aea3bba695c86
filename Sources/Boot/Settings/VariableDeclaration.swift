/// What the help, the pages and the reader of settings know about a variable.
package protocol VariableDeclaration: SettingDeclaration {
    /// The environment variable's name.
    var name: String { get }
    /// Who has to set it, who may set it, and who sees its value.
    var rules: VariableRules { get }
    /// The command-line option that also sets it, such as `--grace`.
    var option: CommandOption? { get }
}

extension VariableDeclaration {
    package var variableName: String? { name }
    /// Whether a boot needs it.
    package var isRequired: Bool { rules.isRequired }
    /// How its value is protected.
    package var secrecy: Secrecy { rules.secrecy }
}
