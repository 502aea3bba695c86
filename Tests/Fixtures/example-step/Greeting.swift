internal import Linux

/// Greets the user in every shell that reads a profile.
package struct Greeting: Step {
    package static let name = "greeting"
    package static let summary = "a shell that reads the user's profile greets the user"
    package static let actors = "user"

    static let textSetting = FileSetting("greeting.text", .text, Words("What a shell says", default: "Hello"))
    package static let fileSettings: [any SettingDeclaration] = [textSetting]

    private let text: String

    package init?(reading reader: inout SettingsReader) {
        text = reader.value(Self.textSetting) ?? "Hello"
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        // A fact of the host: an image without a shell greets nobody.
        guard context.host.shell(among: Paths.shells) != nil else { return StepPlan() }
        let profile = context.people.user.home.appending(".profile")
        let line = "echo '\(text.split(separator: "'").joined(separator: #"'\''"#))'"
        return StepPlan(changes: [
            PlannedChange(.line(LineChange(line, in: profile)), by: [.user], onFailure: .warn)
        ])
    }
}
