import Foundation
import Glibc
import TestSupport
import Testing

/// Calls of a keeper that fail once.
struct KeeperFaultTests {
    /// Two services, of which one ends again and again, and a final run.
    private static let services = """
          - name: steady
            command: [sh, -c, "trap 'echo ended >>DIR/steady; exit' TERM; echo begun >>DIR/steady; while :; do sleep 0.02; done"]
            ready: {file: DIR/steady, timeout: 2}
            backoff: 0
          - name: brief
            after: steady
            command: [sh, -c, "echo x >>DIR/brief; exit 1"]
            backoff: 0.1
            final: {command: [sh, -c, "echo final >>DIR/final"], timeout: 5}

        """

    private static let faults: [(call: String, error: String, numbers: [Int])] = [
        ("epoll_wait", "EIO", [1, 2, 5]), ("epoll_ctl", "ENOMEM", [3, 4, 5, 6, 8]), ("read", "EIO", [40, 45, 50, 55]),
        ("waitid", "EIO", [1, 2, 3]), ("wait4", "EIO", [1, 2]), ("pipe2", "EMFILE", [1, 3, 4, 5]),
        ("clone", "EAGAIN", [1, 2, 3]), ("signalfd4", "ENOMEM", [1]), ("epoll_create1", "EMFILE", [1]),
        ("kill", "EPERM", [1, 2]), ("pidfd_open", "EMFILE", [1]), ("fcntl", "EMFILE", [1, 2, 3, 4]),
        ("prctl", "EPERM", [1]), ("write", "EIO", [1, 2, 3]),
    ]

    @Test(
        "a call that fails ends in an error or in services that go on, and nothing is left",
        arguments: faults.map { $0.call })
    func fails(call: String) throws {
        let fault = try #require(Self.faults.first { $0.call == call })
        for number in fault.numbers {
            let kept = try KeptServices(
                Self.services,
                wrapper: [
                    "/usr/bin/strace", "-qq", "-o", "DIR/trace", "-e", "trace=\(call)", "-e",
                    "inject=\(call):error=\(fault.error):when=\(number)",
                ])
            let limit = ContinuousClock.now + .seconds(15)
            // Either it goes on, or it ends by itself.
            while kept.lines("brief").count < 3, ContinuousClock.now < limit, try kept.running.isRunning() {
                usleep(10_000)
            }
            let hasWorked = kept.lines("brief").count >= 3
            let keeper = Self.child(of: kept.running.pid)
            if let keeper { kill(keeper, SIGTERM) }
            let outcome = try kept.running.wait(within: .seconds(20))
            let what = "\(call) \(number): \(outcome)"
            if hasWorked {
                #expect(outcome.exitCode == 0, "\(what)")
                #expect(kept.lines("final") == ["final"], "\(what)")
                #expect(kept.lines("steady").last == "ended", "\(what)")
            } else {
                #expect(outcome.exitCode == 125 && outcome.errors.contains("cannot"), "\(what)")
            }
            let entry = "ENTRYPOINT_USER_CONFIG=\(kept.path("services.yaml"))"
            #expect(KeptServices.processes(with: entry).isEmpty, "\(what)")
        }
    }

    /// The process under a tracer.
    private static func child(of process: Int32) -> Int32? {
        let path = "/proc/\(process)/task/\(process)/children"
        return (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: " ").first.flatMap { Int32($0) }
    }
}
