/// How the program ends when it does not end as the user's command.
package enum ExitCode: Int32, CaseIterable, Sendable {
    case usage = 64
    case settings = 78
    case boot = 125
    case notExecutable = 126
    case notFound = 127

    /// What the code means.
    package var meaning: String {
        switch self {
        case .usage: "the arguments of entrypoint itself are wrong"
        case .settings: "a setting is wrong; nothing was changed"
        case .boot: "a step or the drop of privileges failed"
        case .notExecutable: "the command was found and could not be executed"
        case .notFound: "the command was not found"
        }
    }
}
