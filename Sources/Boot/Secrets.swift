/// Which variables of an environment are secrets.
package enum Secrets {
    /// What the names of passed secrets end in, besides the declared ones.
    package static let suffixes = ["_TOKEN", "_KEY", "_SECRET", "_PASSWORD"]

    /// Whether a variable's value is shown nowhere and kept in no file.
    package static func isSecret(_ name: String) -> Bool {
        suffixes.contains(where: name.hasSuffix)
            || BootSequence.variables.contains { $0.name == name && $0.secrecy != .none }
    }

    /// The names of the variables that the user's command does not get.
    package static var stripped: Set<String> {
        Set(BootSequence.variables.filter { $0.secrecy == .stripped }.map(\.name))
    }
}
