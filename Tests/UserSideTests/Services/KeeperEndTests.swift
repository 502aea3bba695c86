import Foundation
import Glibc
import TestSupport
import Testing

/// Real services under a real keeper: how they end.
struct KeeperEndTests {
    /// A service that writes its name when it is told to end, and takes a tenth of a second for it.
    private func slow(_ name: String, after: String = "") -> String {
        """
          - name: \(name)
            \(after.isEmpty ? "" : "after: \(after)")
            command: [sh, -c, "trap 'echo \(name) told >>DIR/ends; sleep 0.1; echo \(name) ended >>DIR/ends; exit' TERM; touch DIR/\(name); while :; do sleep 0.02; done"]

        """
    }

    @Test("services end in the reverse order, one after another, and the final runs come last")
    func order() throws {
        let kept = try KeptServices(
            slow("a") + slow("b", after: "a") + slow("c")
                + """
                  - name: mirror
                    command: [sleep, "100"]
                    final: {command: [sh, -c, "echo final >>DIR/ends"], timeout: 5}

                """)
        try kept.wait("all") { ["a", "b", "c"].allSatisfy { FileManager.default.fileExists(atPath: kept.path($0)) } }
        try kept.waitForLog("mirror: ready")
        let outcome = try kept.end()
        #expect(outcome.exitCode == 0)
        #expect(
            kept.lines("ends")
                == ["c told", "c ended", "b told", "b ended", "a told", "a ended", "final"], "\(outcome)")
    }

    @Test("a service that ignores TERM gets KILL, and so does all that it has started, wherever that is")
    func ignoresTerm() throws {
        let kept = try KeptServices(
            """
              - name: deaf
                stop: {timeout: 0.3}
                command: [sh, -c, "trap '' TERM; (setsid sh -c 'trap \\"\\" TERM; echo $$ >>DIR/pids; while :; do sleep 1; done' &); (env -i setsid sleep 1000 & echo $! >>DIR/pids); echo $$ >>DIR/pids; while :; do sleep 1; done"]

            """)
        try kept.wait("processes") { kept.lines("pids").count == 3 }
        #expect(try kept.end().exitCode == 0)
        for process in kept.lines("pids") { #expect(!KeptServices.isAlive(process)) }
    }

    @Test("a parent says how long the end may take, and a second TERM makes it short")
    func deadline() throws {
        let services = """
              - name: deaf
                stop: {timeout: 60}
                command: [sh, -c, "trap '' TERM; touch DIR/begun; while :; do sleep 1; done"]

            """
        for isSecond in [false, true] {
            let kept = try KeptServices(services)
            try kept.wait("start") { FileManager.default.fileExists(atPath: kept.path("begun")) }
            let begin = ContinuousClock.now
            if isSecond {
                try kept.running.signal(SIGTERM)
                usleep(100_000)
                try kept.running.signal(SIGINT)
            } else {
                let kill = try Program(["/usr/bin/kill", "--queue", "1000", "-TERM", "\(kept.running.pid)"]).run()
                try #require(kill.exitCode == 0)
            }
            #expect(try kept.running.wait().exitCode == 0)
            // The usual end takes 8 s.
            #expect(ContinuousClock.now - begin < .seconds(5))
        }
    }

    @Test("a final run that takes too long is killed, and the end comes in time")
    func finalOverdue() throws {
        let kept = try KeptServices(
            """
              - name: mirror
                command: [sleep, "100"]
                final: {command: [sleep, "100"], timeout: 0.3}

            """)
        try kept.waitForLog("mirror: ready")
        let outcome = try kept.end()
        #expect(outcome.exitCode == 0)
        #expect(outcome.errors.contains("mirror: warning: the final run took longer than 0.3 s and was killed"))
    }

    @Test("a stop during the start ends what runs, and starts nothing more")
    func duringStart() throws {
        let kept = try KeptServices(
            """
              - name: web
                ready: {file: DIR/never}
                command: [sh, -c, "touch DIR/web; exec sleep 100"]
              - name: next
                after: web
                command: [sh, -c, "touch DIR/next; exec sleep 100"]

            """)
        try kept.wait("start") { FileManager.default.fileExists(atPath: kept.path("web")) }
        #expect(try kept.end(SIGINT).exitCode == 0)
        #expect(!FileManager.default.fileExists(atPath: kept.path("next")))
    }

    @Test("the services of a keeper that is killed do not go on without it")
    func killed() throws {
        let kept = try KeptServices(
            """
              - name: web
                command: [sh, -c, "trap '' TERM; echo $$ >DIR/pid; while :; do sleep 0.1; done"]

            """)
        try kept.wait("start") { kept.lines("pid").count == 1 }
        let process = try #require(kept.lines("pid").first)
        #expect(try kept.end(SIGKILL).exitCode == 137)
        let limit = ContinuousClock.now + .seconds(10)
        while KeptServices.isAlive(process) && ContinuousClock.now < limit { usleep(5000) }
        #expect(!KeptServices.isAlive(process))
    }

    @Test("a storm of processes ends with its service", .actingAsUsers)
    func storm() throws {
        // Each of them makes others as fast as it can, in sessions of their own, for as long as it lives.
        let kept = try KeptServices(
            """
              - name: storm
                stop: {timeout: 0.2}
                command: [perl, -e, "use POSIX; $SIG{TERM} = q(IGNORE); $SIG{CHLD} = q(IGNORE); open(F, q(>), q(DIR/storm)); close(F); for (1..40) { last unless fork } setsid; while (1) { my $p = fork; if (defined $p && !$p) { setsid; sleep 1; exit } select(undef, undef, undef, 0.01) }"]
              - name: other
                command: [sleep, "100"]

            """, isolated: true)
        try kept.wait("storm") { FileManager.default.fileExists(atPath: kept.path("storm")) }
        usleep(500_000)
        #expect(try kept.running.isRunning())
        #expect(try kept.end().exitCode == 0)
    }
}
