/// A change of a step.
package struct StepChange: Equatable, Sendable {
    package let step: String
    package let planned: PlannedChange

    package init(step: String, planned: PlannedChange) {
        self.step = step
        self.planned = planned
    }

    /// The same with another change, if there is one.
    func replaced(by other: Change?) -> StepChange {
        guard let other else { return self }
        return StepChange(
            step: step,
            planned: PlannedChange(
                other, by: planned.by, onFailure: planned.onFailure, consequence: planned.consequence))
    }
}

/// Everything that a boot wants to be true, in order. The same plan serves the boot, its dry run and the report.
package struct Plan: Sendable {
    package let changes: [StepChange]
    package let exports: [Export]
    /// What the reader should know beforehand, with the step that says it.
    package let warnings: [(step: String, text: String)]

    package init(changes: [StepChange], exports: [Export], warnings: [(step: String, text: String)]) {
        self.changes = changes
        self.exports = exports
        self.warnings = warnings
    }

    /// Lets every step plan; each sees what those before it export.
    package init(_ settings: Settings, _ people: People, _ host: Host) {
        var changes: [StepChange] = []
        var exports: [Export] = []
        var warnings: [(step: String, text: String)] = []
        for type in BootSequence.steps {
            let name = type.name
            for dropIn in settings.dropIns where dropIn.successor == name {
                let change = Change.command(CommandChange(dropIn, settings, people, exports: exports))
                changes.append(
                    StepChange(
                        step: dropIn.name,
                        planned: PlannedChange(change, by: [dropIn.identity], onFailure: dropIn.onFailure)))
            }
            guard let step = settings.step(type) else { continue }
            let plan = step.plan(PlanContext(settings: settings, people: people, host: host, exports: exports))
            let onFailure = settings.policies[name]?.onFailure
            changes += plan.changes.map { StepChange(step: name, planned: $0.failing(onFailure)) }
            exports += plan.exports
            warnings += plan.warnings.map { (name, $0) }
        }
        self.init(changes: changes, exports: exports, warnings: warnings)
    }
}
