/// The order of the boot: what happens in a container, from start to finish.
package enum BootSequence {
    /// The steps. A new step is one file in `Steps` and one line here; exports of a step reach those below it.
    @export(interface) package static var steps: [any StepDeclaration] { allSteps }

    private static let allSteps: [any StepDeclaration] = [
        DeclaredStep<Identity>(),
        DeclaredStep<Scratch>(),
        DeclaredStep<ShellState>(),
        DeclaredStep<PersistentLinks>(),
        DeclaredStep<SSHKeys>(),
        DeclaredStep<Caches>(),
        DeclaredStep<GitIdentity>(),
        DeclaredStep<Handoff>(),
    ]

    /// All settings: those of the process, those of the steps, and the image's own steps.
    @export(interface) package static var groups: SettingGroups { allGroups }

    private static let allGroups = SettingGroups(
        // Each step is a group by itself: to convert the list as a whole, the program would look for every conformance.
        [
            DeclaredGroup<ConfigurationSettings>(),
            DeclaredGroup<LogSettings>(),
            DeclaredGroup<InitSettings>(),
            DeclaredGroup<Capabilities>(),
            DeclaredGroup<Secrets>(),
        ] + allSteps.map { step -> any GroupDeclaration in step } + [DeclaredGroup<DropInSteps>()])
}
