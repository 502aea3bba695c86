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
        LogSettings.variables + InitSettings.variables + steps.flatMap { $0.variables }
}
