/// A command line for a shell.
struct ShellWords {
    /// The program, and each option with its value, a line each.
    var lines: [[String]]

    /// The text, with every word as the shell gives it on.
    var text: String {
        lines.map { $0.map(ShellWord.quoted).joined(separator: " ") }.joined(separator: " \\\n  ") + "\n"
    }

    /// The words, one after another.
    var words: [String] { lines.flatMap { $0 } }
}
