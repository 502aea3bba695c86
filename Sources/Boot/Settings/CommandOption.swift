/// An option of the command line that sets a variable.
package struct CommandOption: Equatable, Sendable {
    /// The option as it is written, such as `--grace`.
    package let name: String
    /// The placeholder for its value in the help; `nil` for an option without a value, which means `true`.
    package let value: String?

    package init(_ name: String, _ value: String?) {
        self.name = name
        self.value = value
    }
}
