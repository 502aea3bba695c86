/// What happens when a variable's name is nearly that of one that decides who the user is.
package enum WhenMisspelt: String, CaseIterable, Sendable {
    /// The boot ends before anything is changed.
    case fail
    /// There is a warning, and the variable has no effect.
    case warn

    /// The variable that chooses this. It is in the section of the identity.
    static let variable = Variable<WhenMisspelt>(
        "IDENTITY_WHEN_MISSPELT", .choice,
        Words(
            "When the name of a variable is nearly `NB_*`, `IDENTITY_*` or `SCRATCH_SEED_USER`: `fail`, or `warn` and go on "
                + "without it",
            default: standard.rawValue), .imagePolicy, key: "identity.whenMisspelt")

    static let standard = WhenMisspelt.fail
}
