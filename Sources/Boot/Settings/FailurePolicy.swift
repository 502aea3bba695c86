/// What happens to the boot when a change fails.
package enum FailurePolicy: String, CaseIterable, Sendable {
    /// The boot ends with exit code 125.
    case stop
    /// The boot continues with a warning.
    case warn
}
