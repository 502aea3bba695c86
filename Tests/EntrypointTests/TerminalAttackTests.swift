import Foundation
import Glibc
import TestSupport
import Testing

/// What can be done to a boot, or by its command, through the terminal of the shell that has started it.
@Suite(.containers)
struct TerminalAttackTests {
    /// Starts a shell on a terminal and waits until it reads what is typed.
    private func startShell(in container: Container) throws -> RunningContainer {
        container.terminal = true
        container.environment["TERM"] = "dumb"
        container.entrypoint = ["/bin/bash", "--norc", "-i"]
        let running = try container.start()
        running.write("PS1='prompt''> '; echo begin''ning\n")
        // Before the shell has set its terminal up, lines end as it likes.
        try running.waitForOutput("beginning")
        try running.waitForOutput("prompt> ")
        return running
    }

    /// A step of root's that tells when it has begun and when it has gone on.
    private static let step: ByteString = "#!/bin/sh\ntouch /run/began; sleep 1; touch /run/went-on\n"

    @Test(arguments: ["exec", "init", "naive"])
    func `a key that stops the foreground does not stop a boot that is root`(program: String) throws {
        try ElevatedTests.withElevatedPod { container in
            try container.addNaive()
            try container.write("/etc/entrypoint/steps.d/10-wait", Self.step, mode: 0o755)
            let isNaive = program == "naive"
            container.environment["ENTRYPOINT_MODE"] = isNaive ? "exec" : ByteString(program)
            let start = isNaive ? "/naive/elevate" : "/usr/local/bin/entrypoint --"
            let running = try startShell(in: container)
            running.write(ByteString("echo star''ting; \(start) echo com''mand\n"))
            try running.waitForOutput("starting\r\n")
            try wait(for: "the step") { try container.exists("/run/began") }
            running.write("\u{1a}")
            try running.waitForOutput(program == "init" ? "command\r\n" : "Stopped")
            if isNaive { usleep(2_000_000) }
            // What stops in the end is the command, which is the user.
            #expect(try container.exists("/run/went-on") == !isNaive)
            if program == "exec" {
                running.write("fg\n")
                try running.waitForOutput("command\r\n")
            }
            // A shell with a stopped job warns of it first.
            running.write("exit\nexit\n")
            _ = try running.wait()
        }
    }

    /// Whether this kernel lets a process put characters into the input of its terminal without privileges.
    private static let isAllowed =
        (try? String(contentsOfFile: "/proc/sys/dev/tty/legacy_tiocsti", encoding: .utf8)) != "0\n"

    @Test(arguments: ["exec", "init", "naive"])
    func `the command types nothing into a shell of root's`(program: String) throws {
        try withPod { container in
            container.environment["IDENTITY_SUDO"] = "none"
            let isNaive = program == "naive"
            container.environment["ENTRYPOINT_MODE"] = isNaive ? "exec" : ByteString(program)
            let start = isNaive ? "setpriv --reuid 1000 --regid 2000 --clear-groups" : "/usr/local/bin/entrypoint --"
            let running = try startShell(in: container)
            running.write(ByteString("\(start) \(ProbeReport.path.text) type 'echo gai\"\"ned as $(id -u)'\n"))
            if isNaive && Self.isAllowed {
                try running.waitForOutput("gained as 0\r\n")
            } else {
                try running.waitForOutput(isNaive ? "Input/output error" : "Operation not permitted")
                running.write("echo no''thing\n")
                try running.waitForOutput("nothing\r\n")
                #expect(!running.outputSoFar.text.contains("gained as"))
            }
            running.write("exit\n")
            _ = try running.wait()
        }
    }

    /// Programs that a step starts may be the user's, as a module that Python loads from the home.
    @Test(arguments: ["exec", "init"], ["user", "seed"])
    func `a step types nothing into a shell of root's`(mode: ByteString, identity: String) throws {
        try withPod { container in
            container.environment["IDENTITY_SUDO"] = "none"
            container.environment["SCRATCH_SEED_USER"] = "1001:2000"
            container.environment["ENTRYPOINT_MODE"] = mode
            try container.write(
                "/etc/entrypoint.yaml",
                """
                steps:
                  - {name: typist, as: \(identity), onFailure: warn,
                     command: [\(ProbeReport.path.text), type, 'echo gai""ned as $(id -u)']}

                """)
            let running = try startShell(in: container)
            running.write("/usr/local/bin/entrypoint -- echo com''mand\n")
            try running.waitForOutput("command\r\n")
            running.write("echo no''thing\n")
            try running.waitForOutput("nothing\r\n")
            #expect(!running.outputSoFar.text.contains("gained as"))
            #expect(running.outputSoFar.text.contains("typist"), "the step was run: \(running.outputSoFar.text)")
            running.write("exit\n")
            _ = try running.wait()
        }
    }

    @Test func `with a terminal of its own the command is left as it is`() throws {
        try withPod { container in
            container.environment["IDENTITY_SUDO"] = "none"
            container.terminal = true
            let outcome = try container.run("grep", "^Seccomp:", "/proc/self/status")
            #expect(outcome.output.contains("Seccomp:\t0"), "\(outcome)")
        }
    }
}
