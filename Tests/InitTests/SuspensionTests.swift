import Foundation
import Testing

/// An init stops with its command where it is not process 1, and only what is stopped is continued.
@Suite(.beside) struct SuspensionTests {
    private static let counting = ["sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do echo on; sleep 0.02; done"]

    private func state(_ process: pid_t) -> Character? {
        let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return stat.flatMap { text in text.range(of: ") ", options: .backwards).map { text[$0.upperBound] } }
    }

    /// Whether the command is stopped, or waits for a stopped child that is about to become another program (vfork(2)).
    private func isStopped(_ command: pid_t) -> Bool { state(command) == "T" || state(command) == "D" }

    @Test(arguments: [SIGTSTP, SIGTTIN, SIGTTOU])
    func `an ordinary process stops with its command when it is told to, and goes on with it`(signal: Int32)
        async throws
    {
        let fixture = try Fixture(Self.counting, place: .ordinary)
        try await fixture.ready()
        let process = try await fixture.initProcess()
        let command = try fixture.child(of: process)
        for _ in 0..<3 {
            try await fixture.send(signal)
            try await fixture.until("both were stopped") { state(process) == "T" && isStopped(command) }
            let count = fixture.lines.count
            try await Task.sleep(for: .milliseconds(100))
            #expect(fixture.lines.count == count)
            try await fixture.send(SIGCONT)
            try await fixture.until("the command went on") { fixture.lines.count > count + 2 && state(process) == "S" }
        }
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 7)
    }

    @Test func `process 1 stops its command and never itself`() async throws {
        let fixture = try Fixture(Self.counting)
        try await fixture.ready()
        let process = try await fixture.initProcess()
        let command = try fixture.child(of: process)
        try await fixture.send(SIGTSTP)
        try await fixture.until("the command was stopped") { isStopped(command) }
        try await Task.sleep(for: .milliseconds(100))
        #expect(state(process) == "S")
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 7)
    }

    @Test func `a job that is told to stop is a stopped job of its shell`() async throws {
        let terminal = try Terminal(["bash", "--norc", "-i"], place: .ordinary)
        try terminal.type(
            "PS1='prompt> '\n\(Fixture.program) -- sh -c 'echo rea''dy; sleep 5; echo do''ne; exit 6' &\n")
        try await terminal.expect("ready\r\n")
        try terminal.type("kill -TSTP %1; sleep 0.3; jobs\n")
        try await terminal.expect("Stopped")
        try terminal.type("fg\n")
        try await terminal.expect("done\r\n")
        try await terminal.expect("prompt> ")
        try terminal.type("echo code $?\n")
        try await terminal.expect("code 6")
        try terminal.type("exit 7\n")
        #expect(try await terminal.end() == 7)
    }

    @Test(arguments: [Fixture.Place.process1, .ordinary])
    func `what is left is continued at the end only if it is stopped`(place: Fixture.Place) async throws {
        let running =
            "trap 'echo continued' CONT; trap 'echo saved; exit' TERM; kill -USR1 $PPID; while :; do sleep 0.02; done"
        let fixture = try Fixture(Fixture.leaving(running), place: place)
        #expect(try await fixture.end().code == 8)
        #expect(fixture.lines == ["saved"])

        let stopped = "trap 'echo saved; exit' TERM; kill -USR1 $PPID; kill -STOP $$; while :; do sleep 0.02; done"
        let waiting = try Fixture(Fixture.leaving(stopped), place: place)
        let end = try await waiting.end()
        #expect(end.code == 8 && end.seconds < 8)
        #expect(waiting.lines == ["saved"])
    }

    @Test func `a member of the command's group that runs is not continued by TERM`() async throws {
        let member = "trap 'echo continued' CONT; trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done"
        let fixture = try Fixture([
            "sh", "-c", "trap : TERM; sh -c \"$0\" & wait; sleep 0.5; kill -STOP $$; wait; exit 9", member,
        ])
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        try await Task.sleep(for: .seconds(2))
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 9)
        #expect(fixture.lines == ["ready"])
    }
}
