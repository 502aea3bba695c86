import Glibc
import TestSupport
import Testing

/// The init as another process than process 1, in a pid namespace of somebody else.
@Suite(.containers)
struct InitBesideTests {
    @Test(arguments: Form.allCases)
    func `the init adopts what the command leaves, and leaves others alone`(form: Form) throws {
        try withContainer(.busybox) { container in
            container.entrypoint = []
            let running = try container.start(ProbeReport.path, "await", "1", "exit", "4")
            try running.waitForOutput("ready")
            container.environment = [:]
            let options = container.set("--mode", "ENTRYPOINT_MODE", "init", as: form)
            let outcome = try running.exec(
                ["/usr/local/bin/entrypoint"] + options + [
                    "--warn-reaped", "/bin/sh", "-c",
                    "probe orphans 1 0.2 sleep 0.5; probe sleep 60 & probe report; exit 7",
                ], environment: container.environment)
            #expect(outcome.exitCode == 7, "\(outcome)")
            #expect(try outcome.report().parent != 1)
            // The shell's child may not have become the program yet.
            let reaped = outcome.initLines.map { $0.replacing("orphan sh", with: "orphan probe") }
            #expect(
                reaped == ["reaped orphan probe (N): exit code 0", "reaped orphan probe (N): SIGTERM"], "\(outcome)")
            #expect(running.outputSoFar == "ready\n")
            try running.signal(SIGUSR1)
            let bystander = try running.wait()
            #expect(bystander.exitCode == 4 && bystander.output == "ready\nsignal 10\n", "\(bystander)")
        }
    }

    @Test func `without being asked for an init the program is the command itself`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = []
            let running = try container.start(ProbeReport.path, "await", "1")
            try running.waitForOutput("ready")
            let report = try running.exec(["/usr/local/bin/entrypoint", ProbeReport.path]).report()
            #expect(try !report.isSubreaper && report.processGroup != 1)
            #expect(try Resident(of: running).children == [])
        }
    }

    @Test func `below podman's own init the init is silent and forwards`() throws {
        let name: ByteString = "entrypoint-below-\(TestMachine.uniqueNumber())"
        let running = try Podman.start(
            .scratch, ["--mode=init", ProbeReport.path, "await", "1", "report", "exit", "9"],
            options: ["--init", "--name", name])
        try running.waitForOutput("ready", within: .seconds(60))
        // The engine passes signals on only once it has shown the first output.
        _ = try Podman.invoke("kill", "--signal=TERM", name)
        let outcome = try running.wait(within: .seconds(60))
        #expect(outcome.exitCode == 9 && outcome.output.contains("signal 15\n"), "\(outcome)")
        let report = try outcome.report()
        #expect(try report.parent != 1 && report.processGroup == report.process, "\(outcome)")
        #expect(outcome.log.count == 2 && outcome.initLines.count == 1, "\(outcome)")
    }

    @Test func `in the process namespace of another container the init touches its own only`() throws {
        let name: ByteString = "entrypoint-host-\(TestMachine.uniqueNumber())"
        let host = try Podman.start(
            .scratch, ["await", "1", "exit", "4"],
            options: ["--entrypoint=\(ProbeReport.path.text)" as ByteString, "--name", name])
        try host.waitForOutput("ready", within: .seconds(60))
        let outcome = try Podman.run(
            .busybox,
            ["--mode=init", "--grace=1", "/bin/sh", "-c", "probe ignore 15 print deaf sleep 60 & sleep 0.3; exit 7"],
            options: ["--pid=container:" + name])
        #expect(outcome.exitCode == 7, "\(outcome)")
        #expect(
            outcome.initLines == [
                "the command ended (exit code 7); 1 other process did not end within N s and was killed: probe (N)"
            ], "\(outcome)")
        #expect(try host.isRunning() && host.outputSoFar == "ready\n")
        try host.signal(SIGUSR1)
        #expect(try host.wait(within: .seconds(60)).exitCode == 4)
    }
}
