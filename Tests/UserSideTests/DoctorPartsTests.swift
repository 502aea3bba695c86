import Boot
import Linux
import Testing

@testable import UserSide

/// The parts of checks that need no container.
struct DoctorPartsTests {
    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (10240, "10 KiB"), (1 << 30, "1 GiB"),
            (96 << 20, "96 MiB"), (1_100_000_000_000, "1 TiB"), (.max, "15 EiB"),
        ] as [(UInt64, String)])
    func `numbers of bytes are for people`(bytes: UInt64, text: String) {
        #expect(bytes.asBytes == text)
    }

    @Test func `the options of a mount are its own and its file system's`() {
        let lines = MountedPlace.lines(
            of: Array(
                """
                24 22 0:30 / /scratch ro,nosuid shared:5 - nfs4 10.0.0.5:/export rw,vers=4.2,soft
                not a line
                26 22 0:32 / /short rw,noexec - ext4 /dev/one

                """.utf8))
        #expect(lines.map(\.mount.point) == ["/scratch", "/short"])
        #expect(lines[0].options == ["ro", "nosuid", "rw", "vers=4.2", "soft"])
        #expect(lines[1].options == ["rw", "noexec"])
        #expect(MountChecks.telling(lines[0].options) == ["ro", "nosuid", "vers=4.2", "soft"])
    }

    @Test func `a place is on the mount that holds it, or the next place above it`() throws {
        let place = try MountedPlace("/proc/self/none/at/all")
        #expect(place.path == "/proc/self" && place.mount?.type == "proc")
    }

    /// A time of a server in milliseconds, seen between 10 and 12 seconds.
    @Test(arguments: [(10_500, 0), (9_000, -1_000), (15_000, 3_000), (0, -10_000), (12_000, 0)] as [(Int, Int64)])
    func `the clock of a server is compared with the time in which it was asked`(time: Int, difference: Int64) {
        let stamp = FileStatus.Timestamp(seconds: time / 1000, nanoseconds: time % 1000 * 1_000_000)
        let found = ScratchTrial.difference(stamp, between: 10_000_000_000, and: 12_000_000_000)
        #expect(found == difference)
    }

    @Test(
        arguments: [
            ("/a/b-c_d.e", "/a/b-c_d.e"), ("/a b", "'/a b'"), ("/it's", "'/it'\\''s'"), ("/$(x)", "'/$(x)'"),
            ("/a'\u{301};id", "'/a'\\''\u{301};id'"), ("=x", "'=x'"), ("~", "'~'"),
        ])
    func `a path in a command is one word`(path: String, word: String) {
        #expect(Array(FilePath(path).shellWord.utf8) == Array(word.utf8))
    }

    /// Lines that are no message, and messages of each kind.
    @Test(arguments: [
        "", "{}", "[]", "{\"verdict\":\"ok\"}", "{\"verdict\":\"fine\",\"evidence\":\"\",\"remedy\":\"\"}", "{",
    ])
    func `what no check writes is no message`(line: String) {
        #expect(CheckMessage(reading: Array(line.utf8)) == nil)
    }

    @Test(
        arguments: [
            .actor("user 1:2"), .place("/a\n\"b\""), .absence("as root"), .finding(.fail("a\nb", remedy: "\u{1B}c")),
        ] as [CheckMessage])
    func `a message is read as it was written, on one line`(message: CheckMessage) {
        #expect(!message.text.contains("\n"))
        #expect(CheckMessage(reading: Array(message.text.utf8)) == message)
    }
}
