/// The order of the boot: what happens in a container, from start to finish.
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

    /// All settings: those of the process, those of the steps, and the image's own steps.
    package static let groups = SettingGroups(
        // Each step is a group by itself: to convert the list as a whole, the program would look for every conformance.
        [
            ConfigurationSettings.self,
            LogSettings.self,
            InitSettings.self,
            Capabilities.self,
            Secrets.self,
        ] + steps.map { step -> any SettingGroup.Type in step } + [DropInSteps.self])
}
