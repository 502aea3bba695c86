import Boot
import Glibc
import Linux
import TestSupport
import Testing
import Text
import UserSide

/// What services write, in the pod's log.
struct LogRelayTests {
    @Test(
        "a service's lines are those of the boot's log",
        arguments: [
            (["one\ntwo\n"], ["one", "two"]), (["o", "ne\nt", "wo\n"], ["one", "two"]),
            (["one\n\ntwo"], ["one", "", "two"]),
            (["50%\r100%\r\n"], ["50%\\r100%"]), (["a\u{1B}[31mred\n"], ["a\\u{1b}[31mred"]), (["zwölf\n"], ["zwölf"]),
            (["zw\u{2028}\t.\n"], ["zw\\u{2028}\\t."]), (["\n"], [""]), ([""], []),
        ])
    func plain(chunks: [String], lines: [String]) throws {
        let site = try LogSite()
        let channel = site.channel("web")
        for chunk in chunks { channel.take(chunk) }
        channel.finish()
        #expect(try site.lines() == lines.map { "entrypoint: web: \($0)" })
    }

    @Test("bytes that are not UTF-8 become one line that is")
    func notText() throws {
        let site = try LogSite()
        let channel = site.channel("web")
        [UInt8]([0x61, 0xff, 0, 0x0a]).withUnsafeBytes { channel.take($0) }
        #expect(try site.lines() == ["entrypoint: web: a\u{FFFD}\\u{0}"])
    }

    @Test("a line can be a JSON object", arguments: ["say \"a\\b\"", "zwölf\u{7}", ""])
    func json(text: String) throws {
        let site = try LogSite(LogSettings(format: .json))
        site.channel("web").take(text + "\n")
        site.relay.say(.warning, "web", "it has ended", .servicesLogFile)
        let lines = try site.lines().map { line throws(FormatError) in try JSON(reading: Array(line.utf8)) }
        try #require(lines.count == 2)
        #expect(lines[0].members?.map(\.name) == ["time", "program", "level", "step", "message"])
        #expect(lines[0]["step"] == .string("web") && lines[0]["level"] == .string("info"))
        #expect(lines[0]["message"] == .string(text.shown()) && lines[0]["program"] == .string("entrypoint"))
        #expect(lines[1]["id"] == .string("services.log-file") && lines[1]["level"] == .string("warning"))
    }

    @Test(
        "a long line comes in pieces, each of them whole", arguments: [LogSettings.Format.text, .json],
        ["a", "ö", "\"", "\u{1}"])
    func long(format: LogSettings.Format, letter: String) throws {
        for chunk in [1, 1000, 100_000] {
            let site = try LogSite(LogSettings(format: format))
            let channel = site.channel("web")
            let line = String(repeating: letter, count: 10_000)
            let bytes = Array((line + "\nnext\n").utf8)
            var start = 0
            while start < bytes.count {
                bytes[start..<min(bytes.count, start + chunk)].withUnsafeBytes { channel.take($0) }
                start += chunk
            }
            let lines = try site.lines()
            #expect(lines.count > 3 && lines.allSatisfy { $0.utf8.count < LogWriter.pieceLimit })
            let texts =
                format == .text
                ? lines.map { String($0.dropFirst("entrypoint: web: ".count)) }
                : try lines.map { line throws(FormatError) in
                    try JSON(reading: Array(line.utf8))["message"]?.string ?? ""
                }
            #expect(texts.dropLast().joined() == line.unicodeScalars.map { $0.escaped }.joined())
            #expect(texts.last == "next")
        }
    }

    @Test("the keeper's lines are said as the level demands, and are among the service's last ones")
    func levels() throws {
        for (level, said) in [(LogSettings.Level.quiet, 2), (.info, 3), (.debug, 4)] {
            let site = try LogSite(LogSettings(level: level))
            let channel = site.channel("web")
            site.relay.say(.debug, "web", "starts")
            site.relay.say(.info, "web", "is ready")
            site.relay.say(.warning, "web", "has ended", .servicesLogFile)
            site.relay.say(.error, "", "gives up", .servicesLogFile)
            #expect(channel.lastLines().count == said - 1)
            let all = [
                "entrypoint: web: starts", "entrypoint: web: is ready", "entrypoint: web: warning: has ended",
                "entrypoint: gives up",
            ]
            #expect(try site.lines() == all.suffix(said))
        }
    }

    @Test("with log: none nothing is taken")
    func none() throws {
        let site = try LogSite()
        let channel = site.channel("web", .none)
        channel.take("line\n")
        #expect(!channel.takesOutput && channel.lastLines().isEmpty)
        #expect(try site.lines() == [])
    }

    @Test(
        "the log that the command has, too, stays as it is, and is waited for even where somebody made it non-blocking")
    func shared() throws {
        let site = try LogSite()
        #expect(fcntl(site.log.writingEnd, F_GETFL) & O_NONBLOCK == 0)
        #expect(fcntl(site.log.writingEnd, F_SETFL, O_NONBLOCK) == 0)
        let channel = site.channel("web")
        let line = String(repeating: "x", count: 99)
        for _ in 0..<3000 { channel.take(line + "\n") }
        usleep(100_000)
        #expect(fcntl(site.log.writingEnd, F_GETFL) & O_NONBLOCK != 0)
        let lines = try site.lines()
        #expect(lines.count == 3000 && Set(lines) == ["entrypoint: web: \(line)"])
    }

    @Test("the last lines are kept, 8 KiB of them")
    func tail() throws {
        let site = try LogSite()
        let channel = site.channel("web")
        #expect(channel.lastLines() == [])
        for number in 0..<5000 { channel.take("line \(number)\n") }
        channel.take("beginning")
        let lines = channel.lastLines()
        #expect(lines.last == "beginning" && lines.count > 700 && lines.count < 900)
        let expected = (0..<5000).suffix(lines.count - 1).map { "line \($0)" }
        #expect(lines.dropLast().elementsEqual(expected))
        channel.take(String(repeating: "y", count: 10_000) + "\nend\n")
        #expect(channel.lastLines() == ["end"])
    }

    @Test("secrets are hidden, also where they are broken over chunks, lines and pieces", arguments: [1, 7, 100_000])
    func secrets(chunk: Int) throws {
        let site = try LogSite()
        let channel = site.channel("web", secrets: ["hunter2secret", "other-secret-9"])
        let text =
            "password hunter2secret\nfolded hunter2\nsecret here\n" + String(repeating: "x", count: 4055)
            + "hunter2secret and other-secret-9\nend\n"
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            bytes[start..<min(bytes.count, start + chunk)].withUnsafeBytes { channel.take($0) }
        }
        channel.finish()
        let last = channel.lastLines().joined()
        let lines = try site.lines().joined(separator: "\n")
        for shown in [last, lines] {
            for part in ["hunter", "unter2", "secret", "er2sec"] { #expect(!shown.contains(part), "\(shown)") }
        }
        #expect(lines.hasPrefix("entrypoint: web: password …\nentrypoint: web: folded …\n") && lines.hasSuffix(": end"))
    }
}
