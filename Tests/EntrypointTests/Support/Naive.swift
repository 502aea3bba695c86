import Foundation
import TestSupport
import Testing

/// The programs of `Tests/Fixtures/naive`, which do the boot's work and make the mistakes that attacks live on.
extension Container {
    /// Puts them into `/naive`; what is to become root by the capabilities of its file has them.
    func addNaive() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/naive")
        let tools = URL(filePath: try TestMachine.tools).appending(path: "naive")
        for (name, directory) in [
            ("entrypoint", fixtures), ("profile.sh", fixtures), ("elevate", tools), ("closed-streams", tools),
            ("dumpable", tools),
        ] {
            try write("/naive/\(name)", ByteString(Data(contentsOf: directory.appending(path: name))), mode: 0o755)
        }
        // All that root has: otherwise the kernel takes care of it when it gains the rest.
        let all = Container.defaultCapabilities.map { "cap_\($0.lowercased())" }.joined(separator: ",")
        try setCapabilities(of: "/naive/elevate", in: self, all + "+ep")
        try setCapabilities(of: "/naive/dumpable", in: self, "cap_setuid,cap_setgid+ep")
    }

    /// Starts the script, as root, from now on.
    func useNaiveScript() throws {
        try addNaive()
        entrypoint = ["/naive/entrypoint"]
        (user, group) = (0, 0)
    }
}

/// What a caller does to get what is not theirs: a script of theirs that says `gained` when they have it.
struct Attack: CustomTestStringConvertible, Sendable {
    /// What it lives on.
    var testDescription: String
    /// What is special about the image or the pod.
    var prepare: @Sendable (Container) throws -> Void = { _ in }
    /// For `sh`, with `START` for the program that is attacked.
    var script: String
    /// Which of the naive programs makes the mistake.
    var naive = "elevate"
    /// Whether the container starts as root, so that the attack is in what root is handed.
    var isAsRoot = false
    /// What the boot says instead; nothing where its standard error is part of the attack.
    var told: String

    /// Tries it on a program, in a container of its own.
    ///
    /// - Returns: whether the attacker has got what they wanted, and what was told.
    func attempt(on program: String, variables: Environment = [:]) throws -> (hasGained: Bool, outcome: Outcome) {
        try ElevatedTests.withElevatedPod { container in
            try container.addNaive()
            if isAsRoot { (container.user, container.group) = (0, 0) }
            try prepare(container)
            container.environment = container.environment.with(variables)
            container.entrypoint = ["/bin/sh", "-c"]
            let outcome = try container.run(ByteString(script.replacing("START", with: program)))
            return (outcome.outputLines.contains("gained"), outcome)
        }
    }
}
