internal import Linux
package import Text

/// A session of somebody who has come into the container after its start.
package struct ContainerSession: Equatable, Sendable {
    /// How it has come in.
    package enum Origin: String, Sendable {
        /// By the container's runtime: `docker exec`, `kubectl exec`.
        case exec
        /// By an ssh server.
        case ssh
        /// By a program that gives terminals to others, such as tmux or an editor's server.
        case terminal
    }

    /// The process that leads it; its id is the session's.
    package let leader: ProcessFacts
    package let origin: Origin
    /// The name of its user; the id in decimal where nobody has it.
    package let user: String
    /// The leader's command, on one line.
    package let command: String
    /// The command in the terminal's foreground, where that is another one; empty otherwise.
    package let foreground: String
    /// All its processes that have not ended.
    package let processes: [ProcessFacts]
    /// When it began, in nanoseconds since 1970; `nil` where the kernel does not tell.
    package let began: UInt64?
    /// For how many seconds nothing has been typed; `nil` without a terminal.
    package let idle: UInt64?
    /// Whether the process that asks belongs to it, or descends from it.
    package let isOwn: Bool

    /// The session for programs.
    package var json: JSON {
        .object([
            ("session", .number(leader.id)), ("user", .string(user)), ("uid", .number(leader.user)),
            ("origin", .string(origin.rawValue)),
            ("terminal", leader.terminalName.map { .string($0) } ?? .null),
            ("began", began.map { .string(Timestamps.utc(nanoseconds: $0)) } ?? .null),
            ("idle", idle.map { .number($0) } ?? .null), ("processes", .number(processes.count)),
            ("command", .string(command)), ("foreground", foreground.isEmpty ? .null : .string(foreground)),
            ("own", .bool(isOwn)),
        ])
    }
}
