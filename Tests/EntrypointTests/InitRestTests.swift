import Glibc
import TestSupport
import Testing

/// What the command leaves behind: orphans are reaped while it runs; who is left when it ends is told, and killed later.
@Suite(.containers)
struct InitRestTests {
    @Test func `orphans are reaped, 200 at once`() throws {
        try withPod(.scratch) { container in
            let running = try container.start(ProbeReport.path, "orphans", "200", "3", "print", "made", "await", "1")
            try running.waitForOutput("made")
            let resident = try Resident(of: running)
            try wait(for: "the orphans' adoption") { try resident.children.count == 201 }
            try wait(for: "the orphans' end") { try resident.children.count == 1 }
            try running.waitForOutput("ready")
            try running.signal(SIGUSR1)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 0 && outcome.initLines == [], "\(outcome)")
        }
    }

    @Test(arguments: Form.allCases)
    func `an orphan that is reaped is named on demand`(form: Form) throws {
        try withPod(.scratch) { container in
            let options = container.set("--warn-reaped", "ENTRYPOINT_WARN_REAPED", nil, as: form)
            let running = try container.start(options + [ProbeReport.path, "orphans", "1", "0.1", "await", "1"])
            try running.waitForOutput("ready")
            try running.waitForErrors("reaped")
            try running.signal(SIGUSR1)
            #expect(try running.wait().initLines == ["reaped orphan probe (N): exit code 0"])
        }
    }

    @Test func `members of the group that need a second to stop are waited for`() throws {
        try withPod(.busybox) { container in
            let running = try container.startShell(
                "probe await 1 sleep 1 print saved & exec probe await 1 print ending exit 5")
            try running.waitForOutput("ready\nready\n")
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 5, "\(outcome)")
            #expect(outcome.outputLines.contains("ending") && outcome.outputLines.last == "saved", "\(outcome)")
            #expect(
                outcome.initLines == [
                    "SIGTERM at TIME: the command ended N s after it (exit code 5); 1 other process ended"
                ], "\(outcome)")
        }
    }

    @Test(arguments: Form.allCases)
    func `what ignores TERM is killed after the grace`(form: Form) throws {
        try withPod(.busybox) { container in
            let options = container.set("--grace", "ENTRYPOINT_GRACE", "1", as: form)
            let running = try container.startShell(
                "probe ignore 15 ignore 10 print deaf sleep 60 & exec probe await 1 exit 3", options: options)
            try running.waitForOutput("deaf")
            try running.waitForOutput("ready")
            try running.signal(SIGUSR1)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 3, "\(outcome)")
            let line =
                /init: the command ended \(exit code 3\); 1 other process did not end within [1-9]\.[0-9] s and was killed: probe \([0-9]+\)\n/
            #expect(outcome.errors.contains(line), "\(outcome)")
        }
    }

    @Test func `nobody is waited for when nobody is left`() throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_GRACE"] = "60"
            let alone = try container.run(ProbeReport.path, "exit", "6")
            #expect(alone.exitCode == 6 && alone.initLines == [], "\(alone)")
            let left = try container.run("/bin/sh", "-c", "probe sleep 60 & exit 6")
            #expect(left.exitCode == 6 && left.initLines == [], "\(left)")
        }
    }

    @Test func `another TERM shortens the grace`() throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_GRACE"] = "60"
            let running = try container.startShell(
                "probe ignore 15 print deaf sleep 90 & exec probe await 1 print ending exit 9")
            try running.waitForOutput("deaf")
            try running.waitForOutput("ready")
            let resident = try Resident(of: running)
            let command = try #require(try resident.children.first)
            try running.signal(SIGTERM)
            // Reaped before what is left is told, in one turn of the init.
            try wait(for: "the command's end") { try !resident.children.contains(command) }
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 9, "\(outcome)")
            #expect(
                outcome.initLines == [
                    "SIGTERM at TIME: the command ended N s after it (exit code 9); 1 other process did not end within N s and was killed: probe (N)"
                ], "\(outcome)")
        }
    }
}
