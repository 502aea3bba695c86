internal import Text

/// What the lines mean that a program of a built-in step prints, by how they begin. Any other line is shown.
package enum BundledLine: String, Sendable {
    /// Why it ends, in place of which the boot says nothing else.
    case failure = "error: "
    /// What needs attention.
    case warning = "warning: "

    /// The line for a text.
    package func line(_ text: String) -> String { rawValue + text }

    /// The text of a line that begins so; `nil` for another line.
    package func text(of line: String) -> String? {
        line.utf8.starts(with: rawValue.utf8) ? String(line.dropFirst(rawValue.count)) : nil
    }
}
