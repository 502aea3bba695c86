import Foundation
import TestSupport
import Testing

@Suite(.beside) struct EndTests {
    @Test func `every exit code of the command is the container's`() async throws {
        let loop = "for c in $(seq 0 255); do \"$0\" -- \"$0\" exit $c || [ $? = $c ] || echo wrong $c; done; echo done"
        let fixture = try Fixture(["sh", "-c", loop, Fixture.program])
        #expect(try await fixture.end(within: 60).code == 0)
        #expect(fixture.lines == ["done"])
    }

    @Test(arguments: [(SIGTERM, 143), (SIGKILL, 137), (SIGSEGV, 139), (SIGUSR1, 138), (40, 168)] as [(Int32, Int32)])
    func `a command that a signal ends gives 128 and its number`(signal: Int32, code: Int32) async throws {
        let fixture = try Fixture(["sh", "-c", "kill -\(signal) $$"])
        #expect(try await fixture.end().code == code)
    }

    @Test func `a code that was named is success`() async throws {
        let fixture = try Fixture(["sh", "-c", "exit 3"], environment: ["ENTRYPOINT_REMAP_EXIT": "143,3"])
        #expect(try await fixture.end().code == 0)
    }

    @Test(arguments: [("/nonexistent", 127), ("/etc/passwd", 126), ("/", 126)] as [(String, Int32)])
    func `a command that cannot be executed`(command: String, code: Int32) async throws {
        let fixture = try Fixture([command])
        #expect(try await fixture.end().code == code)
    }

    @Test func `nobody is waited for when nobody is left`() async throws {
        let fixture = try Fixture(["sh", "-c", "sleep 0.01 & wait; exit 5"])
        let end = try await fixture.end()
        #expect(end.code == 5)
        #expect(end.seconds < 8)
        #expect(fixture.errors == "")
    }

    @Test(arguments: [Fixture.Place.process1, .ordinary])
    func `what is left gets TERM and the time to end`(place: Fixture.Place) async throws {
        let slow =
            "trap 'sleep 0.5; echo saved; exit 0' TERM; echo ready; kill -USR1 $PPID; while :; do sleep 0.02; done"
        let fixture = try Fixture(Fixture.leaving(slow), place: place)
        let end = try await fixture.end()
        #expect(end.code == 8)
        #expect(fixture.lines == ["ready", "saved"])
        #expect(end.seconds < 8)
    }

    @Test(arguments: [Fixture.Place.process1, .ordinary])
    func `what ignores TERM is killed after the grace, and named`(place: Fixture.Place) async throws {
        let fixture = try Fixture(Fixture.leaving(Fixture.deaf), environment: ["ENTRYPOINT_GRACE": "0.5"], place: place)
        let end = try await fixture.end()
        #expect(end.code == 8)
        #expect(end.seconds > 0.5 && end.seconds < 30)
        let line = try #require(fixture.errors.split(separator: "\n").first)
        #expect(
            line.wholeMatch(
                of:
                    /entrypoint: init: the command ended \(exit code 8\); 1 other process did not end within \d\.\d s and was killed: sleep \(\d+\)/
            ) != nil,
            "\(line)")
    }

    @Test func `a second TERM shortens the grace`() async throws {
        let deaf = "trap '' TERM; echo ready; exec sleep 60"
        let fixture = try Fixture([
            "sh", "-c", "trap 'exit 9' TERM; setsid sh -c \"\(deaf)\" & while :; do sleep 0.05; done",
        ])
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        try await Task.sleep(for: .milliseconds(500))
        try await fixture.send(SIGTERM)
        let end = try await fixture.end()
        #expect(end.code == 9)
        #expect(end.seconds < 8)
        #expect(fixture.errors.contains("SIGTERM at 20"))
        #expect(fixture.errors.contains("sleep ("))
    }

    @Test func `processes that entered the namespace are told, too`() async throws {
        let fixture = try Fixture(["sh", "-c", "echo ready; sleep 0.5; exit 2"])
        try await fixture.ready()
        let process1 = try await fixture.initProcess()
        let guest = try Program([
            "/usr/bin/nsenter", "--target", "\(process1)", "--pid", "--mount", "sh", "-c",
            "trap 'sleep 0.3; exit 44' TERM; while :; do sleep 0.02; done",
        ]).start()
        let end = try await fixture.end()
        while try guest.isRunning() { try await Task.sleep(for: .milliseconds(5)) }
        #expect(end.code == 2)
        #expect(try guest.wait().exitCode == 44)
    }

    @Test func `a command that ignores TERM is never killed by the init itself`() async throws {
        let fixture = try Fixture(
            ["sh", "-c", "trap '' TERM; echo ready; sleep 3; exit 11"], environment: ["ENTRYPOINT_GRACE": "0.1"])
        try await fixture.ready()
        for _ in 0..<3 { try await fixture.send(SIGTERM) }
        let end = try await fixture.end()
        #expect(end.code == 11)
        #expect(
            fixture.errors.contains(
                /SIGTERM at \S+Z: the command ended (less than )?\d\.\d s after it \(exit code 11\)/),
            "\(fixture.errors)")
    }

    @Test func `a stop timeout kills it`() async throws {
        let fixture = try Fixture(
            ["sh", "-c", "trap '' TERM; echo ready; sleep 60"], environment: ["ENTRYPOINT_STOP_TIMEOUT": "0.5"])
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        let end = try await fixture.end()
        #expect(end.code == 137)
        #expect(end.seconds < 8)
        #expect(fixture.errors.contains(/the command was killed \d\.\d s after it/), "\(fixture.errors)")
    }

    @Test func `the report is handed over`() async throws {
        let path = Fixture.temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let fixture = try Fixture(
            ["sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done"], options: ["--report", path])
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 0)
        let report = try String(contentsOfFile: path, encoding: .utf8)
        #expect(report.hasPrefix("entrypoint: init: SIGTERM at 20"))
        // The shell says a word of its own before.
        #expect(fixture.errors.hasSuffix(report))
    }
}
