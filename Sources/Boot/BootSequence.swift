/// The order of the boot: what happens in a container, from start to finish.
package enum BootSequence {
    /// The steps. A new step is one file in `Steps` and one line here; exports of a step reach those below it.
    package static var steps: [any StepDeclaration] {
        @export(interface) get { allSteps }
    }

    private static let allSteps: [any StepDeclaration] = [
        DeclaredStep<Identity>(),
        DeclaredStep<Scratch>(),
        DeclaredStep<Snapshots>(),
        DeclaredStep<ShellState>(),
        DeclaredStep<PersistentLinks>(),
        DeclaredStep<SSHKeys>(),
        DeclaredStep<Caches>(),
        DeclaredStep<GitIdentity>(),
        DeclaredStep<Services>(),
        DeclaredStep<Handoff>(),
    ]

    /// All settings: those of the process, those of the steps, and the image's own steps.
    package static var groups: SettingGroups {
        @export(interface) get { allGroups }
    }

    private static let allGroups = SettingGroups(
        // Each step is a group by itself: to convert the list as a whole, the program would look for every conformance.
        [
            DeclaredGroup<ConfigurationSettings>(),
            DeclaredGroup<Compatibility>(),
            DeclaredGroup<Chain>(),
            DeclaredGroup<LogSettings>(),
            DeclaredGroup<InitSettings>(),
            DeclaredGroup<Capabilities>(),
            DeclaredGroup<Secrets>(),
            DeclaredGroup<ScrubSettings>(),
        ] + allSteps.map { step -> any GroupDeclaration in step } + [DeclaredGroup<DropInSteps>()])
}
