/// Whether a step is enabled, and what its failure means.
package struct StepPolicy: Equatable, Sendable {
    package var isEnabled = true
    /// `nil` leaves the decision to each change.
    package var onFailure: FailurePolicy?

    /// Reads the policy of a step.
    init(of step: any GroupDeclaration, reading reader: inout SettingsReader) {
        guard reader.hasFiles else { return }
        if step.isOptional { isEnabled = reader.value(Self.enabledSetting(of: step)) ?? true }
        if step.hasFailurePolicy { onFailure = reader.value(Self.failureSetting(of: step)) }
    }

    /// The settings that every step has.
    static func settings(of step: any GroupDeclaration) -> [any SettingDeclaration] {
        (step.isOptional ? [enabledSetting(of: step)] : []) + (step.hasFailurePolicy ? [failureSetting(of: step)] : [])
    }

    private static func enabledSetting(of step: any GroupDeclaration) -> FileSetting<Bool> {
        FileSetting("\(step.name).enabled", .boolean, Words("Whether the step takes part", default: "true"))
    }

    private static func failureSetting(of step: any GroupDeclaration) -> FileSetting<FailurePolicy> {
        FileSetting(
            "\(step.name).onFailure", .choice,
            Words(
                "What a change of the step that fails means: the boot ends or goes on with a warning",
                default: "as the step says for each change"))
    }
}
