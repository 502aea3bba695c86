internal import Linux

/// A change of a step.
package struct StepChange: Equatable, Sendable {
    package let step: String
    package let planned: PlannedChange

    package init(step: String, planned: PlannedChange) {
        self.step = step
        self.planned = planned
    }

    /// The same step with another change, if there is one.
    func replaced(by other: Change?) -> StepChange {
        guard let other else { return self }
        return StepChange(step: step, planned: planned.replaced(by: other))
    }
}

/// Everything that a boot wants to be true, in order. The same plan serves the boot, its dry run and the report.
///
/// A plan is a value: applying it does not change it. Whoever has made it overwrites its secrets once nobody needs them
/// any more (``erasingSecrets(_:)``).
package struct Plan: Sendable {
    package let changes: [StepChange]
    package let exports: [Export]
    /// What the reader should know beforehand, with the step that reports it.
    package let warnings: [(step: String, note: Note)]

    package init(changes: [StepChange], exports: [Export], warnings: [(step: String, note: Note)]) {
        self.changes = changes
        self.exports = exports
        self.warnings = warnings
    }

    /// Does some work with the plan, and overwrites its secrets when the work ends, however it ends: the plan cannot be
    /// applied after that.
    ///
    /// - Parameter work: all the work with the plan.
    /// - Throws: the error of the work.
    package func erasingSecrets<Result>(
        _ work: (Plan) throws(BootError) -> Result
    ) throws(BootError) -> Result {
        defer { eraseSecrets() }
        return try work(self)
    }

    /// Overwrites the secrets.
    @export(interface) func eraseSecrets() {
        for change in changes { for secret in change.planned.change.kind.secrets { secret.erase() } }
    }
}
