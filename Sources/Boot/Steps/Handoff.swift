internal import Linux

/// The plan's part of handing over to the user's command. The drop and the exec are in `PrivilegeDrop.swift`.
package struct Handoff: Step {
    package static let isOptional = false
    /// A privilege drop that fails always ends the boot.
    package static let hasFailurePolicy = false
    package static let name = "handoff"
    package static let summary = "privileges are dropped for ever, which is proved, and the command is executed"
    package static let actors = "user"
    package static let exports = ["HOME", "USER", "LOGNAME", "SHELL", PodVariables.sessionName]

    package init?(reading reader: inout SettingsReader) {}

    package func plan(_ context: PlanContext) -> StepPlan {
        let user = context.people.user
        return StepPlan(exports: [
            Export("HOME", .directory(user.home)),
            Export("USER", user.name),
            Export("LOGNAME", user.name),
            Export("SHELL", user.shell.string),
            Export(PodVariables.sessionName, "1"),
        ])
    }
}
