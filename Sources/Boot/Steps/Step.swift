/// A stage of the boot: what it reads, and what it wants to be true.
///
/// A step is a value that holds its checked settings. It plans and never acts: it cannot write or wait, and it sees
/// only the ``Host``.
package protocol Step: SettingGroup {
    /// What the step does, in one sentence without its full stop.
    static var summary: String { get }
    /// Which identities the step acts as, in words.
    static var actors: String { get }

    /// What must be true, in order, and what is exported.
    func plan(_ context: PlanContext) -> StepPlan
}

extension Step {
    package static var title: String { "Step \(name): \(summary)" }
    package static var role: SettingRole { .step }
    package static var isOptional: Bool { true }
    package static var hasFailurePolicy: Bool { true }
}

/// What the boot's order knows about a step.
package protocol StepDeclaration: GroupDeclaration {
    /// What the step does, in one sentence without its full stop.
    var summary: String { get }
    /// Which identities the step acts as, in words.
    var actors: String { get }

    /// What the step wants, or `nil` when it does not take part.
    func plan(_ context: PlanContext) -> StepPlan?
}

/// The declaration of a step, for the boot's order.
package final class DeclaredStep<Group: Step>: DeclarationOfType, StepDeclaration {
    package init() {}

    package var summary: String { Group.summary }
    package var actors: String { Group.actors }

    package func plan(_ context: PlanContext) -> StepPlan? { context.settings[Group.self]?.plan(context) }
}

/// What a step may look at while it plans.
package struct PlanContext {
    /// All settings.
    package let settings: Settings
    /// The identities of the boot.
    package let people: People
    /// The container as root owns it.
    package let host: Host
    /// What earlier steps export.
    package let exports: [Export]
}

/// What a step wants.
package struct StepPlan: Sendable {
    package var changes: [PlannedChange]
    package var exports: [Export]
    /// What the reader should know beforehand, whatever the changes do.
    package var warnings: [Note]

    package init(changes: [PlannedChange] = [], exports: [Export] = [], warnings: [Note] = []) {
        self.changes = changes
        self.exports = exports
        self.warnings = warnings
    }
}
