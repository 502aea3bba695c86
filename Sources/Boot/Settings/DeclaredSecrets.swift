/// The names of the variables that are declared as secrets.
package struct DeclaredSecrets: Equatable, Sendable {
    /// Those that are kept from the user's command.
    let stripped: Set<String>
    /// All of them, and those that are known by their names.
    let all: Set<String>

    init(_ variables: [any VariableDeclaration]) {
        let secrets = variables.filter { $0.rules.secrecy != .none }
        stripped = Set(secrets.filter { $0.rules.secrecy == .stripped }.map(\.name))
        all = Secrets.names.union(secrets.map(\.name))
    }
}
