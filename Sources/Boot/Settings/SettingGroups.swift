/// All existing settings: the groups in the order of the reference, which has the steps in the order of the boot.
package struct SettingGroups: Sendable {
    /// The groups.
    package let all: [any GroupDeclaration]
    /// Every variable that is read.
    package let variables: [any VariableDeclaration]
    /// The variables whose values are secret.
    let secrets: DeclaredSecrets

    package init(_ all: [any GroupDeclaration]) {
        self.all = all
        variables = all.flatMap { $0.variables }
        secrets = DeclaredSecrets(variables)
    }

    /// The names of the built-in steps in the order of the boot.
    package var stepNames: [String] { all.compactMap { $0.role == .step ? $0.name : nil } }

    /// Every setting, wherever it can be set, except lists of steps, whose entries are not single settings.
    package var settings: [any SettingDeclaration] {
        all.flatMap { $0.role == .dropIns ? [] : $0.settings }
    }

    /// Every setting that has a place in a section of a configuration file.
    package var fileSettings: [any SettingDeclaration] { settings.filter { $0.key != nil } }

    /// The settings at the top level of a configuration file: single ones first, then lists of steps.
    package var topSettings: [any SettingDeclaration] {
        settings.filter { $0.key != nil && !Self.isInSection($0) }
            + all.flatMap { $0.role == .dropIns ? $0.settings : [] }
    }

    private static func isInSection(_ setting: any SettingDeclaration) -> Bool {
        setting.key?.utf8.contains(UInt8(ascii: ".")) == true
    }

    /// A section of a configuration file: the settings of one group that have a place there.
    package struct Section: Sendable {
        /// The name, as it is written in a file.
        package let name: String
        /// What the section is about.
        package let title: String
        package let settings: [any SettingDeclaration]

        /// The keys as they are written in the section.
        package var keys: [String] { settings.map { Self.key(of: $0) } }

        /// The key of a setting within its section.
        package static func key(of setting: any SettingDeclaration) -> String {
            String((setting.key ?? "").drop { $0 != "." }.dropFirst())
        }
    }

    /// The sections of a configuration file.
    package var sections: [Section] {
        all.compactMap { group in
            let settings = group.role == .dropIns ? [] : group.settings.filter { Self.isInSection($0) }
            return settings.isEmpty ? nil : Section(name: group.name, title: group.title, settings: settings)
        }
    }
}
