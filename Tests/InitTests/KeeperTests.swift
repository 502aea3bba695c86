import Foundation
import TestSupport
import Testing

/// Keepers of services, as an init meets them. What they do is told in `FixtureKeeper`.
@Suite(.beside) struct KeeperTests {
    /// A command that ends with 3 when it gets TERM.
    static let command = [
        "sh", "-c", "trap 'echo command ended; exit 3' TERM; echo ready; while :; do sleep 0.02; done",
    ]

    private func fixture(
        _ keepers: [String], _ command: [String] = command, options: [String] = [], environment: [String: String] = [:],
        place: Fixture.Place = .process1
    ) throws -> Fixture {
        try Fixture(
            command, options: keepers.flatMap { ["--keeper", $0] } + options, environment: environment, place: place)
    }

    /// Waits until the keepers that print it are ready.
    private func keep(_ fixture: Fixture, _ names: String...) async throws {
        for name in names {
            try await fixture.until("\(name) keeps") { fixture.lines.contains { $0.hasPrefix("\(name) keeps ") } }
        }
    }

    /// The process id of a keeper as the test sees it.
    private func process(of name: String, _ fixture: Fixture) async throws -> pid_t {
        try await keep(fixture, name)
        return try #require(
            Fixture.children(try await fixture.initProcess()).first { process in
                let line = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
                return line?.contains("\0keeper\0\(name)") ?? false
            })
    }

    /// What was printed, without process ids and times.
    private func course(_ fixture: Fixture) -> [String] {
        fixture.lines.filter { $0 != "ready" && !$0.contains(" keeps ") }.map { line in
            let words = line.split(separator: " ")
            return words.count > 2 && words[1] == "told" ? "\(words[0]) told" : line
        }
    }

    /// The milliseconds that a keeper was given; -1 for none.
    private func told(_ name: String, _ fixture: Fixture) throws -> Int {
        let line = try #require(fixture.lines.first { $0.hasPrefix("\(name) told ") }, "\(fixture.lines)")
        return try #require(Int(line.split(separator: " ")[2]))
    }

    @Test(arguments: [Fixture.Place.process1, .ordinary])
    func `the command ends first, then the user's keeper, then root's, then what is left`(place: Fixture.Place)
        async throws
    {
        let left = "trap 'echo left ended; exit' TERM; echo ready; while :; do sleep 0.02; done"
        let command = [
            "sh", "-c", "trap 'echo command ended; exit 3' TERM; setsid sh -c \"$0\" & while :; do sleep 0.02; done",
        ]
        let fixture = try fixture(["root:plain", "user:slow=300"], command + [left], place: place)
        try await keep(fixture, "root", "user")
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 3)
        #expect(
            course(fixture) == [
                "command ended", "user told", "user ended", "root told", "root ended", "left ended",
            ], "\(fixture.errors)")
        // Of ten seconds two are kept for KILL, and one for what is left.
        let (user, root) = (try told("user", fixture), try told("root", fixture))
        #expect(user > 5000 && user <= 7000 && root > 4000 && root <= user - 290, "\(user) \(root)")
        #expect(
            fixture.errors.contains(
                /the command ended .*\(exit code 3\); services ended in \d\.\d s; 1 other process ended\n/),
            "\(fixture.errors)")
    }

    @Test func `a command that ends by itself ends the keepers as well, and that is no news`() async throws {
        let fixture = try fixture(["root:plain", "user:plain"], ["sh", "-c", "sleep 0.5; exit 5"])
        #expect(try await fixture.end().code == 5)
        #expect(course(fixture) == ["user told", "user ended", "root told", "root ended"])
        #expect(fixture.errors == "")
    }

    @Test func `the init leaves a keeper alone while the command runs`() async throws {
        let fixture = try fixture(["user:plain"])
        try await keep(fixture, "user")
        try await fixture.ready()
        for signal in [SIGHUP, SIGINT, SIGUSR1] { try await fixture.send(signal) }
        let end = try await fixture.end()
        #expect(end.code == 128 + SIGHUP || end.code == 128 + SIGUSR1 || end.code == 128 + SIGINT)
        #expect(course(fixture) == ["user told", "user ended"])
    }

    @Test func `root's keeper waits for the user's for half of the time at most`() async throws {
        let fixture = try fixture(
            ["root:plain", "user:slow=2500"], environment: ["ENTRYPOINT_GRACE": "6"])
        try await keep(fixture, "root", "user")
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 3)
        #expect(course(fixture) == ["command ended", "user told", "root told", "root ended", "user ended"])
    }

    @Test func `a keeper that ignores TERM is killed in time, and told of`() async throws {
        let fixture = try fixture(["root:plain", "user:deaf"], environment: ["ENTRYPOINT_GRACE": "2"])
        try await keep(fixture, "root", "user")
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        let end = try await fixture.end()
        #expect(end.code == 3)
        #expect(end.seconds > 0.9 && end.seconds < 8)
        #expect(course(fixture) == ["command ended", "user told", "root told", "root ended"])
        #expect(
            fixture.errors.contains(/; services were still not ended after (0\.9|1\.\d) s and were killed/),
            "\(fixture.errors)")
    }

    @Test func `a second TERM leaves services a second`() async throws {
        let fixture = try fixture(["root:plain", "user:deaf"], environment: ["ENTRYPOINT_GRACE": "60"])
        try await keep(fixture, "root", "user")
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        try await fixture.until("the user's keeper was told") { fixture.lines.contains { $0.hasPrefix("user told") } }
        try await fixture.send(SIGTERM)
        let end = try await fixture.end()
        #expect(end.code == 3)
        #expect(end.seconds < 15)
        #expect(course(fixture) == ["command ended", "user told", "root told", "root ended"])
    }

    @Test func `a stopped keeper is continued to end`() async throws {
        let fixture = try fixture(["user:stops"])
        let keeper = try await process(of: "user", fixture)
        try await fixture.ready()
        kill(keeper, SIGUSR1)
        try await fixture.until("the keeper was stopped") {
            (try? String(contentsOfFile: "/proc/\(keeper)/stat", encoding: .utf8))?.contains(") T ") ?? false
        }
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 3)
        #expect(course(fixture) == ["command ended", "user told", "user ended"])
    }

    @Test func `a keeper that has nothing to do may end, even before the init knows it`() async throws {
        let fixture = try fixture(["root!:ends", "user:plain"])
        try await keep(fixture, "user")
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        #expect(try await fixture.end().code == 3)
        #expect(course(fixture) == ["command ended", "user told", "user ended"])
        #expect(!fixture.errors.contains("warning"))
    }

    @Test(arguments: [false, true])
    func `a keeper that dies is told of, and ends the container if it must`(ends: Bool) async throws {
        let fixture = try fixture([ends ? "user!:plain" : "user:plain"])
        try await keep(fixture, "user")
        try await fixture.ready()
        let keeper = try await process(of: "user", fixture)
        kill(keeper, SIGKILL)
        let warning =
            "entrypoint: init: warning: the keeper of services died (SIGKILL): its services have ended with it\n"
        try await fixture.until("the death was told") { fixture.errors.contains(warning) }
        if !ends {
            try await Task.sleep(for: .milliseconds(300))
            #expect(!fixture.lines.contains("command ended"))
            try await fixture.send(SIGTERM)
        }
        #expect(try await fixture.end().code == (ends ? 125 : 3))
        #expect(course(fixture) == ["command ended"])
        #expect(fixture.errors.contains(/: the command ended .*after it \(exit code 3\)\n$/), "\(fixture.errors)")
        #expect(fixture.errors.contains("init: the keeper of services died (SIGKILL): the command ended") == ends)
    }

    @Test(arguments: [false, true])
    func `a keeper that has failed during the boot counts when the command runs`(ends: Bool) async throws {
        let fixture = try fixture([ends ? "user!:fails=70" : "user:fails=70"], ["sh", "-c", "sleep 1; exit 4"])
        #expect(try await fixture.end().code == (ends ? 125 : 4))
        #expect(fixture.errors.contains("warning: the keeper of services died (exit code 70)"), "\(fixture.errors)")
    }

    @Test func `a service that fails for good ends the container with 125, which nothing remaps`() async throws {
        let path = Fixture.temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let fixture = try fixture(
            ["root:plain", "user:later=exporter"], options: ["--report", path],
            environment: ["ENTRYPOINT_REMAP_EXIT": "125,3"])
        let keeper = try await process(of: "user", fixture)
        try await fixture.ready()
        kill(keeper, SIGUSR1)
        #expect(try await fixture.end().code == 125)
        #expect(course(fixture) == ["command ended", "user told", "user ended", "root told", "root ended"])
        let report = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            report.contains(
                /entrypoint: init: service exporter failed: the command ended (less than )?\d\.\d s after it \(exit code 3\); services ended in (less than )?\d/
            ),
            "\(report)")
        #expect(fixture.errors.hasSuffix(report))
    }

    @Test func `a command that does not end for a failed service is killed after the grace`() async throws {
        let command = ["sh", "-c", "trap '' TERM; echo ready; sleep 60"]
        let fixture = try fixture(["user:asks=exporter"], command, environment: ["ENTRYPOINT_GRACE": "1"])
        let end = try await fixture.end()
        #expect(end.code == 125)
        #expect(end.seconds < 10)
        #expect(fixture.errors.contains("service exporter failed: "), "\(fixture.errors)")
    }

    @Test func `a service that fails during the boot ends the boot with 125`() async throws {
        let fixture = try fixture(["root:plain", "user:asks=exporter"], options: ["--delay", "60"])
        let end = try await fixture.end()
        #expect(end.code == 125)
        #expect(end.seconds < 10)
        #expect(course(fixture) == ["user told", "user ended", "root told", "root ended"])
        #expect(fixture.errors.contains("service exporter failed: the boot was stopped; services ended in "))
    }

    @Test func `TERM during the boot ends the boot, then the keepers`() async throws {
        let fixture = try fixture(["root:plain", "user:plain"], options: ["--say", "booting", "--delay", "60"])
        try await keep(fixture, "root", "user")
        try await fixture.ready("booting")
        try await fixture.send(SIGTERM)
        let end = try await fixture.end()
        #expect(end.code == 143)
        #expect(end.seconds < 10)
        #expect(course(fixture) == ["booting", "user told", "user ended", "root told", "root ended"])
        #expect(fixture.errors.contains(": the boot was stopped; services ended in "), "\(fixture.errors)")
    }

    @Test func `TERM between the start of a keeper and the next ends what there is`() async throws {
        for delay in [0, 5, 10, 20, 40] {
            let fixture = try fixture(["root:plain", "user:plain"], options: ["--delay", "60"])
            try await fixture.until("root keeps") { fixture.lines.contains { $0.hasPrefix("root keeps") } }
            try await Task.sleep(for: .milliseconds(delay))
            try await fixture.send(SIGTERM)
            #expect(try await fixture.end().code == 143)
            #expect(course(fixture).contains("root ended"))
        }
    }

    @Test func `a boot that takes too long is killed, and the keepers end in order`() async throws {
        let fixture = try fixture(["root:plain", "user:plain"], options: ["--hang", "1"])
        #expect(try await fixture.end().code == 125)
        #expect(course(fixture) == ["user told", "user ended", "root told", "root ended"])
        #expect(fixture.errors.contains("scratch: /mloscratch did not answer within 1 s"))
    }

    @Test func `a process that has the number of a keeper that has ended is not told`() async throws {
        // The next process gets the number that is written to the file.
        let script = """
            sleep 0.3
            keeper=$(sed -n 's/^user keeps //p' "$0")
            kill -KILL $keeper; sleep 0.3
            echo $((keeper - 1)) >/proc/sys/kernel/ns_last_pid
            setsid "$1" keeper other:plain -1 &
            echo number $! of $keeper; sleep 0.3; exit 6
            """
        let path = Fixture.temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let fixture = try Fixture(
            ["sh", "-c", script, path, Fixture.program], options: ["--keeper", "user:plain"],
            wrapper: ["sh", "-c", "exec >\"$0\" 2>&1; exec \"$@\"", path])
        #expect(try await fixture.end().code == 6)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        let number = try #require(lines.first { $0.hasPrefix("number ") }?.split(separator: " "), "\(lines)")
        #expect(number[1] == number[3], "\(lines)")
        // As any process that is left it gets TERM, which carries no time.
        #expect(lines.contains("other told -1"), "\(lines)")
    }

    @Test func `KILL of process 1 leaves nobody, as the runtime's does`() async throws {
        let fixture = try fixture(["root:deaf", "user:slow=60000"])
        try await keep(fixture, "root", "user")
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        try await fixture.until("the keeper was told") { fixture.lines.contains { $0.hasPrefix("user told") } }
        let process1 = try await fixture.initProcess()
        let keepers = Fixture.children(process1)
        #expect(keepers.count == 2)
        kill(process1, SIGKILL)
        #expect(try await fixture.end().seconds < 10)
        for keeper in keepers { #expect(kill(keeper, 0) == -1) }
    }
}
