import Foundation
import Testing

/// Shells that are started in the container after its boot, as by `docker exec`: with the base image's snippet the user's own
/// have the environment of the boot, and nobody else's.
@Suite(.containers)
struct SessionTests {
    /// Every startup file of the user's tells who runs it.
    private static let startupFiles: ByteString = """
        for file in "$HOME/.profile" "$HOME/.bash_profile" "$HOME/.bashrc" "$ZDOTDIR/.zshenv" "$ZDOTDIR/.zprofile" \\
            "$ZDOTDIR/.zshrc"; do
            echo 'echo startup file as $(id -u)' >"$file" || exit
        done
        """

    /// Ways to start a shell.
    private static let shells: [[ByteString]] = [
        ["sh", "-l"], ["bash", "-l"], ["bash", "-i"], ["bash", "-l", "-i"], ["zsh"], ["zsh", "-l"], ["zsh", "-i"],
    ]

    /// Calls the body with a container that jane's boot has prepared; what is run in it then is a session.
    private func withBootedPod(
        _ programs: Programs, _ body: (_ session: (UInt32, [ByteString], ByteString) throws -> Outcome) throws -> Void
    ) throws {
        try withPod(.debian, programs) { container in
            try container.write(
                "/etc/profile.d/entrypoint.sh",
                ByteString(try String(contentsOfFile: ImageBuild.project + "/docker/base/profile.sh", encoding: .utf8)))
            for file in ["/etc/bash.bashrc", "/etc/zsh/zshenv"] {
                try container.append(file, "\n. /etc/profile.d/entrypoint.sh\n")
            }
            if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            let boot = try container.boot("/bin/sh", "-c", Self.startupFiles)
            try #require(boot.exitCode == 0, "\(boot)")
            container.entrypoint = []
            try body { user, shell, script in
                (container.user, container.group) = (user, user == 0 ? 0 : 2000)
                container.environment = Environment.container.with([
                    "HOME": [0: "/root", 1000: "/home/jane"][user] ?? "/"
                ])
                return try container.run(shell + ["-c", script])
            }
        }
    }

    private static let look: ByteString = "echo $(id -u) ${HOME} ${ZDOTDIR-none} ${SCRATCH_HOME-none}"

    @Test(arguments: [Programs.plain, .elevated])
    func `root's run none of the user's startup files`(programs: Programs) throws {
        try withBootedPod(programs) { session in
            for shell in Self.shells {
                let outcome = try session(0, shell, Self.look)
                #expect(outcome.outputLines == ["0 /root none none"], "\(shell): \(outcome)")
            }
            // Nor by the file itself.
            for shell in ["sh", "bash", "zsh"] as [ByteString] {
                let outcome = try session(0, [shell], ". /run/entrypoint/environment.sh; " + Self.look)
                #expect(outcome.outputLines == ["0 /root none none"], "\(shell): \(outcome)")
            }
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `the user's have the environment, another's of his group have not`(programs: Programs) throws {
        try withBootedPod(programs) { session in
            for shell in Self.shells {
                let users = try session(1000, shell, Self.look)
                #expect(
                    users.outputLines.last == "1000 /home/jane /scratch/homes/jane/.shell /scratch/homes/jane",
                    "\(shell): \(users)")
                let others = try session(1001, shell, Self.look)
                #expect(others.outputLines == ["1001 / none none"], "\(shell): \(others)")
            }
            // The startup files of the first test do tell.
            let users = try session(1000, ["zsh", "-i"], "true")
            #expect(users.outputLines.contains("startup file as 1000"), "\(users)")
        }
    }

    @Test func `others than root and the group cannot read the report`() throws {
        try withBootedPod(.plain) { session in
            for user in [0, 1000] as [UInt32] {
                let outcome = try session(user, ["sh"], "grep -c microseconds /run/entrypoint/report.json")
                #expect(outcome.output == "1\n", "\(outcome)")
            }
            let outcome = try session(
                0, ["setpriv", "--reuid=33", "--regid=33", "--clear-groups", "sh"], "cat /run/entrypoint/report.json")
            #expect(outcome.exitCode == 1 && outcome.errors.contains("Permission denied"), "\(outcome)")
        }
    }
}
