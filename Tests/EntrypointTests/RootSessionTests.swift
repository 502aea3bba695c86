import TestSupport
import Testing

/// `entrypointctl exec --root`: root stays root, with what a step of root's has, and with nothing that the user could have put
/// there.
@Suite(.containers)
struct RootSessionTests {
    /// Tells all that a process is, in lines that begin with a step's or with nothing.
    private static let facts: ByteString = """
        #!/bin/sh
        echo "$(id -u):$(id -g) umask $(umask) in $(pwd)"
        env | grep -v -e ^PWD= -e ^OLDPWD= -e ^_= -e ^SHLVL= -e ^ENTRYPOINT_EXPORT= | sort
        """

    /// What runs a program of the attacker's in whoever has it.
    private static let attack: Environment = [
        "PATH": "/tmp/evil:/usr/bin:/bin", "LD_PRELOAD": "/tmp/evil/evil.so", "LD_LIBRARY_PATH": "/tmp/evil",
        "BASH_ENV": "/tmp/evil/start", "ENV": "/tmp/evil/start", "PYTHONPATH": "/tmp/evil", "PERL5LIB": "/tmp/evil",
        "PYTHONSTARTUP": "/tmp/evil/start", "GIT_CONFIG_GLOBAL": "/tmp/evil/start", "ZDOTDIR": "/tmp/evil",
        "HOME": "/tmp/evil", "IFS": "/", "PS4": "$(touch /tmp/ran)", "PROMPT_COMMAND": "touch /tmp/ran",
        "BASH_FUNC_id%%": "() { touch /tmp/ran; }", "NB_USER": "mallory", "NB_UID": "0", "SCRATCH_HOME": "/tmp/evil",
        "HF_TOKEN": "hf_secretsecret", "XDG_CONFIG_HOME": "/tmp/evil", "LC_ALL": "evil", "SSH_AUTH_SOCK": "/tmp/evil/s",
    ]

    /// Calls the body with a container that jane's boot has made ready, in which every program that one of her variables
    /// leads to leaves a trace.
    private func withBootedPod(
        _ programs: Programs = .plain, _ body: (RunningContainer, Container) throws -> Void
    ) throws {
        try withPod(.debian, programs) { container in
            if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            try container.write("/etc/entrypoint/steps.d/10-facts", Self.facts, mode: 0o755)
            // The pod's variables and the exports of a step of the user's.
            for name in ["LD_LIBRARY_PATH", "PYTHONPATH", "HF_TOKEN", "PERL5LIB"] as [ByteString] {
                container.environment[name] = Self.attack[name]
            }
            let exports = Self.attack.entries.filter { entry in
                !["HOME=", "NB_", "SCRATCH_", "HF_TOKEN", "IFS", "BASH_FUNC"].contains { entry.text.hasPrefix($0) }
            }
            try container.write(
                "/etc/entrypoint/user-steps.d/10-evil",
                "#!/bin/sh\ncat >\"$ENTRYPOINT_EXPORT\" <<'X'\n"
                    + ByteString(exports.map { $0.text + "\n" }.joined()) + "X\n", mode: 0o755)
            try container.makeDirectory("/tmp/evil", mode: 0o777)
            for name in ["id", "sh", "env", "start", ".zshenv", ".bashrc", ".profile"] {
                try container.write("/tmp/evil/\(name)", "#!/bin/sh\ntouch /tmp/ran\n", mode: 0o755, user: 1000)
            }
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            try? container.remove("/tmp/ran")
            try body(boot, container)
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `root has the environment of a step of root's and nothing of the user's`(programs: Programs) throws {
        try withBootedPod(programs) { boot, container in
            let step = boot.errorsSoFar.text.split(separator: "\n").compactMap { line -> String? in
                let prefix = "entrypoint: steps.d/10-facts: "
                guard line.hasPrefix(prefix) else { return nil }
                let text = String(line.dropFirst(prefix.count))
                return text.hasPrefix("ran ") ? nil : text
            }
            #expect(step.count > 9, "\(boot.errorsSoFar.text)")
            let own = Self.attack.with(["TERM": "xterm-256color", "LANG": "de_CH.UTF-8"])
            for way in [["--root"], ["--root", "--"]] as [[ByteString]] {
                let outcome = try boot.exec(
                    ["/usr/local/bin/entrypointctl", "exec"] + way + ["sh", "/etc/entrypoint/steps.d/10-facts"],
                    user: "0:0", environment: own)
                #expect(outcome.exitCode == 0 && outcome.errors == "", "\(outcome)")
                let variables = Set(step.dropFirst()).union(["TERM=xterm-256color", "LANG=de_CH.UTF-8"])
                #expect(outcome.outputLines.first == step.first && Set(outcome.outputLines.dropFirst()) == variables)
            }
            // As a shell on its own, too, and with what only shells have.
            for shell in ["bash", "zsh", "sh"] as [ByteString] {
                let outcome = try boot.exec(
                    [
                        "/usr/local/bin/entrypointctl", "exec", "--root", shell, "-i", "-c",
                        "id -u; set | grep /tmp/e[v]il",
                    ],
                    user: "0:0", environment: own)
                #expect(outcome.output == "0\n", "\(outcome)")
            }
            #expect(try !container.exists("/tmp/ran"))
            // The same commands without it do what the attacker wants.
            let naive = try boot.exec(["/bin/bash", "-c", "id"], user: "0:0", environment: own)
            #expect(try container.exists("/tmp/ran"), "\(naive)")
        }
    }

    @Test func `a terminal and a language are names, and no files`() throws {
        try withBootedPod { boot, _ in
            for (value, isPassed) in [
                ("xterm", true), ("de_CH.UTF-8@euro", true), ("screen.xterm-256color", true), ("../../tmp/evil", false),
                ("/tmp/evil", false), (".", false), ("", false), ("x y", false), ("x\ny", false), ("$(id)", false),
                (String(repeating: "x", count: 65), false),
            ] {
                let outcome = try boot.exec(
                    ["entrypointctl", "exec", "--root", "--", "sh", "-c", "echo \"${TERM-none} ${LANG-none}\""],
                    user: "0:0", environment: ["TERM": ByteString(value), "LANG": ByteString(value)])
                #expect(outcome.output == (isPassed ? "\(value) \(value)\n" : "none none\n"), "\(value): \(outcome)")
            }
        }
    }

    @Test func `only root stays root`() throws {
        try withBootedPod { boot, _ in
            let user = try boot.exec(["entrypointctl", "exec", "--root", "--", "id"], user: "1000:2000")
            #expect(user.exitCode == 125 && user.output.isEmpty)
            #expect(
                user.errors
                    == "entrypointctl: cannot stay root: this process is user 1000; only root can stay root: docker exec "
                    + "--user 0 …\n", "\(user)")
            let shell = try boot.exec(["sh", "-c", "echo 'echo $0 $HOME' | entrypointctl exec --root"], user: "0:0")
            #expect(shell.output == "/bin/zsh /root\n", "\(shell)")
            let cases: [(arguments: [ByteString], code: Int32, text: String)] = [
                (["--root", "--", "sh", "-c", "exit 7"], 7, ""), (["--root", "nothing"], 127, "cannot run nothing"),
                (["--root", "/etc/passwd"], 126, "cannot run /etc/passwd"), (["--root", "--x"], 64, "Unknown option"),
                (["--root", "--help"], 0, "--root"), (["--", "--root"], 127, "cannot run --root"),
            ]
            for (arguments, code, text) in cases {
                let outcome = try boot.exec(["entrypointctl", "exec"] + arguments, user: "0:0")
                #expect(outcome.exitCode == code, "\(arguments): \(outcome)")
                #expect(text.isEmpty || (outcome.errors + outcome.output).contains(text), "\(outcome)")
            }
        }
    }

    @Test func `without a boot that root can believe, it has no settings and no place of the pod's`() throws {
        try withContainer(.debian) { container in
            container.entrypoint = []
            container.environment = Environment.pod.with(Self.attack)
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            let outcome = try boot.exec(
                [
                    "/usr/local/bin/entrypointctl", "exec", "--root", "sh", "-c",
                    "pwd; umask; env | sort | grep -v ^PWD",
                ],
                user: "0:0")
            #expect(
                outcome.outputLines == [
                    "/proc", "0022", "HOME=/proc", "LC_ALL=C",
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ], "\(outcome)")
        }
    }
}
