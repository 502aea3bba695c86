internal import YAML

/// Whether a step takes part, and what its failure means.
package struct StepPolicy: Equatable, Sendable {
    package var isEnabled = true
    /// `nil` leaves it to each change.
    package var onFailure: FailurePolicy?

    /// Reads the policy of a step.
    init(of step: any Step.Type, reading reader: inout SettingsReader) {
        guard reader.hasFiles else { return }
        if step.isOptional { isEnabled = reader.value(Self.enabledSetting(of: step)) ?? true }
        if Self.hasChanges(step) { onFailure = reader.value(Self.failureSetting(of: step)) }
    }

    /// The settings that a step has because it is one.
    static func settings(of step: any Step.Type) -> [any SettingDeclaration] {
        (step.isOptional ? [enabledSetting(of: step)] : []) + (hasChanges(step) ? [failureSetting(of: step)] : [])
    }

    /// Whether there is anything whose failure could mean this or that: a drop of privileges that fails ends the boot.
    private static func hasChanges(_ step: any Step.Type) -> Bool { !(step is Handoff.Type) }

    private static func enabledSetting(of step: any Step.Type) -> FileSetting<Bool> {
        FileSetting("\(step.name).enabled", "Whether the step takes part", default: "true", shape: .boolean) {
            $0.boolean($1)
        }
    }

    private static func failureSetting(of step: any Step.Type) -> FileSetting<FailurePolicy> {
        FileSetting(
            "\(step.name).onFailure",
            "What a change of the step that fails means: the boot ends or goes on with a warning",
            default: "as the step says for each change", shape: .choice(of: FailurePolicy.self)
        ) { $0.choice($1) }
    }
}
