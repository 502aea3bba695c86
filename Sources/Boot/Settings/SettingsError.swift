/// Why the settings cannot be used: one line a problem.
package struct SettingsError: Error, Equatable, Sendable {
    package let problems: [String]
    /// What else the reader should know, such as a variable's name that is not known.
    package let notices: [String]
}
