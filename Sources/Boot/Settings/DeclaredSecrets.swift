/// The names of the variables that are declared as secrets.
package struct DeclaredSecrets: Equatable, Sendable {
    /// The variables that the user's command does not get.
    let stripped: Set<String>
    /// All declared secrets, and those that are known by their names. There are a few, and most differ in length.
    private let all: [[UInt8]]

    init(_ variables: [any VariableDeclaration]) {
        let secrets = variables.filter { $0.rules.secrecy != .none }
        stripped = Set(secrets.filter { $0.rules.secrecy == .stripped }.map { $0.name })
        all = Secrets.names.union(secrets.map { $0.name }).sorted().map { Array($0.utf8) }
    }

    /// Whether a name is one of them.
    func contains(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for secret in all where secret.count == name.count && secret.elementsEqual(name) { return true }
        return false
    }
}
