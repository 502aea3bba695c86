internal import Linux
internal import Programs
internal import Text

/// Tells git who the user is, if the user has not configured it.
package struct GitIdentity: Step {
    package static let name = "git"
    package static let summary = "git's global configuration has an identity; one that is there stays"
    package static let actors = "user"
    package static let exports: [String] = []

    static let userNameVariable = Variable(
        "GIT_USER_NAME", .text(parse),
        Words("Name for git's `user.name` where it has none", example: "Jane Doe"), key: "git.userName")
    static let emailVariable = Variable(
        "GIT_USER_EMAIL", .text(parse),
        Words("Address for git's `user.email` where it has none", example: "jane@example.org"), key: "git.userEmail")

    package static let variables: [any VariableDeclaration] = [userNameVariable, emailVariable]

    /// Secrets often end with a newline; git itself would drop newlines and keep other control characters.
    private static func parse(_ text: String) throws(FormatError) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { throw FormatError("nothing but whitespace") }
        let name = String(scalars[first...last])
        guard !name.unicodeScalars.contains(where: { UInt8(exactly: $0.value)?.isControl == true }) else {
            throw FormatError("it has a newline or another control character")
        }
        return name
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        UInt8(exactly: scalar.value)?.isSpace == true
    }

    private let userName: String?
    private let email: String?
    /// Git's global configuration file, if the pod names one.
    private let givenConfiguration: FilePath?

    package init?(reading reader: inout SettingsReader) {
        userName = reader.value(Self.userNameVariable)
        email = reader.value(Self.emailVariable)
        // The step that declares the variable reports what is wrong with the path.
        givenConfiguration = reader.environment.value(ShellState.gitVariable.name)
            .flatMap { try? ValueFormats.absolutePath(String(decoding: $0, as: UTF8.self)) }
        if userName == nil && email == nil { return nil }
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let scratch = context.settings[Scratch.self]
        let home = context.people.user.home
        // By default, git looks in the home.
        let path =
            scratch.flatMap { context.settings[ShellState.self]?.gitConfiguration($0) } ?? givenConfiguration
            ?? home.appending(".gitconfig")
        let entries = [("name", userName), ("email", email)].compactMap { key, value in
            value.map { GitIdentityChange.Entry(key: key, value: $0) }
        }
        let change = GitIdentityChange(
            path: path, entries: entries, git: context.host.program("git"), home: home)
        return StepPlan(changes: [PlannedChange(.gitIdentity(change), by: [.user], onFailure: .warn)])
    }
}
