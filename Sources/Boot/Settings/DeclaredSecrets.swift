/// Which names are those of secrets, whatever the settings add: declared ones, and those that end like one.
package struct DeclaredSecrets: Equatable, Sendable {
    /// The variables that the user's command does not get.
    let stripped: Set<String>
    /// All declared secrets, and those that are known by their names.
    private let all: NameBytes
    /// The endings of the names of secrets.
    private let endings = NameBytes(Secrets.suffixes)

    init(_ variables: [any VariableDeclaration]) {
        let secrets = variables.filter { $0.rules.secrecy != .none }
        stripped = Set(secrets.filter { $0.rules.secrecy == .stripped }.map { $0.name })
        all = NameBytes(Secrets.names.union(secrets.map { $0.name }).sorted())
    }

    /// Whether a name is one of them, or ends like a secret's.
    func contains(_ name: UnsafeBufferPointer<UInt8>) -> Bool { endings.containsEnding(of: name) || all.contains(name) }
}
