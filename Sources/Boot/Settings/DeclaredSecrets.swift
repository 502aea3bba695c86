/// The names of the variables that are declared as secrets.
package struct DeclaredSecrets: Equatable, Sendable {
    /// The variables that the user's command does not get.
    let stripped: Set<String>
    /// All declared secrets, and those that are known by their names.
    let all: Set<String>

    init(_ variables: [any VariableDeclaration]) {
        let secrets = variables.filter { $0.rules.secrecy != .none }
        stripped = Set(secrets.filter { $0.rules.secrecy == .stripped }.map(\.name))
        all = Secrets.names.union(secrets.map(\.name))
    }
}
