import Foundation
import TestSupport
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
        ["sh", "-l"], ["bash", "-l"], ["bash", "-i"], ["bash", "-l", "-i"], ["zsh"],
        ["zsh", "-l"], ["zsh", "-i"],
    ]

    /// Calls the body with a container that jane's boot has prepared; what is run in it then is a session.
    private func withBootedPod(
        _ programs: Programs, _ variables: Environment = [:],
        _ body: (_ session: (UInt32, [ByteString], ByteString) throws -> Outcome) throws -> Void
    ) throws {
        try withPod(.debian, programs) { container in
            try container.write(
                "/etc/profile.d/entrypoint.sh",
                ByteString(try String(contentsOfFile: ImageBuild.project + "/docker/base/profile.sh", encoding: .utf8)))
            for file in ["/etc/bash.bashrc", "/etc/zsh/zshenv"] {
                try container.append(file, "\n. /etc/profile.d/entrypoint.sh\n")
            }
            container.environment = container.environment.with(variables)
            if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            let boot = try container.start("/bin/sh", "-c", Self.startupFiles + "; echo up; exec sleep 60")
            try boot.waitForOutput("up")
            try body { user, shell, script in
                // As a login has it, and not the pod spec's.
                let own = Environment.container.with(["HOME": [0: "/root", 1000: "/home/jane"][user] ?? "/"])
                let environment: [ByteString] = ["env", "-i"] + own.entries
                return try boot.exec(
                    environment + shell + ["-c", script], user: "\(user):\(user == 0 ? 0 : 2000)")
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
            // Nor by the snippet's own words.
            for shell in ["sh", "bash", "zsh"] as [ByteString] {
                let outcome = try session(0, [shell], "eval \"$(entrypointctl env --sh)\"; " + Self.look)
                #expect(outcome.outputLines == ["0 /root none none"], "\(shell): \(outcome)")
            }
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `the user's have the environment, others of the group have not`(programs: Programs) throws {
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

    @Test func `the user's shells have umask and directory, too, where the pod itself sets SCRATCH_HOME`() throws {
        let variables: Environment = ["SCRATCH_HOME": "/scratch/homes/jane", "HF_HOME": "/scratch/homes/hf"]
        try withBootedPod(.plain, variables) { session in
            let look: ByteString = "echo \"${ZDOTDIR-none} $(umask) $PWD $HF_HOME ${ENTRYPOINT_SESSION-none}\""
            for shell in Self.shells {
                let users = try session(1000, ["env"] + variables.entries + shell, look)
                let umask = shell[0] == "zsh" ? "007" : "0007"
                #expect(
                    users.outputLines.last
                        == "/scratch/homes/jane/.shell \(umask) /scratch/homes/jane /scratch/homes/hf 1",
                    "\(shell): \(users)")
                // What a person has chosen since stays in the shells below.
                let below = try session(
                    1000, ["env"] + variables.entries + shell, "umask 022; cd /tmp; zsh -c '" + look + "'")
                #expect(below.outputLines.last == "/scratch/homes/jane/.shell 022 /tmp /scratch/homes/hf 1", "\(below)")
            }
            // A shell that another program has started is where that program has sent it.
            for shell in Self.shells {
                let inner = ByteString(shell.map { $0.text }.joined(separator: " "))
                let sent = try session(
                    1000, ["env"] + variables.entries + ["sh"],
                    "cd /; " + inner + " -c 'echo $PWD ${ZDOTDIR-none}'; :")
                #expect(sent.outputLines.last == "/ /scratch/homes/jane/.shell", "\(shell): \(sent)")
            }
            // A directory and variables that somebody has chosen stay.
            let chosen = try session(
                1000, ["env", "-C", "/tmp", "HF_HOME=/mine", "TERM=own", "zsh"], "echo $PWD $HF_HOME $TERM")
            #expect(chosen.outputLines.last == "/tmp /mine own", "\(chosen)")
        }
    }

    @Test func `variables whose names a shell has taken cost a session nothing else`() throws {
        let names: [ByteString] = [
            "UID", "GID", "EUID", "EGID", "PPID", "status", "path", "argv", "options", "commands", "functions",
            "aliases",
            "BASHOPTS", "RANDOM", "_X",
        ]
        let variables = Environment(entries: names.map { $0 + "=1+'x[$(echo gained >&2)]\n" })
        try withBootedPod(.plain, variables) { session in
            for shell in Self.shells {
                let users = try session(1000, shell, Self.look + "; printf '%s' \"$_X\"")
                #expect(
                    users.output.hasSuffix(
                        "1000 /home/jane /scratch/homes/jane/.shell /scratch/homes/jane\n1+'x[$(echo gained >&2)]\n"),
                    "\(shell): \(users)")
                #expect(!users.errorLines.contains("gained") && !users.errors.contains("entrypoint"), "\(users)")
            }
        }
    }

    @Test(arguments: [true, false]) func `a shell of busybox has the environment, after a boot without privileges too`(
        isBare: Bool
    ) throws {
        try withPod(.busybox) { container in
            let snippet = try String(contentsOfFile: ImageBuild.project + "/docker/base/profile.sh", encoding: .utf8)
            try container.write("/etc/profile", ByteString(snippet))
            container.environment["ODD"] = "'\n\u{1}$(false)"
            container.environment["ENTRYPOINT_MODE"] = "init"
            if isBare {
                (container.user, container.group) = (1000, 2000)
                try container.makeDirectory("/scratch/homes", mode: 0o777)
            }
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            let look: ByteString = "printf '%s|' \"$(id -u)\" \"$HOME\" \"${SCRATCH_HOME-none}\" \"${ODD-none}\""
            let clean: [ByteString] = ["env", "-i", "PATH=/bin:/usr/bin", "HOME=/x", "sh", "-l", "-c", look]
            let home = isBare ? "/scratch/homes/jane" : "/home/jane"
            let users = try boot.exec(clean, user: "1000:2000")
            #expect(users.output == "1000|\(home)|/scratch/homes/jane|'\n\u{1}$(false)|", "\(users)")
            for user in ["0:0", "1001:2000"] {
                let others = try boot.exec(clean, user: user)
                #expect(others.output == "\(user.prefix { $0 != ":" })|/x|none|none|", "\(others)")
            }
            let listing = try boot.exec(["entrypointctl", "env"], user: "1000:2000")
            #expect(listing.outputLines.contains("ODD='\\n\\u{1}$(false)"), "\(listing)")
            let bytes = try boot.exec(["entrypointctl", "env", "--null"], user: "1000:2000")
            #expect(bytes.standardOutput.contains("\0ODD='\n\u{1}$(false)\0"), "\(bytes)")
            for option in [[], ["--null"]] as [[ByteString]] {
                let roots = try boot.exec(["entrypointctl", "env"] + option, user: "0:0")
                #expect(roots.exitCode == 1 && roots.output.isEmpty)
                #expect(
                    roots.errors
                        == "entrypointctl: no environment of a boot: the environment of a boot is its user's, and never "
                        + "root's\n", "\(roots)")
            }
            let silent = try boot.exec(["entrypointctl", "env", "--sh"], user: "0:0")
            #expect(silent.exitCode == 0 && silent.output.isEmpty && silent.errors.isEmpty, "\(silent)")
        }
    }

    @Test func `a start as root tells where sessions will get nothing`() throws {
        for (mode, isTold) in [(0o755, false), (0o1777, false), (0o777, true)] as [(UInt32, Bool)] {
            try withPod(.busybox) { container in
                try container.makeDirectory("/run", mode: mode)
                let boot = try container.start("sh", "-c", "echo up; exec sleep 60")
                try boot.waitForOutput("up")
                let warning =
                    "report: warning: later sessions do not get the environment: /run is not root's, or others can remove "
                    + "what is in it"
                #expect(boot.errorsSoFar.text.contains(warning) == isTold, "\(boot.errorsSoFar)")
                let session = try boot.exec(["entrypointctl", "env", "--sh"], user: "1000:2000")
                #expect(session.exitCode == 0 && session.output.isEmpty == isTold, "\(session)")
            }
        }
    }

    @Test func `others than root and the group cannot read the report`() throws {
        try withBootedPod(.plain) { session in
            for user in [0, 1000] as [UInt32] {
                let outcome = try session(user, ["sh"], "grep -c microseconds /run/entrypoint/report.jsonl")
                #expect(outcome.output == "1\n", "\(outcome)")
            }
            let outcome = try session(
                0, ["setpriv", "--reuid=33", "--regid=33", "--clear-groups", "sh"], "cat /run/entrypoint/report.jsonl")
            #expect(outcome.exitCode == 1 && outcome.errors.contains("Permission denied"), "\(outcome)")
        }
    }
}
