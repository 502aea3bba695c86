import Boot
import Glibc
import Linux
import TestSupport
import Testing
import UserSide

/// Services that write more than anybody reads.
struct LogRelayLoadTests {
    /// 64 KiB of numbered lines.
    private static func chunk(_ lines: Int = 1024) -> String {
        (0..<lines).map { "line \(1000 + $0 % 1000) " + String(repeating: "x", count: 53) }.joined(separator: "\n")
            + "\n"
    }

    /// The number of lines that are told to be missing.
    static func dropped(in lines: [String], of service: String) -> Int {
        let start = "entrypoint: \(service): warning: "
        return lines.filter { $0.hasPrefix(start) && $0.hasSuffix(" dropped because the log is read too slowly") }
            .compactMap { Int($0.dropFirst(start.count).prefix { $0.isNumber }) }.reduce(0, +)
    }

    @Test("a log that nobody reads costs no memory and no wait, and what was dropped is told when somebody reads it")
    func stopped() async {
        await #expect(processExitsWith: .success) {
            let site = try LogSite()
            let channel = site.channel("flood")
            let text = Array(Self.chunk().utf8)
            text.withUnsafeBytes { channel.take($0) }
            let before = try residentMemory()
            let start = ContinuousClock.now
            for _ in 0..<3200 {
                text.withUnsafeBytes { channel.take($0) }
                site.turn()
            }
            // A build without optimisation takes a second for these 200 MB. Waiting would take for ever.
            #expect(ContinuousClock.now - start < .seconds(60))
            #expect(try residentMemory() - before < 1 << 20)
            channel.take("incomplete")
            site.log.read()
            for _ in 0..<50 { site.turn(milliseconds: 10) }
            channel.take(" line\nlast\n")
            let lines = try site.lines()
            #expect(lines.allSatisfy { $0.hasPrefix("entrypoint: flood: ") } && lines.last == "entrypoint: flood: last")
            let shown = lines.filter { $0.hasSuffix("xxx") }.count
            let missing = Self.dropped(in: lines, of: "flood")
            // The incomplete line is shown, or dropped and counted.
            #expect(shown + missing + (lines.contains("entrypoint: flood: incomplete line") ? 1 : 0) == 3201 * 1024 + 1)
            #expect(missing > 3_000_000 && lines.count - shown < 10)
        }
    }

    @Test("100 MB of one service, in about a second, cost another none of its lines")
    func flood() throws {
        let site = try LogSite()
        let (flood, quiet) = (site.channel("flood"), site.channel("quiet"))
        let chunk = Array(Self.chunk().utf8)
        // At most 800 KB a second.
        site.log.read(4096, everyMilliseconds: 5)
        var (taken, number) = (0, 0)
        while taken < 100_000_000 {
            chunk.withUnsafeBytes { flood.take($0) }
            if taken / 3_000_000 != (taken + chunk.count) / 3_000_000 {
                quiet.take("tick \(number)\n")
                number += 1
            }
            taken += chunk.count
            site.turn()
        }
        site.log.hurry()
        site.relay.finish(deadline: Clock.monotonic + 30_000_000_000)
        let lines = try site.log.readAll()
        let ticks = lines.filter { $0.hasPrefix("entrypoint: quiet: ") }
        #expect(ticks == (0..<number).map { "entrypoint: quiet: tick \($0)" })
        let missing = Self.dropped(in: lines, of: "flood")
        let shown = lines.filter { $0.hasPrefix("entrypoint: flood: line ") && $0.hasSuffix("xxx") }.count
        #expect(missing > 0 && shown + missing == taken / 64, "\(shown) and \(missing) of \(taken / 64)")
    }

    @Test("what several services write at once is sent in turns, in the order of each")
    func turns() throws {
        let site = try LogSite()
        let channels = (0..<20).map { site.channel("s\($0)") }
        // More than the pipes hold.
        let filler = site.channel("filler")
        let chunk = Self.chunk()
        for _ in 0..<40 { filler.take(chunk) }
        for number in 0..<50 { for channel in channels { channel.take("\(number)\n") } }
        let lines = try site.lines()
        for index in channels.indices {
            let start = "entrypoint: s\(index): "
            #expect(
                lines.filter { $0.hasPrefix(start) }.map { $0.dropFirst(start.count) } == (0..<50).map { "\($0)" })
        }
        // Those that come later are before the last lines of the one that was there first.
        let last = lines.lastIndex { $0.hasPrefix("entrypoint: filler: ") }
        let first = lines.firstIndex { $0.hasPrefix("entrypoint: s19: ") }
        #expect(try #require(first) < #require(last))
    }

    @Test("the end waits for the reader until its deadline, and no longer")
    func finish() throws {
        let site = try LogSite()
        let channel = site.channel("web")
        let chunk = Self.chunk()
        for _ in 0..<40 { channel.take(chunk) }
        let start = ContinuousClock.now
        site.relay.finish(deadline: Clock.monotonic + 200_000_000)
        #expect((.milliseconds(190)..<(.seconds(20))).contains(ContinuousClock.now - start))
        // Nobody reads: without this the thread would stay for ever.
        site.log.read()
        _ = try site.log.readAll()
    }

    @Test("a reader that has gone does not end the keeper")
    func gone() throws {
        signal(SIGPIPE, SIG_IGN)
        let loop = try EventLoop()
        let relay: LogRelay
        do {
            let log = try PodLog()
            relay = try LogRelay(LogSettings(), loop, log: log.writingEnd, refusesLinks: false)
        }
        let channel = relay.open(Service(name: "web", command: ["/x"]), secrets: [])
        let chunk = Self.chunk()
        for _ in 0..<100 {
            channel.take(chunk)
            try loop.turn(until: Clock.monotonic + 1_000_000)
        }
        let start = ContinuousClock.now
        relay.finish(deadline: Clock.monotonic + 20_000_000_000)
        #expect(ContinuousClock.now - start < .seconds(15))
    }
}
