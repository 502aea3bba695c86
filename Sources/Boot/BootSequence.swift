/// The order of the boot: what happens in a container, from first to last.
package enum BootSequence {
    /// The steps. A new step is one file in `Steps` and one line here; exports of a step reach those below it.
    package static let steps: [any Step.Type] = [
        Identity.self,
        Scratch.self,
        ShellState.self,
        PersistentLinks.self,
        SSHKeys.self,
        Caches.self,
        GitIdentity.self,
        Handoff.self,
    ]

    /// Every variable that the boot reads: those of the whole boot, then those of the steps.
    package static let variables: [any VariableDeclaration] =
        ConfigurationSettings.variables + LogSettings.variables + InitSettings.variables
        + steps.flatMap { $0.variables }

    /// Every setting, wherever it can be set: section by section, the steps last and in their order.
    package static var settings: [any SettingDeclaration] {
        let general: [any SettingDeclaration] =
            ConfigurationSettings.variables + LogSettings.variables + InitSettings.variables + [
                Capabilities.keepSetting
            ]
        return general + Secrets.fileSettings
            + steps.flatMap { StepPolicy.settings(of: $0) + $0.variables + $0.fileSettings }
    }

    /// Every setting that has a place in a configuration file, in the order of the reference.
    package static var fileSettings: [any SettingDeclaration] { settings.filter { $0.key != nil } }

    /// The sections of a configuration file with their keys, in the order of the reference.
    package static var sections: [(name: String, keys: [String])] {
        var sections: [(name: String, keys: [String])] = []
        for setting in fileSettings {
            let parts = (setting.key ?? "").split(separator: ".", maxSplits: 1).map { String($0) }
            guard parts.count == 2 else { continue }
            if let index = sections.firstIndex(where: { $0.name == parts[0] }) {
                sections[index].keys.append(parts[1])
            } else {
                sections.append((parts[0], [parts[1]]))
            }
        }
        return sections
    }
}
