/// A stage of the boot: what it reads, and what it wants to be true.
///
/// A step is a value that holds its checked settings. It plans and never acts: it cannot write, wait, or look at more
/// than the ``Host``.
package protocol Step: Sendable {
    /// The step's name in messages, configuration and documentation.
    static var name: String { get }
    /// What the step does, in one sentence without its full stop.
    static var summary: String { get }
    /// As whom the step acts, in words.
    static var actors: String { get }
    /// The variables that the step reads.
    static var variables: [any VariableDeclaration] { get }
    /// The names of the variables that the step may set for later steps and for the user's command.
    static var exports: [String] { get }

    /// The settings of the step that only configuration files have.
    static var fileSettings: [any SettingDeclaration] { get }
    /// Whether the step can be switched off.
    static var isOptional: Bool { get }

    /// Reads the step's settings, noting every problem; `nil` when the step has nothing to do or cannot be set up.
    init?(reading reader: inout SettingsReader)

    /// What must be true, in order, and what is exported.
    func plan(_ context: PlanContext) -> StepPlan
}

extension Step {
    package static var fileSettings: [any SettingDeclaration] { [] }
    package static var isOptional: Bool { true }
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
    /// What the reader should know already, whatever the changes come to.
    package var warnings: [String]

    package init(changes: [PlannedChange] = [], exports: [Export] = [], warnings: [String] = []) {
        self.changes = changes
        self.exports = exports
        self.warnings = warnings
    }
}
