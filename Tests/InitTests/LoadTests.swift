import Foundation
import Testing

@Suite(.alone) struct LoadTests {
    @Test func `ten thousand orphans that end at once are all reaped`() async throws {
        let fixture = try Fixture([Fixture.program, "orphans", "10000"])
        try await fixture.ready()
        // While the init is stopped they end, and of all their SIGCHLD one is kept.
        let process1 = try await fixture.initProcess()
        kill(process1, SIGSTOP)
        kill(try fixture.child(of: process1), SIGUSR1)
        try await Task.sleep(for: .seconds(2))
        kill(process1, SIGCONT)
        let end = try await fixture.end(within: 60)
        #expect(fixture.lines == ["ready", "left 0"])
        #expect(end.code == 0)
    }

    @Test func `an ordinary process adopts orphans as well`() async throws {
        let script = "(sh -c 'sleep 0.2; exit 5' & ); sleep 0.5"
        let fixture = try Fixture(
            ["sh", "-c", script], environment: ["ENTRYPOINT_WARN_REAPED": "true"], place: .ordinary)
        #expect(try await fixture.end().code == 0)
        #expect(fixture.errors.contains(/init: reaped orphan sh \(\d+\): exit code 5/))
    }

    @Test func `a storm of orphans does not keep TERM waiting`() async throws {
        let fixture = try Fixture([Fixture.program, "storm", "20000"])
        try await fixture.ready()
        try await Task.sleep(for: .seconds(1))
        try await fixture.send(SIGTERM)
        let end = try await fixture.end()
        #expect(end.code == 143)
        // The storm goes on for twenty seconds.
        #expect(end.seconds < 10)
    }

    @Test func `in a namespace of somebody else only descendants are touched`() async throws {
        // Both inits are ordinary processes of one namespace, as the containers of a pod that shares its processes are.
        let pod = """
            \(Fixture.program) -- sh -c 'echo neighbour; exec sleep 60' & neighbour=$!
            sleep 0.3
            \(Fixture.program) -- sh -c 'setsid sh -c "exec sleep 61" & sleep 0.1; exit 4'
            echo code $?
            kill -0 $neighbour && echo alive
            kill -TERM $neighbour; wait $neighbour; echo code $?
            """
        let fixture = try Fixture(["sh", "-c", pod], wrapper: ["env"])
        #expect(try await fixture.end().code == 0)
        #expect(fixture.lines == ["neighbour", "code 4", "alive", "code 143"])
    }

    @Test func `a billion descriptors cost nothing`() async throws {
        // Where the hard limit is lower than that, it is the highest that there is.
        let wrapper = ["sh", "-c", "ulimit -n 1073741816 2>/dev/null || ulimit -n $(ulimit -Hn); exec \"$@\"", "sh"]
        for injected in [[], ["strace", "-f", "-o", "/dev/null", "-e", "inject=close_range:error=EPERM"]] {
            let fixture = try Fixture(["true"], wrapper: wrapper + injected)
            let end = try await fixture.end()
            #expect(end.code == 0)
            #expect(end.seconds < 10)
        }
    }

    @Test func `without close_range descriptors are closed as well`() async throws {
        let fixture = try Fixture(
            ["sh", "-c", "ls /proc/$PPID/fd | tr '\\n' ' '"], place: .ordinary,
            wrapper: [
                "strace", "-f", "-o", "/dev/null", "-e", "inject=close_range:error=ENOSYS", "sh", "-c",
                "exec 5</dev/null 8</dev/null; exec \"$@\"", "sh",
            ])
        #expect(try await fixture.end().code == 0)
        // The pipe that tells of the command may still be there.
        #expect(fixture.output.hasPrefix("0 1 2 "))
        #expect(!fixture.output.contains("5") && !fixture.output.contains("8"))
    }

    @Test func `where descriptors cannot be closed at all, the command runs and the deadlines of the boot end`()
        async throws
    {
        let fixture = try Fixture(
            ["sh", "-c", "sleep 1.2; exit 3"], options: ["--watched", "1"], place: .ordinary,
            wrapper: ["strace", "-f", "-o", "/dev/null", "-e", "inject=close_range,getdents64:error=EPERM"])
        #expect(try await fixture.end().code == 3)
        #expect(fixture.errors == "")
    }
}
