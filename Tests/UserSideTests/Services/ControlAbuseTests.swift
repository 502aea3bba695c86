import Boot
import Foundation
import Glibc
import Linux
import TestSupport
import Testing
import UserSide

/// Those who ask a keeper without wanting to know, and the places in which it listens.
struct ControlAbuseTests {
    @Test("a client that sends nothing is closed, and costs no request of another")
    func silent() throws {
        let site = try ControlSite(patience: 300_000_000)
        var silent = try KeeperConnection(in: site.directory)
        site.turn(milliseconds: 50)
        #expect(site.server.clientCount == 1)
        #expect(try site.ask(ControlRequest(.status)).count == 3)
        #expect(site.log.turn { site.server.clientCount == 0 })
        let answer = silent.next(milliseconds: 1000)
        #expect(answer == nil)
    }

    @Test("a client that asks and does not read its answer is closed")
    func deaf() throws {
        let site = try ControlSite(patience: 300_000_000)
        // More than a socket holds.
        site.keeper.states = (0..<2000).map { number in
            var state = ServiceState(
                name: "service-\(number)", identity: "user", phase: .running, isReady: true, schedule: "", after: [])
            state.statusText = String(repeating: "x", count: 300)
            return state
        }
        let deaf = try KeeperConnection(in: site.directory)
        let hasAsked = deaf.ask(ControlRequest(.status))
        #expect(hasAsked)
        site.turn(milliseconds: 100)
        #expect(site.server.clientCount == 1)
        #expect(try site.ask(ControlRequest(.status)).count == 2000)
        #expect(site.log.turn { site.server.clientCount == 0 })
        _ = deaf.ask(ControlRequest(.status))
    }

    @Test(
        "what is no request is refused",
        arguments: ["", "{}", "{\"do\":\"shutdown\"}", "[", "{\"do\":1}", "\u{0}", String(repeating: "x", count: 5000)])
    func garbage(text: String) throws {
        let site = try ControlSite()
        let parent = try FileTree().openDirectory(site.directory, links: .refuse)
        let socket = try LocalSocket.connect(to: "control", in: parent)
        _ = LocalSocket.send(Array((text + "\n").utf8)[...], to: socket.rawValue)
        #expect(site.log.turn { LocalSocket.wait(for: socket.rawValue, milliseconds: 0) })
        var buffer = [UInt8](repeating: 0, count: 1000)
        let result = buffer.withUnsafeMutableBytes { LocalSocket.receive(from: socket.rawValue, into: $0) }
        let answer = ControlAnswer.refused("no request that this keeper understands").text + "\n"
        #expect(result == .bytes(answer.utf8.count) && buffer.starts(with: answer.utf8))
        #expect(site.log.turn { site.server.clientCount == 0 })
    }

    @Test("sixteen clients are served, and one more is told to come again")
    func crowd() throws {
        let site = try ControlSite()
        var waiting: [Int32] = []
        let directory = try FileTree().openDirectory(site.directory, links: .refuse)
        for _ in 0..<ControlServer.limit {
            let socket = try LocalSocket.connect(to: "control", in: directory)
            waiting.append(dup(socket.rawValue))
        }
        defer { for socket in waiting { close(socket) } }
        #expect(site.log.turn { site.server.clientCount == ControlServer.limit })
        #expect(try site.ask(ControlRequest(.status)) == [.refused("too many ask at once; try again")])
        for socket in waiting { close(socket) }
        waiting = []
        #expect(site.log.turn { site.server.clientCount == 0 })
        #expect(try site.ask(ControlRequest(.status)).count == 3)
    }

    /// A program that connects, asks and prints the answer.
    private static let script = """
        import socket, sys
        s = socket.socket(socket.AF_UNIX)
        s.connect(sys.argv[1])
        try:
            s.sendall(b'{"do":"stop","names":["sshd"],"wait":false}\\n')
        except BrokenPipeError:
            pass # Whoever is refused may be so before.
        print(s.recv(4096).decode(), end="")
        """

    @Test(
        "root and the user are obeyed, and nobody else", .actingAsUsers,
        arguments: [(0, true), (4321, true), (1234, false)])
    func peers(user: UInt32, isObeyed: Bool) throws {
        try #require(geteuid() == 0)
        let site = try ControlSite(user: 4321)
        // Should the directory ever let others in.
        chmod(site.directory.string, 0o777)
        let script = ByteString(Self.script)
        var program = Program("/usr/bin/python3", ["-c", script, ByteString(site.directory.string + "/control")])
        chmod(site.directory.string + "/control", 0o777)
        program.credentials = Program.Credentials(user: user, group: 1)
        let client = try program.start()
        let limit = ContinuousClock.now + .seconds(30)
        while try client.isRunning(), ContinuousClock.now < limit { site.log.turn(milliseconds: 10) }
        let outcome = try client.wait()
        let answers = outcome.outputLines.compactMap { ControlAnswer($0.utf8) }
        #expect(
            answers.first
                == (isObeyed
                    ? .result(name: "sshd", words: "is told to stop", isDone: true) : .refused("permission denied")),
            "\(outcome)")
        #expect(site.keeper.told == (isObeyed ? ["stop sshd"] : []))
    }

    @Test("root's keeper obeys root alone", .actingAsUsers)
    func rootsKeeper() throws {
        try #require(geteuid() == 0)
        let site = try ControlSite(user: 0)
        chmod(site.directory.string, 0o777)
        chmod(site.directory.string + "/control", 0o777)
        var program = Program(
            "/usr/bin/python3", ["-c", ByteString(Self.script), ByteString(site.directory.string + "/control")])
        program.credentials = Program.Credentials(user: 4321, group: 1)
        let client = try program.start()
        while try client.isRunning() { site.log.turn(milliseconds: 10) }
        #expect(try client.wait().outputLines == [ControlAnswer.refused("permission denied").text])
        #expect(site.keeper.told.isEmpty)
    }

    /// Why nobody can be served in a directory; `nil` where somebody can.
    private static func refusal(of path: FilePath, user: UInt32 = geteuid()) throws -> String? {
        let site = try LogSite()
        do throws(ControlRefusal) {
            let server = try ControlServer(in: path, site.loop, FakeKeeper([]), site.relay, user: user)
            return withExtendedLifetime(server) { nil }
        } catch {
            return error.note.text
        }
    }

    @Test("a directory that others can enter, or that is a link or somebody else's, is not used")
    func places() throws {
        try withTemporaryDirectory { parent in
            let path = parent.appending("services")
            #expect(try Self.refusal(of: path) == nil)
            chmod(path.string, 0o750)
            #expect(try Self.refusal(of: path)?.contains("is not a directory of uid") == true)
            chmod(path.string, 0o700)
            #expect(try Self.refusal(of: path, user: 4321)?.contains("is not a directory of uid 4321 alone") == true)
            let link = parent.appending("link")
            symlink("services", link.string)
            #expect(try Self.refusal(of: link)?.contains("cannot use") == true)
            #expect(try Self.refusal(of: parent.appending("no").appending("where"))?.contains("cannot use") == true)
            try "".write(toFile: parent.appending("file").string, atomically: true, encoding: .utf8)
            #expect(try Self.refusal(of: parent.appending("file"))?.contains("cannot use") == true)
        }
    }

    @Test("a keeper takes the place of one that has ended, and leaves that of one that lives")
    func places2() throws {
        let site = try ControlSite()
        let words = try Self.refusal(of: site.directory)
        #expect(words == "nobody can ask for these services: another keeper has \(site.directory)")
        #expect(try site.ask(ControlRequest(.status)).count == 3)
        // The socket of one that was killed.
        try withTemporaryDirectory { directory in
            chmod(directory.string, 0o700)
            let parent = try FileTree().openDirectory(directory, links: .refuse)
            do { _ = try LocalSocket.listen(at: "control", in: parent) }
            #expect(access(directory.appending("control").string, F_OK) == 0)
            #expect(try Self.refusal(of: directory) == nil)
            // Something listens that has no lock.
            unlink(directory.appending("control").string)
            let stranger = try LocalSocket.listen(at: "control", in: parent)
            #expect(try Self.refusal(of: directory)?.contains("cannot use") == true)
            withExtendedLifetime(stranger.rawValue) {}
        }
    }

    private static func connect(in directory: FilePath) throws { _ = try KeeperConnection(in: directory) }

    @Test("a keeper whose owner leads the way to somebody else's socket is not asked", .actingAsUsers)
    func stranger() throws {
        try #require(geteuid() == 0)
        try withTemporaryDirectory { parent in
            chmod(parent.string, 0o700)
            let directory = try FileTree().openDirectory(parent, links: .refuse)
            let socket = try LocalSocket.listen(at: "control", in: directory)
            chown(parent.string, 4321, 4321)
            #expect(throws: KeeperConnection.Failure.stranger(0)) { try Self.connect(in: parent) }
            withExtendedLifetime(socket.rawValue) {}
            unlink(parent.appending("control").string)
            #expect(throws: KeeperConnection.Failure.nobody) { try Self.connect(in: parent) }
        }
    }
}
