/// What happens when some required variables are set and others are not.
package enum WhenIncomplete: String, CaseIterable, Sendable {
    /// The boot ends before anything is changed.
    case fail
    /// The command runs as if none were set.
    case run

    /// The variable that chooses this. It is in the section of the identity.
    static let variable = Variable<WhenIncomplete>(
        "IDENTITY_WHEN_INCOMPLETE", .choice,
        Words(
            "When only some of the required variables are set: `fail`, or `run` the command without preparing anything",
            default: standard.rawValue),
        key: "identity.whenIncomplete")

    static let standard = WhenIncomplete.fail

    /// Whether the command must not run without them. It is in the section of the identity, too.
    static let requiredSetting = FileSetting(
        "identity.required", .boolean,
        Words(
            "Whether a start that sets none of the required variables ends with 78, instead of running the command with the "
                + "identity that the container was started with",
            default: "false", example: "true"))
}
