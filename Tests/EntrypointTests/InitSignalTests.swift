import Glibc
import TestSupport
import Testing

/// The way of signals through process 1 to the command.
@Suite(.containers)
struct InitSignalTests {
    @Test func `what a process can be sent reaches the command`() throws {
        // All but those that tell the init of its children or that no process can treat, and two of the C library's own:
        // those that the kernel also raises for faults, those of the terminal, and the real-time ones are among them.
        let signals = (1...64).filter { ![SIGCHLD, SIGKILL, SIGSTOP, 32, 33].contains($0) }
        try withPod(.scratch) { container in
            let running = try container.start(ProbeReport.path, "await", "\(signals.count)", "exit", "3")
            try running.waitForOutput("ready")
            // Past the runtime, which keeps some to itself.
            let resident = try Resident(of: running)
            for number in signals {
                try resident.signal(number)
                try running.waitForOutput("signal \(number)\n")
            }
            let outcome = try running.wait()
            #expect(outcome.exitCode == 3, "\(outcome)")
            #expect(outcome.output == "ready\n" + signals.map { "signal \($0)\n" }.joined(), "\(outcome)")
        }
    }

    @Test(arguments: Form.allCases, ["group", "child"] as [ByteString])
    func `a signal goes to the group or to the command alone`(form: Form, receiver: ByteString) throws {
        try withPod(.busybox) { container in
            let options = container.set("--forward", "ENTRYPOINT_FORWARD", receiver, as: form)
            let running = try container.startShell("probe await 1 & exec probe await 1", options: options)
            try running.waitForOutput("ready\nready\n")
            try running.signal(SIGUSR1)
            let outcome = try running.wait()
            // The end of the command is the other's TERM.
            let received = Set(outcome.outputLines.filter { $0.hasPrefix("signal") })
            #expect(received == (receiver == "group" ? ["signal 10"] : ["signal 10", "signal 15"]), "\(outcome)")
        }
    }

    @Test(arguments: Form.allCases)
    func `a signal is sent on as another, or not at all`(form: Form) throws {
        try withPod(.scratch) { container in
            var options = container.set("--rewrite-signal", "ENTRYPOINT_REWRITE_SIGNALS", "TERM:INT,HUP:0", as: form)
            if form == .option { options = ["--rewrite-signal", "TERM:INT", "--rewrite-signal", "HUP:0"] }
            let running = try container.start(options + [ProbeReport.path, "await", "2"])
            try running.waitForOutput("ready")
            try running.signal(SIGHUP)
            try running.signal(SIGTERM)
            try running.waitForOutput("signal 2\n")
            try running.signal(SIGUSR2)
            let outcome = try running.wait()
            #expect(outcome.output == "ready\nsignal 2\nsignal 12\n", "\(outcome)")
            #expect(
                outcome.initLines == ["SIGTERM at TIME: the command ended N s after it (exit code 0)"], "\(outcome)")
        }
    }

    @Test func `TERM can be kept from the command`() throws {
        try withPod(.scratch) { container in
            let running = try container.start("--rewrite-signal=TERM:0", ProbeReport.path, "await", "2")
            try running.waitForOutput("ready")
            try running.signal(SIGTERM)
            for number in [SIGUSR1, SIGUSR2] {
                try running.signal(number)
                try running.waitForOutput("signal \(number)\n")
            }
            let outcome = try running.wait()
            #expect(outcome.exitCode == 0 && outcome.output == "ready\nsignal 10\nsignal 12\n", "\(outcome)")
            #expect(outcome.initLines == [], "\(outcome)")
        }
    }

    @Test func `the command has the mask and the ignored signals of the start`() throws {
        try withPod(.scratch) { container in
            let outcome = try container.bootInNamespaces([ProbeReport.path]) { program in
                program.blockedSignals = [SIGUSR1, SIGTTOU, 40]
                program.ignoredSignals = [SIGHUP, SIGPIPE, SIGCHLD, SIGXFSZ]
            }
            let report = try outcome.report()
            #expect(try report.blockedSignals == [Int(SIGUSR1), Int(SIGTTOU), 40])
            #expect(try report.ignoredSignals == [SIGHUP, SIGPIPE, SIGCHLD, SIGXFSZ].map { Int($0) }.sorted())
            let plain = try container.bootInNamespaces([ProbeReport.path]).report()
            #expect(try plain.blockedSignals == [] && plain.ignoredSignals == [])
        }
    }

    @Test func `the command has a process group of its own and is told its id for sockets`() throws {
        try withPod(.scratch) { container in
            container.environment["LISTEN_PID"] = "1"
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.parent == 1 && report.process != 1 && report.processGroup == report.process)
            #expect(report.environment["LISTEN_PID"] == ByteString("\(try report.process)"))
            container.environment["LISTEN_PID"] = "77"
            #expect(try container.boot(ProbeReport.path).report().environment["LISTEN_PID"] == "77")
        }
    }

    @Test(arguments: Form.allCases)
    func `the command gets the parent's death signal`(form: Form) throws {
        try withPod(.scratch) { container in
            #expect(try container.boot(ProbeReport.path).report().deathSignal == 0)
            let options = container.set("--parent-death-signal", "ENTRYPOINT_PARENT_DEATH_SIGNAL", "USR2", as: form)
            for mode in ["init", "exec"] as [ByteString] {
                let outcome = try container.boot(options + ["--mode", mode, ProbeReport.path])
                #expect(try outcome.report().deathSignal == 12, "\(outcome)")
            }
        }
    }
}
