import Foundation
import Testing

@Suite(.beside) struct SignalTests {
    @Test func `all that can be received arrive, the real-time ones included`() async throws {
        let fixture = try Fixture([Fixture.program, "record"])
        try await fixture.ready()
        let sent = (Int32(1)...64).filter { ![9, 17, 19].contains($0) }
        for signal in sent {
            try await fixture.send(signal)
            try await fixture.until("\(signal) arrived") { fixture.lines.last == String(signal) || signal == 64 }
        }
        #expect(try await fixture.end().code == 0)
        #expect(fixture.lines.dropFirst().compactMap { Int32($0) } == sent)
    }

    @Test func `the whole group gets them by default`() async throws {
        let script =
            "trap 'echo outer; sleep 0.2; exit 0' USR1; sh -c 'trap \"echo inner\" USR1; echo ready; while :; do sleep 0.02; done' & wait"
        let fixture = try Fixture(["sh", "-c", script], environment: ["ENTRYPOINT_GRACE": "0.1"])
        try await fixture.ready()
        try await fixture.send(SIGUSR1)
        try await fixture.end()
        #expect(Set(fixture.lines) == ["ready", "outer", "inner"])
    }

    @Test func `only the command gets them with the receiver "child"`() async throws {
        let script =
            "trap 'echo outer; sleep 0.2; exit 0' USR1; sh -c 'trap \"echo inner\" USR1; echo ready; while :; do sleep 0.02; done' & wait"
        let fixture = try Fixture(
            ["sh", "-c", script], environment: ["ENTRYPOINT_GRACE": "0.1", "ENTRYPOINT_FORWARD": "child"])
        try await fixture.ready()
        try await fixture.send(SIGUSR1)
        try await fixture.end()
        #expect(Set(fixture.lines) == ["ready", "outer"])
    }

    @Test func `a rule rewrites one and drops another`() async throws {
        let fixture = try Fixture(
            [Fixture.program, "record"], environment: ["ENTRYPOINT_REWRITE_SIGNALS": "TERM:USR2,USR1:0"])
        try await fixture.ready()
        for signal in [SIGUSR1, SIGTERM, 64] { try await fixture.send(signal) }
        #expect(try await fixture.end().code == 0)
        #expect(fixture.lines == ["ready", "12", "64"])
    }

    @Test func `the command has the caller's mask and ignored signals`() async throws {
        let command = ["grep", "-E", "SigBlk|SigIgn", "/proc/self/status"]
        let caller = ["env", "--ignore-signal=QUIT,CHLD,USR1,TTOU", "--block-signal=TERM,USR2,CONT"]
        let fixture = try Fixture(command, place: .ordinary, wrapper: caller)
        #expect(try await fixture.end().code == 0)
        let masks = fixture.lines.compactMap { UInt64($0.suffix(16), radix: 16) }
        func set(_ signals: Int32...) -> UInt64 { signals.reduce(0) { $0 | 1 << UInt64($1 - 1) } }
        // 32 and 33 belong to the C library of whoever started the tests.
        let own = ~set(32, 33)
        #expect(masks.map { $0 & own } == [set(SIGTERM, SIGUSR2, SIGCONT), set(SIGQUIT, SIGCHLD, SIGUSR1, SIGTTOU)])
    }

    @Test func `a command whose caller ignored SIGCHLD is still waited for`() async throws {
        let fixture = try Fixture(["sh", "-c", "exit 6"], place: .ordinary, wrapper: ["env", "--ignore-signal=CHLD"])
        #expect(try await fixture.end().code == 6)
    }

    @Test func `a stopped command goes on to take TERM`() async throws {
        let fixture = try Fixture(["sh", "-c", "trap 'exit 4' TERM; echo ready; while :; do kill -STOP $$; done"])
        try await fixture.ready()
        try await Task.sleep(for: .milliseconds(50))
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 4)
    }

    @Test func `a stopped process of the command's group goes on to take TERM`() async throws {
        // The command has the code of the other one, and waits for it.
        let script =
            "trap : TERM; sh -c 'trap \"exit 5\" TERM; kill -STOP $$; exit 6' & child=$!; echo ready; wait $child; wait $child"
        let fixture = try Fixture(["sh", "-c", script])
        try await fixture.ready()
        let command = try fixture.child(of: await fixture.initProcess())
        try await fixture.until("the member was stopped") {
            guard let member = Fixture.children(command).first else { return false }
            let stat = try? String(contentsOfFile: "/proc/\(member)/stat", encoding: .utf8)
            return stat?.contains(") T ") ?? false
        }
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end(within: 5).code == 5)
    }

    @Test func `the parent's end is a signal where it was asked for`() async throws {
        let order = Fixture.temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: order) }
        // The shell that starts the fixture is killed; the fixture gets USR2 and hands it on.
        let fixture = try Fixture(
            [Fixture.program, "record"], environment: ["ENTRYPOINT_PARENT_DEATH_SIGNAL": "USR2"], place: .ordinary,
            wrapper: ["sh", "-c", "\"$@\" & while [ ! -e \(order) ]; do sleep 0.02; done; kill -KILL $$", "sh"])
        try await fixture.ready()
        _ = FileManager.default.createFile(atPath: order, contents: nil)
        try await fixture.until("the signal arrived") { fixture.lines.contains("12") }
        try await fixture.send(64)
        try await fixture.end()
    }

    @Test func `the command is told when the init ends`() async throws {
        let fixture = try Fixture(
            [Fixture.program, "record"], environment: ["ENTRYPOINT_PARENT_DEATH_SIGNAL": "USR2"], place: .ordinary)
        try await fixture.ready()
        let command = try fixture.child(of: await fixture.initProcess())
        try await fixture.send(SIGKILL)
        try await fixture.until("the signal arrived") { fixture.lines.contains("12") }
        kill(command, 64)
        try await fixture.end()
    }
}
