import TestSupport

/// Containers as users start them. What an image has as its entrypoint is the built `entrypoint`.
enum Podman {
    /// Runs `podman run OPTIONS IMAGE COMMAND` without network, and removes the container afterwards.
    ///
    /// - Parameters:
    ///   - options: those of `podman run`, such as `--user=1000:1000`; `--env` for variables.
    ///   - programs: what is mounted, read-only, in `/usr/local/bin`.
    /// - Throws: `TestFailure` when podman itself fails (its exit code 125 with an `Error:`), or the time is over.
    static func run(
        _ image: Image, _ command: [ByteString] = [], options: [ByteString] = [], programs: Programs = .plain,
        within deadline: Duration = .seconds(180)
    ) throws -> Outcome {
        let running = try start(image, command, options: options, programs: programs)
        let outcome = try running.wait(within: deadline)
        if outcome.exitCode == 125 && outcome.errorLines.contains(where: { $0.hasPrefix("Error: ") }) {
            throw TestFailure("podman could not run the container: \(outcome)")
        }
        return outcome
    }

    /// Starts `podman run` in the foreground. Signals sent to what is returned reach the container's process 1.
    static func start(
        _ image: Image, _ command: [ByteString] = [], options: [ByteString] = [], programs: Programs = .plain
    ) throws -> RunningProgram {
        let own: [ByteString] = ["run", "--rm", "--network=none", "--cgroup-parent=/\(try TestMachine.run)"]
        return try program(own + mounts(programs) + options + ["\(image.name)"] + command).start()
    }

    /// Runs any command of podman, such as `kube play FILE`, and waits for its end.
    static func invoke(_ arguments: ByteString..., within deadline: Duration = .seconds(180)) throws -> Outcome {
        try program(arguments).run(within: deadline)
    }

    /// The options that mount the programs, for commands that this type does not know of.
    static func mounts(_ programs: Programs = .plain) -> [ByteString] {
        ["entrypoint", "entrypointctl", "probe"].map { name in
            "--volume=\(TestMachine.directory)/\(programs.rawValue)/usr/local/bin/\(name):/usr/local/bin/\(name):ro"
        }
    }

    /// podman with the settings and the storage of this run.
    static func program(_ arguments: [ByteString]) throws -> Program {
        var podman = Program("/usr/bin/podman", arguments)
        podman.environment = Environment.container.with([
            "CONTAINERS_CONF": "\(try TestMachine.images)/containers.conf",
            "CONTAINERS_STORAGE_CONF": "\(TestMachine.directory)/podman/storage.conf",
            "HOME": "/root", "TMPDIR": "\(TestMachine.directory)", "XDG_RUNTIME_DIR": "\(TestMachine.directory)/podman",
        ])
        return podman
    }
}
