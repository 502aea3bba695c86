package import Linux

/// An attempt that failed: as whom, and how.
package struct Attempt: Equatable, Sendable {
    /// The identity in words: `user 254321:83070`.
    package let identity: String
    package let error: SystemCallError

    package init(as identity: String, _ error: SystemCallError) {
        self.identity = identity
        self.error = error
    }
}
