import Foundation
import TestSupport
import Testing

/// A directory that outlives its container, from its first boot to the last save.
@Suite(.containers)
struct SnapshotBootTests {
    /// A container with restic, a repository and a directory that come from outside, as another pod gets them.
    private func withNode(
        _ programs: Programs = .plain, _ body: (Node) throws -> Void
    ) throws {
        try withRunDirectory { directory in
            let node = Node(directory: directory, programs: programs)
            for name in ["repository", "disk", "secrets"] {
                mkdir("\(directory)/\(name)", 0o755)
                chown("\(directory)/\(name)", name == "secrets" ? 0 : 1000, 2000)
            }
            chmod(directory, 0o755)
            try "passw0rd\n".write(toFile: "\(directory)/secrets/password", atomically: false, encoding: .utf8)
            try body(node)
        }
    }

    struct Node {
        let directory: String
        let programs: Programs

        var disk: String { "\(directory)/disk" }

        /// Boots a container of the pod.
        func boot(
            pod: String = "one", policy given: String? = nil, settings: String = "", variables: Environment = [:],
            isOwn: Bool = false, start: (Container) -> Void = { _ in }, _ command: ByteString...
        ) throws -> Outcome {
            try withPod(.debian, programs) { container in
                let file = isOwn ? "/scratch/homes/own.yaml" : "/etc/entrypoint.yaml"
                try container.write(file, ByteString((given ?? policy) + settings))
                if isOwn { container.environment["ENTRYPOINT_USER_CONFIG"] = ByteString(file) }
                container.mounts.append(.bind("/usr/bin/restic", to: "/usr/bin/restic"))
                container.mounts.append(.bind("\(directory)/repository", to: "/repository"))
                container.mounts.append(.bind("\(directory)/secrets", to: "/secrets"))
                container.mounts.append(.bind(disk, to: "/workdir"))
                container.environment = container.environment.with([
                    "POD_NAME": ByteString(pod), "ENTRYPOINT_GRACE": "60",
                ]).with(variables)
                start(container)
                return try container.run(command, within: .seconds(120))
            }
        }

        private var policy: String {
            """
            snapshot:
              directory: /workdir
              repository: /repository/{user}
              credentials: {passwordFile: /secrets/password}
              every: 1h
              exclude: [.cache]

            """
        }

        /// Removes what is on the node's disk: the pod moves.
        func move() throws {
            let outcome = try Program("/bin/sh", ["-c", "rm -rf \(disk); mkdir \(disk); chown 1000:2000 \(disk)"]).run()
            try #require(outcome.exitCode == 0, "\(outcome)")
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `what a pod leaves is what the next one finds`(programs: Programs) throws {
        try withNode(programs) { node in
            func start(_ container: Container) {
                if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            }
            let none = try node.boot(start: start, "true")
            #expect(none.exitCode == 125 && none.errors.contains("there is none"), "\(none)")
            let first = try node.boot(
                settings: "  create: true\n", start: start, "sh", "-c",
                "echo work >/workdir/file; mkdir /workdir/.cache; echo x >/workdir/.cache/y; id -u")
            #expect(first.exitCode == 0 && first.output == "1000\n", "\(first)")
            #expect(first.errors.contains("/workdir is new"), "\(first)")
            #expect(first.errors.contains("saved /workdir as"), "\(first)")
            try node.move()
            let second = try node.boot(pod: "two", start: start, "sh", "-c", "cat /workdir/file; ls -A /workdir")
            #expect(second.exitCode == 0, "\(second)")
            #expect(
                second.outputLines == ["work", ".entrypoint-snapshot", ".entrypoint-snapshot.cache", "file"],
                "\(second)")
            #expect(second.errors.contains(" by one to /workdir in "), "\(second)")
            #expect(second.errors.contains("/workdir has not changed since"), "\(second)")
        }
    }

    @Test func `a restart on the same disk keeps what is newer`() throws {
        try withNode { node in
            _ = try node.boot(settings: "  create: true\n", "sh", "-c", "echo old >/workdir/file")
            // As if the container were killed before anything was saved.
            try "new\n".write(toFile: "\(node.disk)/file", atomically: false, encoding: .utf8)
            let again = try node.boot("cat", "/workdir/file")
            #expect(again.output == "new\n" && again.errors.contains("is as this pod has left it"), "\(again)")
        }
    }

    @Test func `nothing is saved over what could not be restored, whatever the policy`() throws {
        try withNode { node in
            let first = try node.boot(settings: "  create: true\n", "sh", "-c", "echo precious >/workdir/file")
            try #require(first.errors.contains("saved /workdir as"), "\(first)")
            try node.move()
            try "wrong\n".write(toFile: "\(node.directory)/secrets/password", atomically: false, encoding: .utf8)
            let stopped = try node.boot(pod: "two", "sh", "-c", "echo ran")
            #expect(stopped.exitCode == 125 && stopped.output == "", "\(stopped)")
            #expect(stopped.errors.contains("the password is not the repository's"), "\(stopped)")
            let warned = try node.boot(
                pod: "two", settings: "  onFailure: warn\n", "sh", "-c", "echo ran; rm -f /workdir/*")
            #expect(warned.exitCode == 0 && warned.output == "ran\n", "\(warned)")
            #expect(warned.errors.contains("/workdir is not saved"), "\(warned)")
            try node.move()
            try "passw0rd\n".write(toFile: "\(node.directory)/secrets/password", atomically: false, encoding: .utf8)
            let restored = try node.boot(pod: "three", "cat", "/workdir/file")
            #expect(restored.output == "precious\n", "\(restored)")
        }
    }

    /// What is wrong, and what the message has.
    static let mistakes:
        [(prepare: @Sendable (Node) throws -> Void, settings: String, variables: Environment, has: [String])] = [
            (
                { chmod("\($0.directory)/secrets/password", 0o600) }, "", [:],
                ["cannot read /secrets/password: permission denied", "fsGroup"]
            ),
            ({ unlink("\($0.directory)/secrets/password") }, "", [:], ["cannot read /secrets/password: no such file"]),
            ({ _ in }, "  repositry: /x\n", [:], ["did you mean"]),
            ({ _ in }, "", ["SNAPSHOT_REPOSITORY": "/repository/{name}"], ["no placeholder {name}"]),
            ({ _ in }, "", ["ENTRYPOINT_MODE": "exec"], ["cannot start services"]),
            (
                { _ in }, "services: [{name: snapshot, command: [/bin/true]}]\n", [:],
                ["the name of a service that saves"]
            ),
        ]

    @Test(arguments: mistakes.indices) func `settings that cannot be used are told, with 78`(index: Int) throws {
        let tried = Self.mistakes[index]
        try withNode { node in
            try tried.prepare(node)
            let outcome = try node.boot(settings: tried.settings, variables: tried.variables, "true")
            #expect(outcome.exitCode == 78, "\(outcome)")
            for text in tried.has { #expect(outcome.errors.contains(text), "\(outcome)") }
        }
    }

    @Test func `an image without the engine is told which package it needs`() throws {
        try withNode { node in
            let outcome = try node.boot(
                start: { container in
                    container.mounts.removeAll { $0.path == "/usr/bin/restic" }
                }, "true")
            #expect(
                outcome.exitCode == 78 && outcome.errors.contains("the image needs the package restic"), "\(outcome)")
        }
    }

    @Test func `a pod with nothing but variables is restored and saved, beside services of root's`() throws {
        try withNode { node in
            let variables: Environment = [
                "SNAPSHOT_DIRECTORY": "/workdir", "SNAPSHOT_REPOSITORY": "/repository/{user}",
                "SNAPSHOT_PASSWORD": "passw0rd", "SNAPSHOT_CREATE": "true",
            ]
            let rooted = "services: [{name: rooted, command: [/bin/sleep, 1000], as: root}]\n"
            let first = try node.boot(
                policy: rooted, variables: variables, "sh", "-c", "echo mine >/workdir/file; env")
            #expect(first.exitCode == 0 && first.errors.contains("saved /workdir as"), "\(first)")
            #expect(!first.output.contains("passw0rd"), "\(first)")
            try node.move()
            let second = try node.boot(pod: "two", policy: rooted, variables: variables, "cat", "/workdir/file")
            #expect(second.exitCode == 0 && second.output == "mine\n", "\(second)")
        }
    }

    @Test func `the environment of the command has no secret of a snapshot, and the engine's log none either`() throws {
        try withNode { node in
            let outcome = try node.boot(
                settings: "  create: true\n",
                variables: ["SNAPSHOT_PASSWORD": "hunter2hunter2", "ENTRYPOINT_LOG": "debug"],
                "sh", "-c", "env; cat /workdir/.entrypoint-snapshot")
            #expect(outcome.exitCode == 0 && !"\(outcome)".contains("hunter2"), "\(outcome)")
        }
    }

    @Test func `a file of the user's own may have a snapshot, too`() throws {
        try withNode { node in
            let first = try node.boot(settings: "  create: true\n", isOwn: true, "sh", "-c", "echo mine >/workdir/file")
            #expect(first.exitCode == 0 && first.errors.contains("saved /workdir as"), "\(first)")
            try node.move()
            let second = try node.boot(pod: "two", isOwn: true, "cat", "/workdir/file")
            #expect(second.output == "mine\n", "\(second)")
            try node.move()
            unlink("\(node.directory)/secrets/password")
            let stopped = try node.boot(pod: "three", isOwn: true, "echo", "ran")
            #expect(stopped.exitCode == 78 && stopped.output == "", "\(stopped)")
            let warned = try node.boot(pod: "three", settings: "  onFailure: warn\n", isOwn: true, "echo", "ran")
            #expect(warned.output == "ran\n" && warned.errors.contains("cannot read /secrets/password"), "\(warned)")
        }
    }
}
