/// Which variables of an environment are secrets.
package enum Secrets {
    /// Passed secrets that are known by their names, whatever the suffixes are.
    package static let names: Set<String> = ["WANDB_API_KEY", "HF_TOKEN", "GITHUB_TOKEN"]
    /// What the names of passed secrets end in, besides the declared ones.
    package static let suffixes = ["_TOKEN", "_KEY", "_SECRET", "_PASSWORD"]

    /// Whether a variable's value is shown nowhere and kept in no file.
    package static func isSecret(_ name: String) -> Bool {
        // As bytes: a letter that joins with what follows hides the end of a text.
        suffixes.contains { name.utf8.reversed().starts(with: $0.utf8.reversed()) } || declared.contains(name)
            || names.contains(name)
    }

    /// The names of the variables that the user's command does not get.
    package static let stripped = Set(BootSequence.variables.filter { $0.secrecy == .stripped }.map(\.name))

    private static let declared = Set(BootSequence.variables.filter { $0.secrecy != .none }.map(\.name))
}
