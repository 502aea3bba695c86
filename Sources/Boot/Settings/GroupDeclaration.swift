/// What a list of groups knows about each of them, whatever its settings are.
///
/// It belongs to classes, because Embedded Swift has no other values of protocol types, and none of types themselves.
package protocol GroupDeclaration: AnyObject, Sendable {
    /// The group's name, which is its section in a configuration file, and which no other group has.
    var name: String { get }
    /// What the section of the group is about.
    var title: String { get }
    /// What the group is for.
    var role: SettingRole { get }
    /// The variables that are read.
    var variables: [any VariableDeclaration] { get }
    /// The settings that only configuration files have.
    var fileSettings: [any SettingDeclaration] { get }
    /// The names of the variables that are set for later steps and for the user's command.
    var exports: [String] { get }
    /// Whether it can be switched off.
    var isOptional: Bool { get }
    /// The name of the step without which it is switched off, too; `nil` for none.
    var neededStep: String? { get }
    /// Whether a failure policy applies to anything in it.
    var hasFailurePolicy: Bool { get }

    /// Reads the settings and notes every problem; `nil` if there is nothing to do or it cannot be set up.
    func read(_ reader: inout SettingsReader) -> CheckedGroup?
}

extension GroupDeclaration {
    /// All settings of the group, in the order of the reference.
    package var settings: [any SettingDeclaration] {
        let own: [any SettingDeclaration] = variables.map { $0 }
        return StepPolicy.settings(of: self) + own + fileSettings
    }
}

/// A declaration that says what the type of a group says.
package protocol DeclarationOfType: GroupDeclaration {
    associatedtype Group: SettingGroup
}

extension DeclarationOfType {
    package var name: String { Group.name }
    package var title: String { Group.title }
    package var role: SettingRole { Group.role }
    package var variables: [any VariableDeclaration] { Group.variables }
    package var fileSettings: [any SettingDeclaration] { Group.fileSettings }
    package var exports: [String] { Group.exports }
    package var isOptional: Bool { Group.isOptional }
    package var neededStep: String? { Group.neededStep }
    package var hasFailurePolicy: Bool { Group.hasFailurePolicy }

    package func read(_ reader: inout SettingsReader) -> CheckedGroup? {
        Group(reading: &reader).map { CheckedGroup(of: $0) }
    }
}

/// The declaration of a group that is not a step, for lists.
package final class DeclaredGroup<Group: SettingGroup>: DeclarationOfType {
    package init() {}
}

/// The checked values of some group.
package struct CheckedGroup: @unchecked Sendable {
    // Safe to send: the box never changes, and what is in it can be sent.
    let name: String
    private let box: AnyObject

    private final class Box<Group: SettingGroup>: Sendable {
        let group: Group
        init(_ group: Group) { self.group = group }
    }

    init<Group: SettingGroup>(of group: Group) {
        name = Group.name
        box = Box(group)
    }

    /// The values, if they are those of a group.
    package func value<Group: SettingGroup>(of type: Group.Type) -> Group? {
        // Embedded Swift cannot cast. The name decides as well, because no two groups have the same.
        guard name == Group.name else { return nil }
        return unsafeDowncast(box, to: Box<Group>.self).group
    }
}
