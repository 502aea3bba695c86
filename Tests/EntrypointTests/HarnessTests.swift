import Glibc
import TestSupport
import Testing

/// The machinery of the other tests: that it starts what it says, as it says, and that a failure is seen.
@Suite(.containers)
struct HarnessTests {
    // MARK: programs without a container

    @Test func `a program gets its arguments and environment byte for byte`() throws {
        var probe = Program(try TestMachine.tools + "/probe", ["report", "--", "", [0xff, 0xfe, 10], "ä b"])
        probe.environment.entries += ["A=1", "A=2", "odd", "=x", [0x80, 0x3d, 0xc3]]
        let report = try probe.run().report()
        #expect(report.arguments == probe.arguments)
        #expect(report.environment == probe.environment)
    }

    @Test func `a program gets a hundred thousand arguments`() throws {
        var arguments: [ByteString] = ["report", "--"]
        arguments += (0..<100_000).map { ByteString("\($0)") }
        let report = try Program(try TestMachine.tools + "/probe", arguments).run().report()
        #expect(report.arguments == arguments)
    }

    @Test func `a program gets nothing that it was not given`() throws {
        let probe = Program(try TestMachine.tools + "/probe")
        let outcome = try probe.run()
        let report = try outcome.report()
        #expect(try report.descriptors.keys.sorted() == [0, 1, 2])
        #expect(try report.descriptors[0] == "/dev/null")
        #expect(try report.descriptors[1]?.hasPrefix("pipe:") == true)
        #expect(try report.blockedSignals == [] && report.ignoredSignals == [])
        #expect(try report.umask == 0o022)
        #expect(try report.directory == "/")
        #expect(try report.session == report.process)
        #expect(outcome.errors == "")
    }

    @Test func `a program gets what it is given`() throws {
        var probe = Program(try TestMachine.tools + "/probe")
        probe.path = TestMachine.directory + "/programs/usr/local/bin/probe"
        probe.standardInput = .closed
        probe.standardError = .closed
        probe.umask = 0o077
        probe.directory = "/usr"
        probe.ignoredSignals = [SIGHUP, SIGPIPE]
        probe.blockedSignals = [SIGUSR1, 64]
        probe.limits = [.init(resource: RLIMIT_NOFILE, soft: 100, hard: 200)]
        probe.credentials = .init(user: 1234, group: 5678, groups: [7, 8])
        probe.dropsCapabilities = true
        probe.noNewPrivileges = true
        let report = try probe.run().report()
        #expect(try report.descriptors.keys.sorted() == [1])
        #expect(try report.umask == 0o077)
        #expect(try report.directory == "/usr")
        #expect(try report.ignoredSignals == [1, 13])
        #expect(try report.blockedSignals == [10, 64])
        #expect(try report.limit("nofile") == (100, 200))
        #expect(try report.users == [1234, 1234, 1234] && report.groups == [5678, 5678, 5678])
        #expect(try report.supplementaryGroups == [7, 8])
        #expect(try report.bounding == 0 && report.effective == 0 && report.noNewPrivileges)
    }

    @Test func `input goes in and both outputs come out, more than a pipe holds`() throws {
        var shell = Program("/bin/sh", ["-c", "tee /dev/stderr"])
        shell.standardInput = .pipe
        shell.input = ByteString([UInt8](repeating: 7, count: 1_000_000))
        let outcome = try shell.run()
        #expect(outcome.standardOutput == shell.input)
        #expect(outcome.standardError == shell.input)
    }

    @Test func `exit codes and signals are told apart`() throws {
        let probe = try TestMachine.tools + "/probe"
        #expect(try Program(probe, ["exit", "7"]).run().ending == .exited(7))
        #expect(try Program(probe, ["kill", "15"]).run().ending == .killed(signal: SIGTERM))
        #expect(try Program(probe, ["kill", "15"]).run().exitCode == 143)
    }

    @Test func `a program that takes too long is killed and fails with its output`() throws {
        let start = ContinuousClock.now
        let error = #expect(throws: TestFailure.self) {
            try Program(try TestMachine.tools + "/probe", ["print", "so far", "sleep", "100"])
                .run(within: .milliseconds(200))
        }
        #expect(error?.description.contains("did not end within 0.2 seconds") == true)
        #expect(error?.description.contains("so far") == true)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func `a program that cannot be started fails with the call`() throws {
        let error = #expect(throws: TestFailure.self) { try Program("/nowhere/at all").run() }
        #expect(error?.description == "cannot start /nowhere/at all: execve: No such file or directory")
    }

    @Test func `output that a descendant holds open is no hang`() throws {
        let outcome = try Program(try TestMachine.tools + "/probe", ["orphans", "1", "20", "print", "done"]).run()
        #expect(outcome.output == "done\n")
        #expect(outcome.outputStayedOpen)
        #expect(outcome.duration < .seconds(5))
    }

    @Test func `a process namespace has its own process 1 and ends as a whole`() throws {
        var probe = Program(try TestMachine.tools + "/probe", ["orphans", "2", "20", "report"])
        probe.isolation = .processes
        let outcome = try probe.run()
        #expect(try outcome.report().process == 1)
        #expect(!outcome.outputStayedOpen)
    }

    @Test func `a terminal is a conversation`() throws {
        var shell = Program("/bin/sh", ["-i"])
        shell.terminal = true
        shell.environment["PS1"] = "> "
        let running = try shell.start()
        try running.waitForOutput("> ")
        running.write("test -t 0 && stty size; echo $((6 * 7)) done\n")
        try running.waitForOutput("24 80\r\n42 done\r\n")
        running.write("exit 3\n")
        #expect(try running.wait().exitCode == 3)
    }

    // MARK: squashed scratch

    @Test(arguments: [false, true])
    func `a squashed mount refuses root and allows the user`(ignoresGroups: Bool) throws {
        try withSquashedScratch(.init(ignoresGroups: ignoresGroups)) { scratch in
            try scratch.makeDirectory("homes", mode: 0o770, user: 1000, group: 2000)
            func makeDirectory(_ name: String, as credentials: Program.Credentials) throws -> Outcome {
                var mkdir = Program("/bin/mkdir", ["\(scratch.mount)/homes/\(name)"])
                mkdir.credentials = credentials
                return try mkdir.run()
            }
            let root = try makeDirectory("root", as: .init(user: 0, group: 0))
            #expect(root.exitCode == 1 && root.errors.contains("Permission denied"))
            #expect(try makeDirectory("user", as: .init(user: 1000, group: 7)).exitCode == 0)
            #expect(try makeDirectory("group", as: .init(user: 7, group: 2000)).exitCode == 0)
            let supplementary = try makeDirectory("groups", as: .init(user: 7, group: 7, groups: [2000]))
            #expect(supplementary.exitCode == (ignoresGroups ? 1 : 0), "\(supplementary)")
            #expect(try scratch.status("homes/root") == nil)
            #expect(try scratch.status("homes/user")?.description == "directory 0755 1000:7")
        }
    }

    @Test func `a squashed mount can be slow, and can stop answering`() throws {
        try withSquashedScratch(.init(delay: 100)) { scratch in
            let list = Program("/bin/ls", ["-d", "\(scratch.mount)"])
            #expect(try list.run().duration > .milliseconds(100))
            try scratch.pause()
            let running = try list.start()
            usleep(300_000)
            #expect(try running.isRunning())
            try scratch.resume()
            #expect(try running.wait().exitCode == 0)
        }
    }
}
