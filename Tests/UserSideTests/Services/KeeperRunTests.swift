import Foundation
import Glibc
import TestSupport
import Testing

/// Real services under a real keeper: how they begin and go on.
struct KeeperRunTests {
    @Test("a service has the keeper's environment, its own variables, the secrets that it names, and nothing else")
    func environment() throws {
        let kept = try KeptServices(
            """
              - name: web
                command: [sh, -c, "env | sort >DIR/env; ls /proc/self/fd >DIR/fds; ps -o pid=,pgid=,sid= -p $$ >DIR/ids; pwd >DIR/place; exec sleep 100"]
                environment: {COLOUR: blue, PATH: "/usr/bin:/bin"}
                secrets: [WANDB_API_KEY]
                directory: /usr
                nice: 5
                oomScore: 500
                limits: {openFiles: 100}
              - name: numbers
                command: [sh, -c, "nice >DIR/nice; cat /proc/self/oom_score_adj >>DIR/nice; ulimit -n >>DIR/nice; sleep 100"]
                nice: 5
                oomScore: 500
                limits: {openFiles: 100}

            """,
            environment: [
                "HF_TOKEN": "hf_secret", "WANDB_API_KEY": "wandb_secret", "LISTEN_FDS": "3", "NOTIFY_SOCKET": "/x",
                "LANG": "C",
            ])
        try kept.wait("files") { kept.lines("place").count == 1 && kept.lines("nice").count == 3 }
        let environment = Set(kept.lines("env").filter { !$0.hasPrefix("_=") && !$0.hasPrefix("PWD=") })
        let expected: Set = [
            "COLOUR=blue", "ENTRYPOINT_LOG=debug", "ENTRYPOINT_SERVICE=web", "LANG=C", "PATH=/usr/bin:/bin",
            "WANDB_API_KEY=wandb_secret", "ENTRYPOINT_USER_CONFIG=\(kept.path("services.yaml"))",
        ]
        #expect(environment.subtracting(["OLDPWD=", "SHLVL=0", "SHLVL=1"]) == expected)
        // The last one is that of the directory.
        #expect(kept.lines("fds") == ["0", "1", "2", "3"])
        let ids = Set(kept.lines("ids").first?.split(separator: " ") ?? [])
        #expect(ids.count == 1)
        #expect(kept.lines("place") == ["/usr"])
        #expect(kept.lines("nice") == ["5", "500", "100"])
        #expect(try kept.end().exitCode == 0)
    }

    @Test("a service that dies at once, without back-off, costs little and is started ten times a second at most")
    func diesAtOnce() throws {
        let kept = try KeptServices(
            """
              - name: web
                command: [sh, -c, "echo x >>DIR/starts; exit 1"]
                backoff: 0

            """, environment: ["ENTRYPOINT_LOG": "info"])
        try kept.wait("starts") { kept.lines("starts").count >= 11 }
        let (before, begin) = (kept.lines("starts").count, ContinuousClock.now)
        usleep(2_000_000)
        let seconds = Double((ContinuousClock.now - begin) / .milliseconds(1)) / 1000
        let count = kept.lines("starts").count - before
        #expect(count >= 5 && Double(count) <= 11 * seconds + 2, "\(count) in \(seconds) s")
        let stat = try String(contentsOfFile: "/proc/\(kept.running.pid)/stat", encoding: .utf8).split(separator: " ")
        // 200 ticks would be two whole seconds.
        #expect((Int(stat[13]) ?? 1000) + (Int(stat[14]) ?? 1000) < 150)
        let outcome = try kept.end()
        #expect(outcome.exitCode == 0)
        #expect(outcome.errorLines.count < 12, "\(outcome)")
    }

    @Test("a service is started again at once, without back-off, and what it has left is gone by then")
    func leavesChildren() throws {
        let kept = try KeptServices(
            """
              - name: web
                command: [sh, -c, "setsid sh -c 'echo $$ >>DIR/left; exec sleep 100' & until [ -s DIR/left ]; do sleep 0.01; done; for p in $(cat DIR/left); do [ -d /proc/$p ] && echo $p; done >>DIR/alive; echo . >>DIR/alive; sleep 0.2; exit 1"]
                backoff: 0

            """)
        try kept.wait("runs") { kept.lines("alive").filter { $0 == "." }.count >= 3 }
        #expect(try kept.end().exitCode == 0)
        for process in kept.lines("left") { #expect(!KeptServices.isAlive(process)) }
        // At most its own was there in each run.
        let runs = kept.lines("alive").split(separator: ".")
        #expect(runs.allSatisfy { $0.count <= 1 }, "\(runs)")
    }

    @Test("a program that puts itself into the background is told of, and does not stay there")
    func daemon() throws {
        let kept = try KeptServices(
            """
              - name: daemon
                command: [sh, -c, "setsid sh -c 'setsid sleep 100 & echo $! >DIR/pid; sleep 100' & until [ -s DIR/pid ]; do sleep 0.01; done; exit 0"]
              - name: other
                command: [sleep, "100"]

            """)
        try kept.waitForLog("run the program in the foreground")
        let process = try #require(kept.lines("pid").first)
        try kept.wait("end of the daemon") { !KeptServices.isAlive(process) }
        #expect(try kept.end().exitCode == 0)
    }

    @Test("a program that appears later is started then; what is missing is told once")
    func appears() throws {
        let kept = try KeptServices(
            """
              - name: late
                command: [DIR/late]
                backoff: {first: 0.1, longest: 0.2}

            """, environment: ["ENTRYPOINT_LOG": "info"])
        try kept.waitForLog("there is no program")
        usleep(700_000)
        let script = "#!/bin/sh\necho here >\(kept.path("here"))\nexec sleep 100\n"
        try script.write(toFile: kept.path("new"), atomically: false, encoding: .utf8)
        chmod(kept.path("new"), 0o755)
        rename(kept.path("new"), kept.path("late"))
        try kept.wait("start") { kept.lines("here") == ["here"] }
        let outcome = try kept.end()
        #expect(outcome.exitCode == 0)
        #expect(outcome.errorLines.filter { $0.contains("there is no program") }.count == 1, "\(outcome)")
    }

    @Test(
        "what cannot be had is told, and the service does not run without it",
        arguments: [
            ("directory: /nowhere", "cannot start in /nowhere: no such file or directory"),
            ("command: [/etc/passwd]", "cannot start /etc/passwd: permission denied"),
            ("command: [nowhere]", "cannot start: there is no program nowhere"),
        ])
    func cannot(line: String, words: String) throws {
        let command = line.hasPrefix("command") ? "" : "    command: [sh, -c, \"echo x >DIR/ran\"]\n"
        let kept = try KeptServices("  - name: web\n    restart: never\n\(command)    \(line)\n")
        let outcome = try kept.running.wait()
        #expect(outcome.exitCode == 1 && outcome.errors.contains("web: has failed: it \(words)"), "\(outcome)")
        #expect(kept.lines("ran").isEmpty)
    }

    @Test("runs again and again: a second after the end of the one before, and never two at once")
    func every() throws {
        let kept = try KeptServices(
            """
              - name: mirror
                command: [sh, -c, "mkdir DIR/lock || echo twice >>DIR/twice; echo x >>DIR/runs; sleep 0.1; rmdir DIR/lock"]
                every: 1

            """)
        try kept.wait("runs") { kept.lines("runs").count >= 4 }
        #expect(kept.lines("twice").isEmpty)
        #expect(try kept.end().exitCode == 0)
    }

    @Test("two hundred services start, and end in a moment")
    func many() throws {
        let entries = (0..<200).map { "  - name: s\($0)\n    command: [sleep, \"1000\"]\n" }.joined()
        let kept = try KeptServices(entries, environment: ["ENTRYPOINT_LOG": "info"])
        func children() -> Int {
            let path = "/proc/\(kept.running.pid)/task/\(kept.running.pid)/children"
            return ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ").count
        }
        try kept.wait("all of them", within: 60) { children() == 200 }
        let outcome = try kept.end()
        #expect(outcome.exitCode == 0, "\(outcome)")
        #expect(KeptServices.processes(with: "ENTRYPOINT_USER_CONFIG=\(kept.path("services.yaml"))").isEmpty)
    }
}
