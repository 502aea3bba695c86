import Foundation
import Testing

@Suite(.beside) struct BootWatchTests {
    @Test(arguments: [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129), (SIGUSR1, 138)] as [(Int32, Int32)])
    func `a signal that would end a command ends the boot at once`(signal: Int32, code: Int32) async throws {
        let fixture = try Fixture(["true"], options: ["--say", "booting", "--delay", "60"])
        try await fixture.ready("booting")
        try await fixture.send(signal)
        let end = try await fixture.end()
        #expect(end.code == code)
        #expect(end.seconds < 10)
        #expect(fixture.errors.contains(": the boot was stopped"))
    }

    @Test func `a boot that is deaf to TERM is killed within a tenth of a second`() async throws {
        // The machine may take the processor away for a while: one of a few tries must do.
        var times: [Double] = []
        while times.count < 8 && !times.contains(where: { $0 < 0.2 }) {
            let fixture = try Fixture(["true"], options: ["--say", "booting", "--hang", "60"])
            try await fixture.ready("booting")
            try await fixture.send(SIGTERM)
            let end = try await fixture.end()
            #expect(end.code == 143)
            times.append(end.seconds)
        }
        // What is left is for unshare(1) to end and for the test to notice.
        #expect(times.contains { $0 < 0.2 }, "\(times)")
    }

    @Test func `signals that would not end a command leave the boot alone`() async throws {
        let fixture = try Fixture(["sh", "-c", "exit 21"], options: ["--say", "booting", "--delay", "0.5"])
        try await fixture.ready("booting")
        for signal in [SIGCHLD, SIGCONT, SIGWINCH, SIGURG, SIGTSTP, SIGTTIN, SIGTTOU] { try await fixture.send(signal) }
        #expect(try await fixture.end().code == 21)
    }

    @Test func `a change that takes too long ends the boot with its message`() async throws {
        let path = Fixture.temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let fixture = try Fixture(["true"], options: ["--hang", "1", "--report", path])
        let end = try await fixture.end()
        let message = "entrypoint: scratch: /mloscratch did not answer within 1 s (10.0.0.5:/export)\n"
        #expect(end.code == 125)
        #expect(end.seconds > 0.9 && end.seconds < 20)
        #expect(fixture.errors == message)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == message)
    }

    @Test func `where the log has JSON objects, so has the init`() async throws {
        let environment = ["ENTRYPOINT_LOG_FORMAT": "json", "ENTRYPOINT_GRACE": "0.2"]
        func objects(_ fixture: Fixture) throws -> [[String: String]] {
            try fixture.errors.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String], "\(line)")
            }
        }
        let overdue = try Fixture(["true"], options: ["--hang", "1"], environment: environment)
        #expect(try await overdue.end().code == 125)
        let error = try #require(try objects(overdue).first)
        #expect(error["level"] == "error" && error["id"] == "init.boot-overdue" && error["step"] == "scratch")
        #expect(error["message"] == "/mloscratch did not answer within 1 s (10.0.0.5:/export)")
        #expect(error["program"] == "entrypoint" && error["time"]?.hasSuffix("Z") == true)

        let left = try Fixture(Fixture.leaving(Fixture.deaf), environment: environment)
        #expect(try await left.end().code == 8)
        let end = try #require(try objects(left).first)
        #expect(end["level"] == "info" && end["id"] == nil && end["step"] == "init")
        #expect(end["message"]?.contains("did not end within 0.2 s and was killed: sleep (") == true, "\(end)")
    }

    @Test func `the deadline of a change does not hold for the command`() async throws {
        let fixture = try Fixture(
            ["sh", "-c", "sleep 1.2; exit 3"], options: ["--watched", "1"])
        #expect(try await fixture.end().code == 3)
        #expect(fixture.errors == "")
    }

    @Test func `a failed boot gives its own code, which is never remapped`() async throws {
        let fixture = try Fixture(["true"], options: ["--exit", "78"], environment: ["ENTRYPOINT_REMAP_EXIT": "78"])
        #expect(try await fixture.end().code == 78)
    }

    @Test func `the boot's commands end with it`() async throws {
        let fixture = try Fixture(["true"], options: ["--step", "echo booting; exec sleep 60", "--delay", "60"])
        try await fixture.ready("booting")
        try await fixture.send(SIGTERM)
        let end = try await fixture.end()
        #expect(end.code == 143)
        #expect(end.seconds < 10)
        #expect(fixture.errors.contains("the boot was stopped; 1 other process ended"))
    }

    @Test func `the boot blocks no signal, whatever the caller blocks`() async throws {
        let fixture = try Fixture(
            ["true"], options: ["--say-mask", "yes"], place: .ordinary, wrapper: ["env", "--block-signal=TERM,USR1"])
        #expect(try await fixture.end().code == 0)
        #expect(fixture.lines == ["blocked: 0"])
    }

    @Test func `options that the boot has read hold`() async throws {
        let fixture = try Fixture(Fixture.leaving(Fixture.deaf), options: ["--configure", "0.2"])
        #expect(try await fixture.end().code == 8)
        #expect(fixture.errors.contains(/within \d\.\d s and was killed/))
    }
}
