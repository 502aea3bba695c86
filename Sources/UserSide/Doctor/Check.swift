/// A question that `entrypointctl doctor` asks of a container.
///
/// It runs in a process of its own, which is killed when its time is over: whatever it does may hang.
package struct Check: Sendable {
    /// As whom it runs.
    package enum Actors: Sendable {
        /// Once, as whoever asks.
        case caller
        /// Once, as the user of the command where whoever asks is root and may become that user; otherwise as whoever asks.
        case user
        /// As each of the user, the seed user and root whom the caller is or may become.
        case each
    }

    /// Its stable name: the area, and what it asks, such as `scratch.create`.
    package let name: String
    /// What it asks, in a few words for the list of checks.
    package let summary: String
    package let actors: Actors
    /// How long it may take, in seconds.
    package let deadline: UInt32
    /// Finds out. No finding means that the question does not arise in this container.
    package let findings: @Sendable (ContainerFacts) -> [Finding]

    /// What it is about: the name up to the dot, such as `scratch`.
    package var area: String { String(name.prefix { $0 != "." }) }

    /// - Parameter deadline: how long it may take, in seconds.
    package init(
        _ name: String, _ summary: String, as actors: Actors = .caller, deadline: UInt32 = 3,
        findings: @escaping @Sendable (ContainerFacts) -> [Finding]
    ) {
        self.name = name
        self.summary = summary
        self.actors = actors
        self.deadline = deadline
        self.findings = findings
    }
}
