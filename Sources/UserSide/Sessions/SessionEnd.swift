package import Linux

/// The end of a session: all its processes are asked to end, and killed if they do not.
package struct SessionEnd: Sendable {
    /// What became of a session.
    package enum Outcome: String, Sendable {
        /// Its processes have ended when they were asked to.
        case ended
        /// Some had to be killed.
        case killed
        /// Somebody else's: only root may end it.
        case notPermitted = "not permitted"
        /// Something of it is still there.
        case remains
        /// The session of whoever asks.
        case own
    }

    private let tree: FileTree
    private let user: UInt32

    /// How long processes have between the request and the kill, in nanoseconds.
    package static let grace: UInt64 = 5_000_000_000
    /// How long killed processes may take, in nanoseconds.
    private static let patience: UInt64 = 2_000_000_000

    /// - Parameters:
    ///   - tree: the container's files.
    ///   - user: whose sessions may be ended: everybody's by root.
    package init(in tree: FileTree, as user: UInt32 = CurrentProcess.effectiveUser) {
        self.tree = tree
        self.user = user
    }

    /// Whether a session may be ended, and what is said otherwise.
    package func objection(to session: ContainerSession) -> Outcome? {
        if session.isOwn { return .own }
        return user == 0 || session.leader.user == user ? nil : .notPermitted
    }

    /// Ends sessions, all at the same time.
    ///
    /// - Parameter sessions: those that nothing objects to.
    /// - Returns: what became of each.
    package func end(_ sessions: [ContainerSession]) -> [Outcome] {
        // HUP ends shells, which ignore TERM; what is stopped receives nothing until it continues.
        let first = members(of: sessions)
        for signal in [Signal.terminate, .hangup, .resume] { first.forEach { send(signal, to: $0) } }
        let late = wait(for: sessions, atMost: Self.grace)
        var left = late
        // What is started in the meantime belongs to the session, too.
        let end = Clock.monotonic &+ Self.patience
        while Clock.monotonic < end, left.contains(where: { !$0.isEmpty }) {
            left.forEach { send(.kill, to: $0) }
            left = wait(for: sessions, atMost: 100_000_000)
        }
        return zip(late, left).map { late, left in left.isEmpty ? (late.isEmpty ? .ended : .killed) : .remains }
    }

    /// The processes of each session, as they are now. A number that is used again by a later session has a younger leader.
    private func members(of sessions: [ContainerSession]) -> [[ProcessFacts]] {
        let ids = ((try? tree.names(in: "/proc", links: .follow)) ?? []).compactMap { Int32($0.string) }
        let all = ids.compactMap { id in id > 1 ? ProcessFacts(id, in: tree) : nil }.filter { !$0.hasEnded }
        return sessions.map { session in
            let isAnother = all.contains { $0.id == session.leader.id && $0.started != session.leader.started }
            if isAnother { return [] }
            return all.filter { $0.session == session.leader.id && $0.id != CurrentProcess.id }
        }
    }

    private func send(_ signal: Signal, to processes: [ProcessFacts]) {
        for process in processes {
            Signals.send(signal, toProcess: process.id) { process.isSame(as: ProcessFacts(process.id, in: tree)) }
        }
    }

    /// Waits until no process is left.
    ///
    /// - Returns: the processes of each session that are left.
    private func wait(for sessions: [ContainerSession], atMost nanoseconds: UInt64) -> [[ProcessFacts]] {
        let end = Clock.monotonic &+ nanoseconds
        while true {
            let left = members(of: sessions)
            if Clock.monotonic >= end || left.allSatisfy({ $0.isEmpty }) { return left }
            Clock.sleep(nanoseconds: 20_000_000)
        }
    }
}
