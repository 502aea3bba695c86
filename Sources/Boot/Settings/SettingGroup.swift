/// Settings that belong together: their declarations, and their checked values.
package protocol SettingGroup: Sendable {
    /// The group's name, which is its section in a configuration file, and which no other group has.
    static var name: String { get }
    /// What the section of the group is about.
    static var title: String { get }
    /// What the group is for.
    static var role: SettingRole { get }
    /// The variables that are read.
    static var variables: [any VariableDeclaration] { get }
    /// The settings that only configuration files have.
    static var fileSettings: [any SettingDeclaration] { get }
    /// The names of the variables that are set for later steps and for the user's command.
    static var exports: [String] { get }
    /// Whether it can be switched off.
    static var isOptional: Bool { get }
    /// The name of the step without which it is switched off, too; `nil` for none.
    static var neededStep: String? { get }
    /// Whether a failure policy applies to anything in it.
    static var hasFailurePolicy: Bool { get }

    /// Reads the settings and notes every problem; `nil` if there is nothing to do or it cannot be set up.
    init?(reading reader: inout SettingsReader)
}

extension SettingGroup {
    package static var role: SettingRole { .process }
    package static var variables: [any VariableDeclaration] { [] }
    package static var fileSettings: [any SettingDeclaration] { [] }
    package static var exports: [String] { [] }
    package static var isOptional: Bool { false }
    package static var neededStep: String? { nil }
    package static var hasFailurePolicy: Bool { false }
}
