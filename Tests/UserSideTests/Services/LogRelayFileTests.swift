import Boot
import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing
import UserSide

/// Logs of services in files of their own.
struct LogRelayFileTests {
    private static func text(_ path: FilePath) throws -> String? {
        try FileTree().read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Waits until a file has a line.
    private static func wait(for line: String, in path: FilePath, _ site: LogSite) -> Bool {
        site.turn { ((try? text(path)) ?? nil)?.contains(line + "\n") ?? false }
    }

    @Test("lines are added as they are, to a file that others cannot read")
    func added() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("web.log")
            try "before\n".write(toFile: path.string, atomically: true, encoding: .utf8)
            let site = try LogSite()
            let channel = site.channel("web", .file(path, size: 1 << 20, keep: 2))
            let other = site.channel("new", .file(directory.appending("new.log"), size: 1 << 20, keep: 2))
            channel.take("a\u{1B}b\r\nlast")
            other.take("x\n")
            #expect(try site.lines() == [])
            #expect(try Self.text(path) == "before\na\u{1B}b\r\nlast\n")
            let status = try #require(try FileTree().status(directory.appending("new.log"), links: .refuse))
            // The umask takes from 0640.
            #expect(status.mode.rawValue & 0o777 & ~0o640 == 0 && status.mode.rawValue & 0o600 == 0o600)
            #expect(channel.lastLines() == ["a\\u{1b}b\\r", "last"])
        }
    }

    @Test("a file that has its size becomes the first of the old ones", arguments: [0, 1, 3])
    func rotated(keep: Int) throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("web.log")
            let site = try LogSite()
            let channel = site.channel("web", .file(path, size: 4096, keep: keep))
            // 100 bytes each: 40 lines a file.
            for number in 0..<500 {
                channel.take("\(1000 + number)" + String(repeating: "x", count: 95) + "\n")
                if number % 40 == 0 {
                    #expect(Self.wait(for: "\(1000 + number)" + String(repeating: "x", count: 95), in: path, site))
                }
            }
            #expect(try site.lines() == [])
            let names = try FileTree().names(in: directory, links: .follow).map(\.string).sorted()
            #expect(names == ["web.log"] + (0..<keep).map { "web.log.\($0 + 1)" })
            var next = 500
            for name in [path.string] + (0..<keep).map({ "\(path.string).\($0 + 1)" }) {
                let text = try #require(try Self.text(FilePath(name)))
                let numbers = text.split(separator: "\n").compactMap { Int($0.prefix(4)) }.map { $0 - 1000 }
                #expect(text.utf8.count <= 4096 && !numbers.isEmpty && numbers == Array(next - numbers.count..<next))
                next = numbers.first ?? 0
            }
        }
    }

    @Test("a file that is removed or renamed is made anew, also with its directory")
    func removed() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("logs").appending("web.log")
            mkdir(directory.appending("logs").string, 0o755)
            let site = try LogSite()
            let channel = site.channel("web", .file(path, size: 1 << 20, keep: 2))
            channel.take("one\n")
            #expect(Self.wait(for: "one", in: path, site))
            rename(path.string, path.string + ".old")
            channel.take("two\n")
            #expect(Self.wait(for: "two", in: path, site))
            unlink(path.string)
            channel.take("three\n")
            #expect(Self.wait(for: "three", in: path, site))
            unlink(path.string)
            unlink(path.string + ".old")
            rmdir(directory.appending("logs").string)
            channel.take("lost\n")
            site.log.read()
            #expect(site.turn { site.log.text.contains("no such file") })
            mkdir(directory.appending("logs").string, 0o755)
            channel.take("four\n")
            #expect(Self.wait(for: "four", in: path, site))
            #expect(site.turn { site.log.text.contains("1 line of it lost") })
            site.relay.finish(deadline: Clock.monotonic + 30_000_000_000)
            _ = try site.log.readAll()
            #expect(try Self.text(path) == "four\n")
        }
    }

    @Test("what is no file is told once, and left alone", arguments: ["directory", "fifo", "link", "old"])
    func notAFile(kind: String) throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("web.log")
            switch kind {
            case "directory": mkdir(path.string, 0o755)
            case "fifo": mkfifo(path.string, 0o644)
            case "link": symlink("target", path.string)
            default: mkdir(path.string + ".1", 0o755)
            }
            let site = try LogSite()
            let channel = site.channel("web", .file(path, size: 4096, keep: 1))
            site.log.read()
            for _ in 0..<5 {
                channel.take(String(repeating: String(repeating: "x", count: 99) + "\n", count: 30))
                usleep(5000)
                site.turn()
            }
            site.relay.finish(deadline: Clock.monotonic + 30_000_000_000)
            let lines = try site.log.readAll()
            #expect(lines.count == 1 && lines[0].hasPrefix("entrypoint: web: warning: lines are lost"), "\(lines)")
            #expect(try FileTree().status(directory.appending("target"), links: .refuse) == nil)
        }
    }

    @Test("a link above the file is followed for a user and refused for root", arguments: [false, true])
    func links(refusesLinks: Bool) throws {
        try withTemporaryDirectory { directory in
            mkdir(directory.appending("real").string, 0o755)
            symlink("real", directory.appending("link").string)
            let site = try LogSite(refusesLinks: refusesLinks)
            let channel = site.channel(
                "web", .file(directory.appending("link").appending("web.log"), size: 4096, keep: 1))
            channel.take("line\n")
            let lines = try site.lines()
            #expect(lines.count == (refusesLinks ? 1 : 0), "\(lines)")
            let text = try Self.text(directory.appending("real").appending("web.log"))
            #expect(text == (refusesLinks ? nil : "line\n"))
        }
    }

    @Test("where the disk is full lines are lost whole, which is told once")
    func full() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            try withTemporaryDirectory { directory in
                #expect(test_limit_file_size(5000) == 0)
                let path = directory.appending("web.log")
                let site = try LogSite()
                let channel = site.channel("web", .file(path, size: 1 << 20, keep: 1))
                for _ in 0..<10 {
                    channel.take(String(repeating: String(repeating: "x", count: 99) + "\n", count: 10))
                    usleep(5000)
                    site.turn()
                }
                let lines = try site.lines()
                #expect(lines.count == 1 && lines[0].contains("can be written: file too large"), "\(lines)")
                #expect(try Self.text(path)?.utf8.count == 5000)
            }
        }
    }
}
