private import Linux

/// Placeholder of the first commit.
package enum Version {
    /// The version of both programs.
    package static let text = "0.1.0"
}
