import Foundation
import Glibc
import TestSupport
import Testing

extension Container {
    /// `entrypoint` and its command as process 1 of new process and mount namespaces, without a container engine between
    /// it and the test: what is sent to it reaches process 1 directly, and its end is the end of process 1.
    func process1(_ command: ByteString...) -> Program {
        var program = Program("/usr/local/bin/entrypoint", command)
        program.environment = environment
        program.credentials = Program.Credentials(user: user, group: group, groups: groups)
        program.isolation = .processes
        program.root = root
        return program
    }

    /// Calls the body while a directory of the machine is mounted in the container, for ``process1(_:)``.
    func withMount<Result>(_ source: String, at path: String, _ body: () throws -> Result) throws -> Result {
        try makeDirectory(path)
        try Mounts.bind(source, on: root + path)
        defer { try? Mounts.unmount(root + path) }
        return try body()
    }
}

/// The built program as process 1, many times or with many processes below it.
@Suite(.containers, .serialized)
struct InitProcess1Tests {
    @Test func `each of the 256 exit codes is the container's`() throws {
        try withPod(.scratch) { container in
            for code in 0...255 {
                let outcome = try container.process1(ProbeReport.path, "exit", "\(code)").run()
                #expect(outcome.ending == .exited(Int32(code)) && outcome.initLines == [], "\(outcome)")
            }
        }
    }

    @Test func `ten thousand orphans that end at once are all reaped`() throws {
        try withContainer(.scratch) { container in
            // Not root's: what others of root's may start on the machine is limited by how many there are.
            (container.user, container.group) = (61_000, 61_000)
            // They are of the command's group, and only the command ignores USR1.
            let running = try container.process1(
                ProbeReport.path, "orphans", "10000", "600", "ignore", "10", "await", "2", "exit", "3"
            ).start()
            try running.waitForOutput("ready", within: .seconds(60))
            let resident = Resident(pid: running.pid)
            let command = try #require(try resident.children.first)
            #expect(try resident.children.count == 10_001)
            // While the init is stopped they end, and of all their SIGCHLD one is kept.
            try resident.signal(SIGSTOP)
            try check(kill(-command, SIGUSR1), "kill", "the orphans")
            try wait(for: "the orphans' end", within: .seconds(60)) {
                try resident.children.allSatisfy { try $0 == command || Resident(pid: $0).state == "Z" }
            }
            // It is a signal like others, which the command gets, too.
            try resident.signal(SIGCONT)
            try running.waitForOutput("signal 18\n")
            try wait(for: "the reaping") { try resident.children == [command] }
            try running.signal(SIGUSR2)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 3 && outcome.initLines == [], "\(outcome)")
        }
    }

    @Test func `a storm of processes that are deaf to TERM keeps neither TERM nor the end waiting`() throws {
        try withContainer(.busybox) { container in
            // It would end by itself after a while.
            let storm: ByteString =
                "trap '' TERM; i=0; while [ $i -lt 200000 ]; do (: & : & : &); i=$((i+1)); done"
            try container.write("/storm", storm)
            container.environment["ENTRYPOINT_GRACE"] = "0.5"
            let running = try container.process1(
                "/bin/sh", "-c",
                "setsid sh /storm & setsid sh /storm & sleep 1; exec probe await 1 print ending exit 7"
            ).start()
            try running.waitForOutput("ready")
            let sent = ContinuousClock.now
            try running.signal(SIGTERM)
            try running.waitForOutput("ending", within: .seconds(15))
            let outcome = try running.wait(within: .seconds(60))
            #expect(outcome.exitCode == 7 && ContinuousClock.now - sent < .seconds(30), "\(outcome)")
            let line = try #require(outcome.initLines.last)
            #expect(line.hasPrefix("SIGTERM at TIME: the command ended N s after it (exit code 7); "), "\(outcome)")
            #expect(line.contains(/within N s and (was|were) killed: sh \(N\)/), "\(outcome)")
        }
    }

    @Test func `a stopped process of the command's group goes on to take TERM`() throws {
        try withContainer(.busybox) { container in
            let running = try container.process1(
                "/bin/sh", "-c",
                "probe print member await 1 print saved & child=$!; trap : TERM; wait $child; wait $child"
            ).start()
            try running.waitForOutput("ready")
            let command = try #require(try Resident(pid: running.pid).children.first)
            let member = Resident(pid: try #require(try Resident(pid: command).children.first))
            try member.signal(SIGSTOP)
            try wait(for: "the stop") { try member.state == "T" }
            try running.signal(SIGTERM)
            let outcome = try running.wait(within: .seconds(10))
            #expect(outcome.outputLines.suffix(2) == ["signal 15", "saved"], "\(outcome)")
        }
    }

    @Test(arguments: [(SIGUSR2, "USR2"), (SIGTERM, "TERM")] as [(Int32, ByteString)])
    func `the end of the init's parent is a signal for the command`(signal: Int32, name: ByteString) throws {
        try withContainer(.busybox) { container in
            // Process 1 is a shell that kills the init's parent when it is told to.
            var program = Program(
                "/bin/sh",
                [
                    "-c",
                    "sh -c 'entrypoint --mode init --parent-death-signal \(name.text) probe await 1 exit 5 & sleep 600' & "
                        + "read line; kill -KILL $!; read line",
                ])
            (program.environment, program.isolation, program.root) = (container.environment, .processes, container.root)
            (program.standardInput, program.keepsInputOpen) = (.pipe, true)
            let running = try program.start()
            try running.waitForOutput("ready")
            running.write("end\n")
            try running.waitForOutput("signal \(signal)\n")
            // The init tells of a request to stop, and of no other signal.
            if signal == SIGTERM {
                try running.waitForErrors("the command ended ")
                #expect(running.errorsSoFar.text.contains("init: SIGTERM at "))
            }
            running.closeInput()
            let outcome = try running.wait()
            #expect(outcome.exitCode == 1 && (signal == SIGTERM || outcome.initLines == []), "\(outcome)")
        }
    }
}

extension Resident {
    /// The letter of its state, such as `T` for one that was stopped.
    var state: Character? { get throws { try status["State"]?.first } }
}
