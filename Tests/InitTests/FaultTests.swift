import Foundation
import TestSupport
import Testing

@Suite(.beside) struct FaultTests {
    /// A call, an error that its manual page allows, and which of the calls fail: `1+2` is every second from the first on.
    static let faults: [(call: String, error: String, when: String)] = [
        ("rt_sigtimedwait", "EINTR", "1+2"), ("rt_sigtimedwait", "EINTR", "2+2"), ("rt_sigtimedwait", "EAGAIN", "1+2"),
        ("rt_sigtimedwait", "EAGAIN", "2+2"), ("rt_sigtimedwait", "ENOMEM", "2+2"),
        ("rt_sigtimedwait", "EINVAL", "1+3"),
        ("wait4", "EINTR", "1+2"), ("wait4", "EINTR", "2+2"), ("wait4", "ECHILD", "1+2"), ("wait4", "ECHILD", "2+2"),
        ("wait4", "ECHILD", "3+3"), ("kill", "EPERM", "1"), ("kill", "EAGAIN", "1+2"), ("kill", "EINTR", "1+2"),
        ("kill", "ENOMEM", "2+2"),
        ("read", "EINTR", "1+2"), ("read", "EAGAIN", "1+2"), ("read", "EIO", "1+2"), ("getpgid", "ESRCH", "1"),
        ("openat", "ENFILE", "1+2"), ("openat", "ENOMEM", "2+2"), ("getdents64", "ENOMEM", "1+2"),
        ("poll", "EINTR", "1"), ("write", "EINTR", "1"), ("write", "EAGAIN", "1"), ("write", "EPIPE", "1"),
        ("clone", "EAGAIN", "1"), ("clone", "ENOMEM", "1"), ("close", "EINTR", "1+2"), ("waitid", "EINTR", "1+2"),
        ("waitid", "ECHILD", "1+1"),
    ]
    /// Those that are made only where the init is not process 1.
    static let faultsOfAnOrdinaryProcess: [(call: String, error: String, when: String)] = [
        ("pidfd_open", "ENOSYS", "1+1"), ("pidfd_open", "EPERM", "1+1"), ("pidfd_open", "EMFILE", "1+2"),
        ("pidfd_send_signal", "EPERM", "1+2"), ("pidfd_send_signal", "ENOMEM", "1+1"), ("openat", "ENFILE", "1"),
        ("getdents64", "ENOMEM", "1+2"), ("wait4", "ECHILD", "1+2"), ("rt_sigtimedwait", "EINTR", "1+2"),
    ]

    @Test(arguments: faults)
    func `every call of process 1 may fail`(call: String, error: String, when: String) async throws {
        try await play(call, error, when, place: .process1)
    }

    @Test(arguments: faultsOfAnOrdinaryProcess)
    func `every call of an ordinary process may fail`(call: String, error: String, when: String) async throws {
        try await play(call, error, when, place: .ordinary)
    }

    @Test func `every call of process 1 on a terminal may fail`() async throws {
        let terminal = try Terminal([Fixture.program, "--", "bash", "--norc", "-i"], place: .process1)
        try terminal.type("echo rea''dy\n")
        try await terminal.expect("ready\r\n")
        let process1 = try #require(Fixture.children(terminal.processIdentifier).first)
        let tracer = try Tracer(of: process1, ["--trace=ioctl", "--inject=ioctl:error=EIO:when=1+1"])
        for _ in 0..<6000 where !tracer.isAttached { try await Task.sleep(for: .milliseconds(5)) }
        kill(process1, SIGTERM)
        // The shell is hung up all the same.
        #expect(try await terminal.end() == 128 + SIGHUP)
        #expect(try await tracer.log().contains("(INJECTED)"), "the call was never made")
    }

    /// A boot, a command that ends by TERM, an orphan that ended before and one that has to be killed: whatever fails on
    /// the way, the container ends in time and with the command's code.
    private func play(_ call: String, _ error: String, _ when: String, place: Fixture.Place) async throws {
        var environment = ["ENTRYPOINT_GRACE": "0.4"]
        // Only for the name of one that has ended it is asked who that is.
        if call == "waitid" { environment["ENTRYPOINT_WARN_REAPED"] = "true" }
        let fixture = try Fixture(
            [Fixture.program, "scene"], options: ["--say", "booting", "--delay", "0.5"], environment: environment,
            place: place)
        try await fixture.ready("booting")
        let tracer = try Tracer(
            of: await fixture.initProcess(), ["--trace=\(call)", "--inject=\(call):error=\(error):when=\(when)"])
        try await fixture.until("the tracer was attached") { tracer.isAttached }
        try await fixture.ready()
        try await fixture.send(SIGTERM)
        let end = try await fixture.end(within: 15)
        #expect(end.code == 17, "\(fixture.errors)")
        #expect(end.seconds < 12)
        #expect(try await tracer.log().contains("(INJECTED)"), "the call was never made")
    }
}

/// A tracer of one process.
final class Tracer {
    private let tracer: RunningProgram
    private let traced: pid_t
    private let path = Fixture.temporaryPath()

    init(of process: pid_t, _ options: [String]) throws {
        traced = process
        var program = Program(["/usr/bin/strace", "-q", "-o", path, "-p", "\(process)"] + options)
        (program.standardOutput, program.standardError) = (.null, .null)
        tracer = try program.start()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Whether the kernel knows of the tracer.
    var isAttached: Bool {
        let status = try? String(contentsOfFile: "/proc/\(traced)/status", encoding: .utf8)
        return status?.contains("TracerPid:\t\(tracer.pid)\n") ?? false
    }

    /// What was traced, once the traced process has ended.
    func log() async throws -> String {
        while try tracer.isRunning() { try await Task.sleep(for: .milliseconds(5)) }
        return try String(contentsOfFile: path, encoding: .utf8)
    }
}
