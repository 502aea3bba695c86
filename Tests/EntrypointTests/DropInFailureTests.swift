import Glibc
import TestSupport
import Testing

/// What comes of drop-in steps that do not do what they should.
@Suite(.containers)
struct DropInFailureTests {
    /// A step's script, and what is told of it.
    static let failures: [(script: ByteString, mode: UInt32, told: String)] = [
        (
            "#!/bin/sh\necho first; echo no such host >&2; exit 3\n", 0o755,
            "STEP failed: exit code 3; the last line of its output is 'no such host'"
        ),
        ("#!/bin/sh\nkill -SEGV $$\n", 0o755, "STEP failed: SIGSEGV ended it"),
        (
            "#!/nothing\n", 0o755,
            "cannot run STEP: no such file or directory (execve ENOENT as WHO); the interpreter of its first line is "
                + "not in the image"
        ),
        (
            "#!/bin/sh\r\ntrue\r\n", 0o755,
            "cannot run STEP: no such file or directory (execve ENOENT as WHO); its first line ends with a carriage return, "
                + "as Windows writes it: save the file with Unix line ends (dos2unix)"
        ),
        (
            "#!/bin/sh -e\r\ntrue\r\n", 0o755,
            "STEP failed: exit code 2; the last line of its output is '/bin/sh: illegal option -'; its first line ends with a "
                + "carriage return, as Windows writes it: save the file with Unix line ends (dos2unix)"
        ),
        (
            "no script\n", 0o755,
            "cannot run STEP: exec format error (execve ENOEXEC as WHO); a script needs a first line such as #!/bin/sh, and "
                + "a program must be for this machine"
        ),
        (
            "#!/bin/sh\necho 'secret value' > $ENTRYPOINT_EXPORT\n", 0o755,
            "cannot take what STEP exports: line 1 has no '='; a line is NAME=value"
        ),
        (
            "#!/bin/sh\nhead -c 70000 /dev/zero | tr '\\0' x > $ENTRYPOINT_EXPORT\n", 0o755,
            "cannot take what STEP exports: it has more than 65536 bytes; a line is NAME=value"
        ),
        (
            "#!/bin/sh\necho HOME=/x > $ENTRYPOINT_EXPORT\n", 0o755,
            "cannot take what STEP exports: line 1 sets HOME, which a step cannot set; a line is NAME=value"
        ),
        (
            "#!/bin/sh\necho SSH_PRIVATE_KEY_B64=x > $ENTRYPOINT_EXPORT\n", 0o755,
            "cannot take what STEP exports: line 1 sets SSH_PRIVATE_KEY_B64, which a step cannot set; a line is "
                + "NAME=value"
        ),
    ]

    @Test(arguments: ["steps.d", "user-steps.d"], failures)
    func `a step that fails ends the boot, or is warned of`(
        directory: String, failure: (script: ByteString, mode: UInt32, told: String)
    ) throws {
        try withPod(.busybox) { container in
            let name = "\(directory)/10-x"
            let path = "/etc/entrypoint/\(name)"
            func told(_ text: String) -> String {
                text.replacing("STEP", with: path)
                    .replacing("WHO", with: directory == "steps.d" ? "root" : "user 1000:2000")
            }
            try container.write(path, failure.script, mode: failure.mode)
            let boot = try container.boot("echo", "ran")
            #expect(boot.exitCode == 125 && boot.output == "", "\(boot)")
            #expect(boot.log(of: name).last == told(failure.told), "\(boot)")

            // The same program as an entry.
            try container.write("/opt/x", failure.script, mode: failure.mode)
            try container.remove(path)
            let identity = directory == "steps.d" ? "root" : "user"
            try container.write(
                "/etc/entrypoint.yaml",
                "steps: [{name: own, command: [/opt/x], as: \(identity), onFailure: warn}]\n")
            let warned = try container.boot("echo", "ran")
            #expect(warned.exitCode == 0 && warned.output == "ran\n", "\(warned)")
            #expect(
                warned.log(of: "own").last == "warning: " + told(failure.told).replacing(path, with: "/opt/x"),
                "\(warned)")
        }
    }

    @Test func `a program that is missing, a directory or not executable is told`() throws {
        try withPod(.busybox) { container in
            try container.makeDirectory("/etc/entrypoint/steps.d/10-directory")
            try container.write("/etc/entrypoint/steps.d/20-text", "text", mode: 0o644)
            try container.write("/etc/entrypoint/user-steps.d/30-text", "text", mode: 0o600)
            try container.link("/etc/entrypoint/user-steps.d/40-link", to: "/etc/entrypoint/steps.d")
            let boot = try container.boot("true")
            #expect(boot.exitCode == 0)
            #expect(
                boot.log.filter { $0.contains("steps.d") } == [
                    "steps.d/10-directory: warning: skipped: /etc/entrypoint/steps.d/10-directory: it is a directory",
                    "steps.d/20-text: warning: skipped: /etc/entrypoint/steps.d/20-text: it is not executable (0644)",
                    "user-steps.d/30-text: warning: skipped: /etc/entrypoint/user-steps.d/30-text: it is not executable (0600)",
                    "user-steps.d/40-link: warning: skipped: /etc/entrypoint/user-steps.d/40-link: it is a directory",
                ], "\(boot)")
            for (program, told) in [
                ("/nothing", "cannot run /nothing: no such file"), ("/etc", "cannot run /etc: it is a directory"),
                ("/etc/passwd", "cannot run /etc/passwd: it is not executable (0644)"),
                (
                    "/bin/echo x",
                    "cannot run '/bin/echo x': no such file; each argument is an item of its own in the list of the command"
                ),
            ] {
                for identity in ["root", "user"] {
                    try container.write(
                        "/etc/entrypoint.yaml", "steps: [{name: own, command: [\(program)], as: \(identity)}]\n")
                    let boot = try container.boot("true")
                    #expect(boot.exitCode == 125, "\(boot)")
                    let last = boot.log.last?.replacing(" (openat2 ENOENT as root)", with: "")
                    #expect(last == "own: \(told)", "\(boot)")
                }
            }
        }
    }

    @Test(arguments: ["root", "user"]) func `a step that hangs is ended, with all that it has started`(
        identity: String
    ) throws {
        try withPod(.busybox) { container in
            try container.write(
                "/opt/hang", "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho waiting\nwait\nsleep 1000\n", mode: 0o755)
            try container.write(
                "/etc/entrypoint.yaml",
                "steps: [{name: own, command: [/opt/hang], as: \(identity), timeout: 1, onFailure: warn}]\n")
            let boot = try container.boot("sh", "-c", "ps | grep -c '[s]leep'")
            #expect(boot.output == "0\n", "\(boot)")
            // What it started may be dying still when it has ended.
            #expect(
                boot.log(of: "own").filter { !$0.hasSuffix("left behind had to be killed") }.suffix(2) == [
                    "waiting",
                    "warning: /opt/hang failed: it did not end within 1 s; the last line of its output is 'waiting'; the key "
                        + "timeout of its entry under steps changes the limit",
                ], "\(boot)")
            #expect(boot.duration < .seconds(30))
        }
    }

    @Test func `a step without a limit may take its time`() throws {
        try withPod(.busybox) { container in
            container.environment["SCRATCH_TIMEOUT"] = "1"
            try container.write(
                "/etc/entrypoint.yaml", "steps: [{name: own, command: [/bin/sleep, '3'], timeout: 0}]\n")
            #expect(try container.boot("echo", "ran").output == "ran\n")
        }
    }

    @Test(arguments: ["root", "user"], ["init", "exec"])
    func `what a step leaves behind is killed, and does not hold up the boot`(identity: String, mode: ByteString) throws
    {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            try container.write(
                "/etc/entrypoint.yaml",
                "steps: [{name: own, command: [/bin/sh, -c, 'sleep 1000 & sleep 1001 & echo done'], as: \(identity)}]\n"
            )
            let boot = try container.boot("sh", "-c", "ps | grep -c '[s]leep'")
            #expect(boot.output == "0\n", "\(boot)")
            #expect(boot.duration < .seconds(20))
            #expect(
                boot.log(of: "own").prefix(3).map { $0.prefix(20) } == [
                    "done", "ran /bin/sh -c sleep", "warning: 2 processes",
                ], "\(boot)")
        }
    }

    @Test func `a step that prints a hundred megabytes costs no memory, and its end is told`() throws {
        try withPod(.busybox) { container in
            container.entrypoint = ["/bin/sh", "-c", "ulimit -v 65536; exec /usr/local/bin/entrypoint \"$@\"", "sh"]
            try container.write(
                "/etc/entrypoint/user-steps.d/10-loud",
                "#!/bin/sh\nhead -c 50000000 /dev/zero\nyes | head -c 50000000\necho end >&2\nexit 4\n", mode: 0o755)
            let boot = try container.boot("true")
            #expect(boot.exitCode == 125)
            #expect(boot.errors.utf8.count < 400_000)
            #expect(
                boot.log(of: "user-steps.d/10-loud").suffix(2) == [
                    "24999001 further lines (49998004 bytes) not shown",
                    "/etc/entrypoint/user-steps.d/10-loud failed: exit code 4; the last line of its output is 'y'",
                ], "\(boot)")
        }
    }

    @Test(arguments: ["root", "user"]) func `TERM reaches a step`(identity: String) throws {
        try withPod(.busybox) { container in
            // The shell tells of the end of sleep, to nobody: the boot has ended by then.
            try container.write(
                "/opt/wait",
                "#!/bin/sh\ntrap '' PIPE; trap 'echo told > /tmp/told; exit' TERM\necho waiting\nwhile :; do sleep 0.1; done\n",
                mode: 0o755)
            try container.makeDirectory("/tmp", mode: 0o1777)
            try container.write(
                "/etc/entrypoint.yaml", "steps: [{name: own, command: [/opt/wait], as: \(identity), timeout: 0}]\n")
            let running = try container.start("true")
            try running.waitForErrors("own: waiting")
            try running.signal(SIGTERM)
            let outcome = try running.wait(within: .seconds(30))
            #expect(outcome.exitCode == 143, "\(outcome)")
            #expect(outcome.duration < .seconds(20), "\(outcome)")
            #expect(try container.text("/tmp/told") == "told\n")
        }
    }
}
