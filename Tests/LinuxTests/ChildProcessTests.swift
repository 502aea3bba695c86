import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// Programs that the boot runs.
struct ChildProcessTests {
    private static func run(
        _ script: String, identity: Credentials? = nil, umask: ModeBits = 0o022, seconds: UInt32 = 20,
        program: FilePath = "/bin/sh"
    ) throws(SystemCallError) -> (result: ChildProcess.Result, output: String) {
        let arguments = ["sh", "-c", script].map { CString(Array($0.utf8)) }
        let environment = ["PATH=/usr/bin:/bin", "A=b"].map { CString(Array($0.utf8)) }
        var output: [UInt8] = []
        let child = ChildProcess(
            program: program, arguments: arguments, environment: environment, identity: identity, umask: umask,
            timeLimit: seconds)
        let result = try child.run { output += $0.prefix(max(0, 4096 - output.count)) }
        return (result, String(decoding: output, as: UTF8.self))
    }

    @Test func `a child's output, errors and exit code come back`() async {
        await #expect(processExitsWith: .success) {
            let (result, output) = try Self.run("echo out; echo err >&2; exit 7")
            #expect(result.end == .exited(7) && result.isOverdue == false)
            #expect(output == "out\nerr\n")
            signal(SIGPIPE, SIG_IGN)
            let broken = try Self.run("kill -PIPE $$").result
            #expect(broken.end == .signaled(.brokenPipe))
            let killed = try Self.run("kill -SEGV $$").result
            #expect(killed.end == .signaled(Signal(rawValue: SIGSEGV)))
        }
    }

    @Test func `a child has nothing of the caller's but what it is given`() async {
        await #expect(processExitsWith: .success) {
            // A descriptor, a directory, a blocked signal and an environment of the caller's own.
            let descriptor = open("/etc/passwd", O_RDONLY)
            try #require(fcntl(descriptor, F_SETFD, 0) == 0 && chdir("/tmp") == 0)
            setenv("SECRET", "x", 1)
            _ = Signals.block(SignalSet(Signal(rawValue: SIGUSR1)))
            let output = try Self.run(
                """
                pwd; umask; env | grep -v -e ^PWD -e ^_ -e ^SHLVL -e ^OLDPWD | sort; ls /proc/self/fd | wc -l; readlink /proc/self/fd/0 | cut -d : -f 1
                grep -E '^(SigBlk|CapEff|CapPrm|CapInh|CapAmb|NoNewPrivs)' /proc/self/status
                """, umask: 0o027
            ).output
            #expect(
                output == """
                    /
                    0027
                    A=b
                    PATH=/usr/bin:/bin
                    4
                    pipe
                    SigBlk:\t0000000000000000
                    CapInh:\t0000000000000000
                    CapPrm:\t0000000000000000
                    CapEff:\t0000000000000000
                    CapAmb:\t0000000000000000
                    NoNewPrivs:\t1

                    """, "\(output)")
        }
    }

    @Test(.actingAsUsers) func `a child is somebody else for ever`() async {
        await #expect(processExitsWith: .success) {
            let output = try Self.run(
                """
                grep -E '^(Uid|Gid|Groups|CapEff|CapPrm|CapBnd)' /proc/self/status; sudo -n true 2>&1 | head -c 1 | wc -c
                setpriv --reuid 0 true 2>/dev/null && echo root again
                """, identity: Credentials(user: 4711, group: 4712, groups: [4713])
            ).output
            #expect(
                output == """
                    Uid:\t4711\t4711\t4711\t4711
                    Gid:\t4712\t4712\t4712\t4712
                    Groups:\t4713\u{20}
                    CapPrm:\t0000000000000000
                    CapEff:\t0000000000000000
                    CapBnd:\t0000000000000000
                    1

                    """, "\(output)")
        }
    }

    @Test func `what is written without end is taken, and the time limit still holds`() async {
        await #expect(processExitsWith: .success) {
            let start = Clock.monotonic
            let (result, output) = try Self.run("yes", seconds: 1)
            #expect(result.end == .signaled(.terminate) && result.isOverdue == true)
            #expect(output.hasPrefix("y\ny\n"))
            #expect((Clock.monotonic - start) / 1_000_000_000 < 10)
        }
    }

    @Test func `what takes no notice of the time limit is killed, with what it has started`() async {
        await #expect(processExitsWith: .success) {
            let (result, output) = try Self.run("trap '' TERM; sleep 100 & echo $!; wait", seconds: 1)
            #expect(result.end == .signaled(.kill) && result.isOverdue == true)
            let sleeper = try #require(Int32(output.trimmingCharacters(in: .newlines)))
            // It is no child of this process, so that it is gone once somebody has waited for it.
            var isThere = true
            for _ in 0..<100 where isThere {
                let status = try? String(contentsOfFile: "/proc/\(sleeper)/stat", encoding: .utf8)
                isThere = status.map { !$0.contains(") Z ") } ?? false
                if isThere { usleep(10_000) }
            }
            #expect(!isThere)
        }
    }

    @Test func `a process that it leaves behind is not waited for`() async {
        await #expect(processExitsWith: .success) {
            let start = Clock.monotonic
            let (result, output) = try Self.run("sleep 1000 & echo $!; exit 3")
            #expect(result.end == .exited(3) && result.leftBehind == 1)
            #expect((Clock.monotonic - start) / 1_000_000_000 < 4)
            let sleeper = try #require(Int32(output.trimmingCharacters(in: .newlines)))
            // Gone, or waited for by nobody yet.
            let status = (try? String(contentsOfFile: "/proc/\(sleeper)/stat", encoding: .utf8)) ?? ") Z "
            #expect(status.contains(") Z "))
        }
    }

    @Test func `a program without a limit is waited for, and starts where it may`() async {
        await #expect(processExitsWith: .success) {
            func run(in directory: FilePath, keepsPrivileges: Bool = false) throws -> String {
                var output: [UInt8] = []
                let script = "sleep 0.3; pwd; grep -e NoNewPrivs -e CapPrm /proc/self/status"
                let child = ChildProcess(
                    program: "/bin/sh", arguments: ["sh", "-c", script].map { CString(Array($0.utf8)) },
                    environment: [CString(Array("PATH=/usr/bin:/bin".utf8))], identity: nil, umask: 0o022, timeLimit: 0,
                    directory: directory, keepsPrivileges: keepsPrivileges)
                #expect(try child.run { output += $0 }.leftBehind == 0)
                return String(decoding: output, as: UTF8.self)
            }
            #expect(try run(in: "/usr/bin") == "/usr/bin\nCapPrm:\t0000000000000000\nNoNewPrivs:\t1\n")
            #expect(try run(in: "/nonexistent").hasPrefix("/\n"))
            let own = try Privileges.current()
            let kept = try run(in: "/", keepsPrivileges: true)
            #expect(kept.contains("NoNewPrivs:\t\(own.noNewPrivileges ? 1 : 0)\n"))
            if own.user.effective == 0 { #expect(!kept.contains("CapPrm:\t0000000000000000")) }
        }
    }

    @Test func `a child is told to end when the caller is killed`() async {
        await #expect(processExitsWith: .success) {
            let file = "\(NSTemporaryDirectory())/entrypoint-test-\(UUID().uuidString)"
            defer { unlink(file) }
            let caller = fork()
            if caller == 0 {
                _ = try? Self.run(
                    "trap 'echo told > \(file)x; mv \(file)x \(file); exit' TERM; touch \(file)s; while :; do sleep 0.1; done"
                )
                _exit(0)
            }
            func waitFor(_ name: String) -> Bool {
                for _ in 0..<500 where access(name, F_OK) != 0 { usleep(10_000) }
                return unlink(name) == 0
            }
            #expect(waitFor(file + "s"))
            kill(caller, SIGKILL)
            #expect(waitFor(file))
        }
    }

    @Test func `a program that cannot be started is the error of the call`() async {
        await #expect(processExitsWith: .success) {
            let error = SystemCallError.of { () throws(SystemCallError) in
                _ = try Self.run("", program: "/nonexistent")
            }
            #expect(error == SystemCallError(call: "execve", path: "/nonexistent", errno: .noSuchFileOrDirectory))
        }
    }

    @Test func `a child's end is known to a caller who ignores the ends of children`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGCHLD, SIG_IGN)
            let result = try Self.run("exit 9").result
            #expect(result.end == .exited(9))
            #expect(Signals.isIgnored(.child))
        }
    }
}
