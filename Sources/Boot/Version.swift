/// The version of both programs.
package enum Version {
    package static let text = "0.1.0"

    /// The version with the commit that a program was built from: `0.1.0 (commit 1a2b3c…)`.
    ///
    /// - Parameter commit: the commit's name, or `unknown`, with a NUL at the end.
    package static func text(of commit: UnsafePointer<CChar>) -> String {
        "\(text) (commit \(String(cString: commit)))"
    }
}
