import Glibc
import TestSupport
import Testing

/// What configuration files say of the init: those of the image before it is split off, one that is named after that.
@Suite(.containers)
struct InitConfigurationTests {
    @Test(arguments: ["/etc/entrypoint.yaml", "/mounted.yaml"])
    func `options of the init come from files`(file: String) throws {
        try withPod(.scratch) { container in
            if file == "/mounted.yaml" { container.environment["ENTRYPOINT_CONFIG"] = "\(file)" }
            try container.write(
                file, "init: {remapExit: [4], rewriteSignals: [TERM:INT], parentDeathSignal: USR2, warnReaped: true}\n")
            let running = try container.process1(
                ProbeReport.path, "report", "orphans", "1", "0.1", "await", "1", "exit", "4"
            ).start()
            try running.waitForOutput("ready")
            try running.waitForErrors("reaped")
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 0 && outcome.output.hasSuffix("ready\nsignal 2\n"), "\(outcome)")
            #expect(try outcome.report().deathSignal == 12)
        }
    }

    @Test func `the init gets the death signal of a file that is named`() throws {
        try withContainer(.busybox) { container in
            try container.write("/mounted.yaml", "init: {mode: init, parentDeathSignal: USR2}\n")
            var program = container.process1(
                "-c", "sh -c 'entrypoint probe await 1 & sleep 600' & read line; kill -KILL $!; read line")
            program.path = "/bin/sh"
            program.environment["ENTRYPOINT_CONFIG"] = "/mounted.yaml"
            (program.standardInput, program.keepsInputOpen) = (.pipe, true)
            let running = try program.start()
            try running.waitForOutput("ready")
            running.write("end\n")
            try running.waitForOutput("signal 12\n")
            running.closeInput()
            _ = try running.wait()
        }
    }

    @Test func `the mode of process 1 is not for a file that is named`() throws {
        try withPod(.scratch) { container in
            container.environment["ENTRYPOINT_CONFIG"] = "/mounted.yaml"
            try container.write("/mounted.yaml", "init: {mode: exec}\n")
            let outcome = try container.process1(ProbeReport.path).run()
            #expect(try outcome.report().parent == 1, "\(outcome)")
            #expect(
                outcome.log.contains(
                    "settings: warning: init.mode of /mounted.yaml is read after the init has started: write it in "
                        + "/etc/entrypoint.yaml, or set ENTRYPOINT_MODE"), "\(outcome)")
            container.environment["ENTRYPOINT_CONFIG"] = ""
            try container.write("/etc/entrypoint.yaml", "init: {mode: exec}\n")
            let command = try container.process1(ProbeReport.path).run()
            #expect(try command.report().process == 1, "\(command)")
        }
    }

    @Test(arguments: [false, true])
    func `a named file whose server does not answer ends the boot, as TERM does meanwhile`(isStopped: Bool) throws {
        try withSquashedScratch { server in
            try withPod(.scratch) { container in
                container.environment["ENTRYPOINT_CONFIG"] = "/data/entrypoint.yaml"
                container.environment["SCRATCH_TIMEOUT"] = isStopped ? "60" : "1"
                let outcome = try container.withMount(server.mount, at: "/data") {
                    try server.pause()
                    defer { try? server.resume() }
                    let running = try container.process1(ProbeReport.path).start()
                    if isStopped {
                        try wait(for: "the boot") { try !Resident(pid: running.pid).children.isEmpty }
                        usleep(50_000)
                        try running.signal(SIGTERM)
                    }
                    return try running.wait(within: .seconds(20))
                }
                #expect(outcome.duration < .seconds(10), "\(outcome)")
                #expect(outcome.exitCode == (isStopped ? 143 : 125), "\(outcome)")
                let line =
                    isStopped
                    ? "init: SIGTERM at "
                    : "settings: cannot use /data/entrypoint.yaml: export (fuse.rootsquash) on /data did not answer within 1 s"
                #expect(outcome.log.last?.hasPrefix(line) == true, "\(outcome)")
            }
        }
    }

    @Test func `a long file leaves the init small`() throws {
        try withPod(.scratch) { container in
            let codes = (0..<2000).map { "    - \($0 % 256)\n" }.joined()
            try container.write("/etc/entrypoint.yaml", "init:\n  remapExit:\n\(codes)")
            let running = try container.process1(ProbeReport.path, "await", "1").start()
            try running.waitForOutput("ready")
            let memory = try Resident(pid: running.pid).status["VmRSS"]?.split(separator: " ").first.flatMap { Int($0) }
            #expect(try #require(memory) <= 3 * 1024)
            try running.signal(SIGTERM)
            _ = try running.wait()
        }
    }
}
