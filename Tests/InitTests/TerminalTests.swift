import Foundation
import Testing

@Suite(.beside) struct TerminalTests {
    private func containerized(_ command: [String], _ environment: [String: String] = [:]) throws -> Terminal {
        try Terminal([Fixture.program, "--"] + command, place: .process1, environment: environment)
    }

    /// The init below `setsid` and `unshare`.
    private func process1(_ terminal: Terminal) throws -> pid_t {
        let children = try String(
            contentsOfFile: "/proc/\(terminal.processIdentifier)/task/\(terminal.processIdentifier)/children",
            encoding: .utf8)
        return try #require(children.split(separator: " ").first.flatMap { pid_t($0) })
    }

    @Test func `Ctrl-C reaches the command, once`() async throws {
        let terminal = try containerized([
            "sh", "-c", "trap 'echo got' INT; echo ready; while :; do sleep 0.05; [ -e /proc/1 ]; done",
        ])
        try await terminal.expect("ready")
        try terminal.type("\u{3}")
        try await terminal.expect("got")
        try await Task.sleep(for: .milliseconds(200))
        #expect(terminal.screen.components(separatedBy: "got").count == 2)
        kill(try process1(terminal), SIGKILL)
    }

    @Test func `Ctrl-C ends a command that treats nothing`() async throws {
        let terminal = try containerized(["sh", "-c", "echo ready; exec sleep 60"])
        try await terminal.expect("ready")
        try terminal.type("\u{3}")
        #expect(try await terminal.end() == 130)
    }

    @Test func `Ctrl-C ends the boot`() async throws {
        let terminal = try Terminal(
            [Fixture.program, "--say", "booting", "--delay", "60", "--", "true"], place: .process1)
        try await terminal.expect("booting")
        try terminal.type("\u{3}")
        #expect(try await terminal.end() == 130)
    }

    @Test func `Ctrl-Z cannot stop a command that nobody could continue`() async throws {
        let terminal = try containerized(["sh", "-c", "echo ready; read line; echo read $line"])
        try await terminal.expect("ready")
        try terminal.type("\u{1a}")
        try await Task.sleep(for: .milliseconds(200))
        try terminal.type("on\n")
        try await terminal.expect("read on")
        #expect(try await terminal.end() == 0)
    }

    @Test(arguments: [["bash", "--norc", "-i"], ["zsh", "-f", "-i"]])
    func `a shell has job control`(shell: [String]) async throws {
        let terminal = try containerized(shell)
        try terminal.type("PS1='prompt> '; echo begin\n")
        try await terminal.expect("begin\r\n")
        try terminal.type("sh -c 'echo child; read x; echo child read $x'\n")
        try await terminal.expect("child\r\n")
        try terminal.type("\u{1a}")
        try await terminal.expect("prompt> ")
        try terminal.type("fg\n")
        // Both shells say what goes on; the terminal is the job's then.
        try await terminal.expect("echo child")
        try terminal.type("typed\n")
        try await terminal.expect("child read typed")
        try terminal.type("sh -c 'echo sle''eping; exec sleep 60'\n")
        try await terminal.expect("sleeping\r\n")
        try terminal.type("\u{3}")
        try await terminal.expect("prompt> ")
        try terminal.type("exit 5\n")
        #expect(try await terminal.end() == 5)
        #expect(!terminal.screen.contains("no job control"))
        #expect(!terminal.screen.contains("cannot set terminal process group"))
    }

    @Test func `the command learns of a new size of the window`() async throws {
        let terminal = try containerized([
            "bash", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done",
        ])
        try await terminal.expect("ready")
        terminal.resize(rows: 33, columns: 77)
        try await terminal.expect("33 77")
        #expect(try await terminal.end() == 0)
    }

    @Test(arguments: [["bash", "--norc", "-i"], ["zsh", "-f", "-i"], ["dash", "-i"]])
    func `a shell that ignores TERM is hung up`(shell: [String]) async throws {
        let terminal = try containerized(shell)
        try terminal.type("echo rea''dy\n")
        try await terminal.expect("ready\r\n")
        kill(try process1(terminal), SIGTERM)
        let code = try await terminal.end(within: 8)
        #expect(code != 137, "\(terminal.screen)")
        try await terminal.expect("SIGTERM at")
    }

    @Test func `a shell that has missed its hang-up gets another one`() async throws {
        let script =
            "trap '' TERM; n=0; trap 'n=$((n+1)); [ $n -lt 2 ] || exit 4' HUP; echo ready; while :; do sleep 0.05; done"
        let terminal = try containerized(["sh", "-c", script])
        try await terminal.expect("ready")
        kill(try process1(terminal), SIGTERM)
        #expect(try await terminal.end(within: 20) == 4)
    }

    @Test func `the job that a shell runs may save its work before the shell is hung up`() async throws {
        let terminal = try containerized(["bash", "--norc", "-i"])
        try terminal.type(
            "sh -c \"trap 'sleep 1; echo sav''ed; exit 0' TERM; echo run''ning; while :; do sleep 0.05; done\"\n")
        try await terminal.expect("running\r\n")
        kill(try process1(terminal), SIGTERM)
        try await terminal.expect("saved\r\n")
        try await terminal.end(within: 8)
        try await terminal.expect("SIGTERM at")
    }

    @Test func `a session that entered the container is hung up at its end`() async throws {
        let fixture = try Fixture(["sh", "-c", "echo ready; trap 'exit 0' USR1; while :; do sleep 0.05; done"])
        try await fixture.ready()
        let enter = ["nsenter", "--target", "\(try await fixture.initProcess())", "--pid", "--mount"]
        let session = try Terminal(enter + ["bash", "--norc", "-i"], place: nil)
        try session.type("echo rea''dy\n")
        try await session.expect("ready\r\n")
        try await fixture.send(SIGUSR1)
        let end = try await fixture.end()
        #expect(end.code == 0)
        #expect(end.seconds < 8)
        #expect(!fixture.errors.contains("killed"))
        try await session.end()
    }

    @Test func `a command that treats TERM is not hung up`() async throws {
        let terminal = try containerized([
            "sh", "-c",
            "trap 'sleep 1; echo saved; exit 3' TERM; trap 'exit 9' HUP; echo ready; while :; do sleep 0.05; done",
        ])
        try await terminal.expect("ready")
        kill(try process1(terminal), SIGTERM)
        try await terminal.expect("saved")
        #expect(try await terminal.end() == 3)
    }

    @Test func `under a shell with job control it is a job like any other`() async throws {
        let terminal = try Terminal(["bash", "--norc", "-i"], place: .ordinary)
        try terminal.type(
            "PS1='prompt> '\n\(Fixture.program) -- sh -c 'echo rea''dy; while read x; do echo got $x; done; exit 6'\n")
        try await terminal.expect("ready\r\n")
        try terminal.type("one\n")
        try await terminal.expect("got one")
        try terminal.type("\u{1a}")
        try await terminal.expect("Stopped")
        try terminal.type("echo sh''ell\n")
        try await terminal.expect("shell\r\n")
        try terminal.type("fg\n")
        try await terminal.expect("init-fixture")
        try terminal.type("two\n")
        try await terminal.expect("got two")
        try terminal.type("\u{4}")
        try await terminal.expect("prompt> ")
        try terminal.type("echo code $?\n")
        try await terminal.expect("code 6")
        try terminal.type("exit 7\n")
        #expect(try await terminal.end() == 7)
    }

    @Test func `in the background it leaves the terminal alone until it gets it`() async throws {
        let terminal = try Terminal(["bash", "--norc", "-i"], place: .ordinary)
        try terminal.type("PS1='prompt> '\n\(Fixture.program) -- sh -c 'echo rea''dy; read x; echo got $x' &\n")
        try await terminal.expect("ready\r\n")
        try terminal.type("echo sh''ell\n")
        try await terminal.expect("shell\r\n")
        try await Task.sleep(for: .milliseconds(300))
        try terminal.type("fg\n")
        try await Task.sleep(for: .milliseconds(300))
        try terminal.type("one\n")
        try await terminal.expect("got one")
        try await terminal.expect("prompt> ")
        try terminal.type("exit 7\n")
        #expect(try await terminal.end() == 7)
    }

    @Test func `a script without job control reads on from the terminal afterwards`() async throws {
        let script = "\(Fixture.program) -- true; echo after; read x; echo got $x"
        let terminal = try Terminal(["sh", "-c", script], place: .ordinary)
        try await terminal.expect("after")
        try terminal.type("line\n")
        try await terminal.expect("got line")
        #expect(try await terminal.end() == 0)
    }

    @Test func `writing to a terminal that stops background writers stops nobody`() async throws {
        let terminal = try containerized(
            ["sh", "-c", "stty tostop; echo ready; (sleep 0.1 &) ; sleep 0.4; exit 4"],
            ["ENTRYPOINT_WARN_REAPED": "true"])
        try await terminal.expect("ready")
        try await terminal.expect("reaped orphan sleep")
        #expect(try await terminal.end() == 4)
    }
}
