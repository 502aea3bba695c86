import Foundation
import Linux
import TestSupport
import Testing
import Text

@testable import UserSide

/// Which processes are sessions, of a `/proc` that the tests write.
struct SessionTableTests {
    /// A process: its id, parent, session, terminal and name. It is started in the order of the table.
    private struct Process {
        var id: Int
        var parent: Int
        var session: Int
        var terminal = 0
        var name: String
        var user = 1000
        var group = "/"
        var foreground = -1
        var state = "S"
    }

    /// Pseudoterminal N, as the kernel writes it.
    private static func pts(_ number: Int) -> Int { 136 << 8 | number }

    private static func table(_ processes: [Process], own: Int32) throws -> SessionTable {
        let directory = try TemporaryDirectory()
        func write(_ path: String, _ text: String) throws {
            let url = URL(fileURLWithPath: directory.path.appending(path).string)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        for (index, process) in processes.enumerated() {
            let proc = "proc/\(process.id)"
            try write(
                "\(proc)/stat",
                "\(process.id) (\(process.name)) \(process.state) \(process.parent) \(process.id) \(process.session) "
                    + "\(process.terminal) \(process.foreground) 0 0 0 0 0 0 0 0 0 20 0 1 0 \(100 * (index + 1)) 0\n")
            try write("\(proc)/status", "Name:\tx\nUid:\t\(process.user)\t0\t0\t0\n")
            try write("\(proc)/cmdline", "\(process.name)\0-x\0")
            try write("\(proc)/cgroup", "0::\(process.group)\n")
        }
        try write("proc/stat", "cpu 1\nbtime 1700000000\n")
        try write("etc/passwd", "jane:x:1000:2000:::\n")
        return try SessionTable(in: FileTree(root: directory.path), own: own, idle: { UInt64($0.id) })
    }

    /// The sessions as `ID origin`, a `*` with the own one.
    private static func shown(_ processes: [Process], own: Int32 = 0) throws -> [String] {
        try table(processes, own: own == 0 ? Int32(processes[0].id) : own).sessions.map {
            "\($0.leader.id) \($0.origin.rawValue)\($0.isOwn ? "*" : "")"
        }
    }

    private static let initAndCommand = [
        Process(id: 1, parent: 0, session: 1, name: "entrypoint", user: 0),
        Process(id: 7, parent: 1, session: 1, name: "python"),
    ]

    @Test func `what the runtime, ssh and programs with terminals have begun are sessions`() throws {
        let processes =
            Self.initAndCommand + [
                // A job of the command's with a session and a terminal of its own, and one that it has left to the init.
                Process(id: 8, parent: 7, session: 8, terminal: Self.pts(3), name: "job"),
                Process(id: 9, parent: 1, session: 9, name: "daemon"),
                Process(id: 20, parent: 0, session: 20, terminal: Self.pts(0), name: "bash", foreground: 21),
                Process(id: 21, parent: 20, session: 20, terminal: Self.pts(0), name: "vim"),
                Process(id: 30, parent: 1, session: 30, name: "sshd", user: 0),
                Process(id: 31, parent: 30, session: 31, name: "sshd", user: 0),
                Process(id: 32, parent: 31, session: 31, name: "sshd"),
                Process(id: 33, parent: 32, session: 33, terminal: Self.pts(1), name: "zsh"),
                Process(id: 40, parent: 1, session: 40, name: "tmux: server"),
                Process(id: 41, parent: 40, session: 41, terminal: Self.pts(2), name: "bash"),
                Process(id: 50, parent: 0, session: 50, name: "sh"),
                Process(id: 51, parent: 50, session: 51, name: "background"),
                Process(id: 60, parent: 0, session: 60, name: "dead", state: "Z"),
            ]
        #expect(try Self.shown(processes, own: 50) == ["20 exec", "33 ssh", "41 terminal", "50 exec*"])
        let first = try #require(try Self.table(processes, own: 50).sessions.first)
        #expect(first.command == "bash -x" && first.foreground == "vim -x" && first.processes.map(\.id) == [20, 21])
        #expect(first.user == "jane" && first.idle == 20 && first.leader.terminalName == "pts/0")
        #expect(
            first.json.text
                == #"{"session":20,"user":"jane","uid":1000,"origin":"exec","terminal":"pts/0","#
                + #""began":"2023-11-14T22:13:25.000Z","idle":20,"processes":2,"command":"bash -x","#
                + #""foreground":"vim -x","own":false}"#)
    }

    @Test func `without an init, what descends from process 1 is the command's`() throws {
        let processes = [
            Process(id: 1, parent: 0, session: 1, name: "python"),
            Process(id: 2, parent: 1, session: 2, terminal: Self.pts(0), name: "bash"),
            Process(id: 3, parent: 2, session: 3, terminal: Self.pts(1), name: "bash"),
            Process(id: 9, parent: 0, session: 9, name: "sh"),
        ]
        #expect(try Self.shown(processes, own: 9) == ["9 exec*"])
    }

    @Test func `an ssh server that is the command has sessions`() throws {
        let processes = [
            Process(id: 1, parent: 0, session: 1, name: "entrypoint", user: 0),
            Process(id: 7, parent: 1, session: 1, name: "sshd", user: 0),
            Process(id: 8, parent: 7, session: 8, name: "sshd", user: 0),
            Process(id: 9, parent: 8, session: 9, terminal: Self.pts(0), name: "bash"),
        ]
        #expect(try Self.shown(processes) == ["9 ssh"])
    }

    @Test func `of a pod whose containers share their processes, only this one's count, and its command never`() throws
    {
        let processes = [
            Process(id: 1, parent: 0, session: 1, name: "pause", group: "/../pause"),
            Process(id: 5, parent: 0, session: 5, name: "entrypoint", group: "/"),
            Process(id: 6, parent: 5, session: 5, name: "python", group: "/"),
            Process(id: 7, parent: 0, session: 7, name: "nginx", group: "/../other"),
            Process(id: 8, parent: 0, session: 8, name: "sh", group: "/../other"),
            Process(id: 9, parent: 0, session: 9, name: "sh", group: "/"),
            Process(id: 10, parent: 0, session: 10, name: "sh", group: "/init.scope"),
        ]
        #expect(try Self.shown(processes, own: 10) == ["9 exec", "10 exec*"])
    }

    @Test func `where process 1 is hidden, the eldest from outside may be the command`() throws {
        let processes = [
            Process(id: 7, parent: 1, session: 1, name: "python"),
            Process(id: 8, parent: 1, session: 8, terminal: Self.pts(0), name: "bash"),
            Process(id: 20, parent: 0, session: 20, name: "sh"), Process(id: 30, parent: 0, session: 30, name: "sh"),
        ]
        #expect(try Self.shown(processes, own: 30) == ["30 exec*"])
        #expect(try Self.table(processes, own: 30).notes.count == 1)
    }

    @Test func `parents in a circle are no end`() throws {
        let processes =
            Self.initAndCommand + [
                Process(id: 20, parent: 21, session: 20, terminal: Self.pts(0), name: "a"),
                Process(id: 21, parent: 20, session: 21, terminal: Self.pts(1), name: "b) S 1 1 1"),
            ]
        #expect(try Self.shown(processes) == ["20 terminal", "21 terminal"])
    }

    @Test(
        arguments: [
            (0, nil), (136 << 8, "pts/0"), (136 << 8 | 255, "pts/255"), (1 << 20 | 136 << 8 | 1, "pts/257"),
            (4 << 8 | 2, "tty2"), (5 << 8 | 1, "console"), (200 << 8 | 3, "200:3"),
        ] as [(UInt32, String?)])
    func `a terminal has the name of its device`(number: UInt32, name: String?) {
        let stat = "5 (x) S 0 5 5 \(Int32(bitPattern: number)) -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0"
        let facts = ProcessFacts(5, stat: Array(stat.utf8), status: Array("Uid:\t0\t0\t0\t0\n".utf8))
        #expect(facts?.terminalName == name)
    }

    @Test(arguments: ["", "5", "5 (x", "5 (x) S 1 2", "5 (x) S a 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0", ")("])
    func `what is no line of the kernel's is no process`(stat: String) {
        #expect(ProcessFacts(5, stat: Array(stat.utf8), status: Array("Uid:\t0\n".utf8)) == nil)
    }

    @Test(
        arguments: [
            ("90", 90), ("0", 0), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("3650d", 315_360_000),
            ("", nil), ("m", nil), ("-1", nil), ("1.5h", nil), ("2 h", nil), ("3651d", nil), ("2H", nil),
            ("99999999999999999999", nil), ("18446744073709551615d", nil), ("1hh", nil),
        ] as [(String, UInt64?)])
    func `a time is a number of seconds or has a unit`(text: String, seconds: UInt64?) {
        #expect((try? TimeSpan.seconds(text)) == seconds)
    }

    @Test(
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (61, "1m 1s"), (7200, "2h"), (7265, "2h 1m"), (86400, "1d"),
            (90_061, "1d 1h"),
        ])
    func `a time is shown in its two largest units`(seconds: UInt64, text: String) {
        #expect(TimeSpan.text(seconds) == text)
    }
}
