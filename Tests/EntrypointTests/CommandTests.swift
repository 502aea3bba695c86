import Boot
import TestSupport
import Testing

/// Finding and executing the command: what a shell would say of it.
@Suite(.containers)
struct CommandTests {
    /// A command, and how the boot ends.
    struct Case: CustomTestStringConvertible {
        var command: ByteString
        var path: ByteString?
        var exitCode: Int32
        /// The line of the failure; nothing where the command runs.
        var line: String?
        /// Whether bash or dash, which differ in some of them, ends with the same code.
        var isLikeShell = true

        var testDescription: String { "\(command) with PATH \(path.map(\.description) ?? "unset")" }
    }

    static let usual = Environment.container["PATH"]
    static let long = ByteString([UInt8](repeating: UInt8(ascii: "x"), count: 300))
    static let shownLong = String(repeating: "x", count: 100) + "… (300 bytes)"
    static let notExecutable =
        "permission denied (execve EACCES); it must be executable for the user, and not on a mount with noexec"
    static let notFound = "not found in PATH (/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)"

    static let cases: [Case] = [
        Case(command: "true", path: usual, exitCode: 0),
        Case(command: "nowhere", path: usual, exitCode: 127, line: "cannot run nowhere: \(notFound)"),
        Case(command: "", path: usual, exitCode: 127, line: "cannot run '': not found"),
        Case(command: "/no/such", path: usual, exitCode: 127, line: "cannot run /no/such: no such file"),
        Case(command: "./nowhere", path: usual, exitCode: 127, line: "cannot run ./nowhere: no such file"),
        Case(command: "/etc/passwd/x", path: usual, exitCode: 127, line: "cannot run /etc/passwd/x: no such file"),
        Case(
            command: "/etc", path: usual, exitCode: 126,
            line: "cannot run /etc: permission denied (execve EACCES); it is a directory"),
        Case(command: "/opt/plain", path: usual, exitCode: 126, line: "cannot run /opt/plain: \(notExecutable)"),
        Case(
            command: "/opt/root/tool", path: usual, exitCode: 126, line: "cannot run /opt/root/tool: \(notExecutable)"),
        Case(
            command: "/opt/no-interpreter", path: usual, exitCode: 127,
            line: "cannot run /opt/no-interpreter: its interpreter /nowhere/sh is not in the image"),
        // The line end of Windows is a part of the interpreter's name.
        Case(
            command: "/opt/windows", path: usual, exitCode: 127,
            line:
                "cannot run /opt/windows: its interpreter is not found; its first line ends with a carriage return, as "
                + "Windows writes it: save the file with Unix line ends (dos2unix)"),
        // What a pod spec has as one word.
        Case(
            command: "python train.py", path: "/bin", exitCode: 127,
            line: "cannot run 'python train.py': not found in PATH (/bin); a command line in one word is for a shell: "
                + "args: [\"sh\", \"-c\", \"python train.py\"]"),
        Case(
            command: "/opt/plain \"x\"", path: usual, exitCode: 127,
            line: "cannot run '/opt/plain \"x\"': no such file; a command line in one word is for a shell: "
                + "args: [\"sh\", \"-c\", \"/opt/plain \\\"x\\\"\"]"),
        Case(
            command: "/opt/loop", path: usual, exitCode: 126,
            line: "cannot run /opt/loop: too many levels of symbolic links (execve ELOOP)"),
        Case(command: long, path: usual, exitCode: 127, line: "cannot run \(shownLong): \(notFound)"),
        Case(command: "/opt/dangling", path: usual, exitCode: 127, line: "cannot run /opt/dangling: no such file"),
        // What a shell would do itself, the boot never does.
        Case(
            command: "/opt/no-header", path: usual, exitCode: 126,
            line: "cannot run /opt/no-header: exec format error (execve ENOEXEC); "
                + "a script needs a first line such as #!/bin/sh, and a program must be for this machine",
            isLikeShell: false),
        Case(command: "tool", path: "/opt/plain-first:/opt/second", exitCode: 9),
        Case(
            command: "tool", path: "/opt/plain-first", exitCode: 126,
            line: "cannot run /opt/plain-first/tool: \(notExecutable)"),
        Case(command: "tool", path: "/opt/root:/opt/second", exitCode: 9),
        Case(command: "tool", path: "/opt/root", exitCode: 127, line: "cannot run tool: not found in PATH (/opt/root)"),
        Case(command: "tool", path: "/no:/etc/passwd:/opt/second", exitCode: 9),
        Case(
            command: "directory", path: "/opt:/opt/second", exitCode: 127,
            line: "cannot run directory: not found in PATH (/opt:/opt/second)"),
        Case(command: "here", path: "/no:", exitCode: 9),
        Case(command: "here", path: ":/no", exitCode: 9),
        Case(command: "here", path: "/no::/no", exitCode: 9),
        Case(command: "deep", path: "bin", exitCode: 9),
        Case(command: "here", path: "/no", exitCode: 127, line: "cannot run here: not found in PATH (/no)"),
        Case(command: "true", path: nil, exitCode: 0),
        Case(command: "nowhere", path: nil, exitCode: 127, line: "cannot run nowhere: \(notFound)"),
        // An empty value is an unset one; a shell looks in the working directory.
        Case(command: "true", path: "", exitCode: 0, isLikeShell: false),
        Case(command: "here", path: "", exitCode: 127, line: "cannot run here: \(notFound)", isLikeShell: false),
    ]

    @Test func `commands are found, or not, as by a shell`() throws {
        try withPod { container in
            let script: ByteString = "#!/bin/sh\nexit 9\n"
            try container.write("/opt/plain", script)
            try container.write("/opt/root/tool", script, mode: 0o755)
            try container.makeDirectory("/opt/root", mode: 0o700)
            try container.write("/opt/no-interpreter", "#!/nowhere/sh\n", mode: 0o755)
            try container.write("/opt/windows", "#!/bin/sh\r\nexit 9\r\n", mode: 0o755)
            try container.write("/opt/no-header", "exit 9\n", mode: 0o755)
            try container.link("/opt/loop", to: "loop")
            try container.link("/opt/dangling", to: "/nowhere")
            try container.write("/opt/plain-first/tool", script)
            try container.write("/opt/second/tool", script, mode: 0o755)
            try container.makeDirectory("/opt/directory")
            try container.makeDirectory("/scratch/homes/jane", mode: 0o770, user: 1000, group: 2000)
            try container.write("/scratch/homes/jane/here", script, mode: 0o755)
            try container.write("/scratch/homes/jane/bin/deep", script, mode: 0o755)
            container.environment["ENTRYPOINT_MODE"] = "exec"
            for found in Self.cases {
                container.environment["PATH"] = found.path
                let outcome = try container.bootInNamespaces([found.command])
                #expect(outcome.exitCode == found.exitCode, "\(found.testDescription): \(outcome)")
                #expect(
                    outcome.log(of: "handoff") == [found.line].compactMap { $0 }, "\(found.testDescription): \(outcome)"
                )
                guard found.isLikeShell else { continue }
                let shells = try ["/bin/bash", "/bin/dash"].map { shell in
                    try container.bootInNamespaces([shell, "-c", "\"$0\"", found.command])
                }
                #expect(
                    shells.contains { $0.exitCode == found.exitCode }, "\(found.testDescription) in shells: \(shells)")
            }
        }
    }

    @Test func `the command is looked for as the user, in the working directory`() throws {
        try withPod(.busybox) { container in
            // Root could find and execute it; the user can do neither.
            try container.write("/root/bin/tool", container.read("/usr/local/bin/probe"), mode: 0o755)
            try container.makeDirectory("/root", mode: 0o700)
            container.environment["PATH"] = "/root/bin:."
            #expect(try container.boot("tool").exitCode == 127)
            try container.write(
                "/scratch/homes/jane/tool", container.read("/usr/local/bin/probe"), mode: 0o700, user: 1000)
            #expect(try container.boot("tool", "exit", "3").exitCode == 3)
        }
    }

    @Test func `without a command the login shell runs`() throws {
        try withPod { container in
            container.input = "echo $0 $ZSH_VERSION; id -un; exit 5\n"
            let zsh = try container.boot()
            #expect(
                zsh.exitCode == 5 && zsh.output.hasPrefix("/bin/zsh 5.") && zsh.output.hasSuffix("\njane\n"), "\(zsh)")
            #expect(zsh.log.last?.contains(" in N ms; /bin/zsh as jane (1000:2000) in /scratch/homes/jane; ") == true)
        }
        try withPod(.scratch) { container in
            let none = try container.boot()
            #expect(none.exitCode == 127 && none.log.last == "handoff: cannot run /bin/sh: no such file", "\(none)")
        }
    }

    @Test func `the program's own arguments end at the command`() throws {
        try withPod(.busybox) { container in
            let usage: [(arguments: [ByteString], line: String)] = [
                (["--bogus", "true"], "unknown option --bogus; see entrypoint --help"),
                (["--plam"], "unknown option --plam: did you mean --plan?; see entrypoint --help"),
                (["-x"], "unknown option -x; see entrypoint --help"),
                (["--mode"], "option --mode needs a value; see entrypoint --help"),
                (["--mode="], "option --mode needs a value; see entrypoint --help"),
                (["--warn-reaped=yes"], "option --warn-reaped takes no value; see entrypoint --help"),
            ]
            for (arguments, line) in usage {
                let outcome = try container.boot(arguments)
                #expect(outcome.exitCode == 64 && outcome.errors == "entrypoint: \(line)\n", "\(outcome)")
            }
            #expect(try container.boot("--version").output.hasPrefix("entrypoint \(Version.text) (commit "))
            for command: [ByteString] in [
                ["--", ProbeReport.path], ["--mode", "exec", "--", ProbeReport.path],
                ["--mode=exec", ProbeReport.path],
            ] {
                let report = try container.boot(command + ["report", "--", "--help", "--plan", "--"]).report()
                #expect(report.arguments == ["report", "--", "--help", "--plan", "--"])
            }
            let bad = try container.boot("--mode", "neither", "true")
            #expect(bad.exitCode == 78 && bad.log == ["settings: --mode is 'neither': not one of exec, init"], "\(bad)")
            let dash = try container.boot("--", "--version")
            #expect(
                dash.exitCode == 127 && dash.log.last == "handoff: cannot run --version: \(Self.notFound)", "\(dash)")
        }
    }
}
