/// Why the settings cannot be used, one line for each problem.
package struct SettingsError: Error, Equatable, Sendable {
    package let problems: [Note]
    /// What else the reader should know, such as the name of an unknown variable.
    package let notices: [Note]
}
