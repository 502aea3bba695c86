import Foundation
import Glibc
import TestSupport
import Testing

/// A boot that is ended from outside.
@Suite(.containers, .serialized)
struct InitBootTests {
    @Test(arguments: [false, true])
    func `TERM ends the boot at once, with nothing half written`(hasBegun: Bool) throws {
        try withSquashedScratch(SquashedScratch.Options(delay: 20)) { scratch in
            try scratch.makeHomes()
            try withContainer(.scratch) { container in
                container.environment = .pod
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let running = try container.start(ProbeReport.path, "print", "booted")
                if hasBegun {
                    // In the middle of the work on the export.
                    try wait(for: "the persistent directory") { try scratch.status("homes/jane") != nil }
                } else {
                    try wait(for: "process 1") { (try? Resident(of: running).children.count) == 1 }
                }
                let sent = ContinuousClock.now
                try running.signal(SIGTERM)
                let outcome = try running.wait()
                #expect(ContinuousClock.now - sent < .seconds(5), "\(outcome)")
                #expect(outcome.exitCode == 143, "\(outcome)")
                #expect(
                    outcome.initLines.last?.hasPrefix("SIGTERM at TIME: the boot was stopped") == true, "\(outcome)")
                #expect(outcome.output == "", "\(outcome)")
                let names = try FileManager.default.subpathsOfDirectory(atPath: scratch.export)
                #expect(!names.contains { $0.contains("/.") && $0.contains("entrypoint") }, "\(names)")
                // Whatever there is, the next start makes the rest of it.
                let next = try container.run(ProbeReport.path, "print", "booted", within: .seconds(60))
                #expect(next.output == "booted\n", "\(next)")
            }
        }
    }

    @Test(arguments: [(SIGTERM, 143), (SIGINT, 130), (SIGHUP, 129), (SIGQUIT, 131)] as [(Int32, Int32)])
    func `without an init, too, a signal ends the boot of process 1, and means to the command what it always did`(
        signal: Int32, code: Int32
    ) throws {
        try withSquashedScratch(SquashedScratch.Options(delay: 20)) { scratch in
            try scratch.makeHomes()
            try withContainer(.scratch) { container in
                container.environment = .pod.with(["ENTRYPOINT_MODE": "exec"])
                try container.withMount(scratch.mount, at: "/scratch") {
                    let booting = try container.process1(ProbeReport.path, "print", "booted").start()
                    try wait(for: "the persistent directory") { try scratch.status("homes/jane") != nil }
                    try booting.signal(signal)
                    let ended = try booting.wait()
                    #expect(ended.exitCode == code && ended.output == "", "\(ended)")
                    // The command has the default, which for process 1 means that nothing comes of it.
                    let running = try container.process1(ProbeReport.path, "print", "booted", "sleep", "1").start()
                    try running.waitForOutput("booted")
                    try running.signal(signal)
                    let outcome = try running.wait()
                    #expect(outcome.exitCode == 0, "\(outcome)")
                }
            }
        }
    }

    @Test func `whenever TERM comes, the boot is over a tenth of a second later`() throws {
        let whole = try slowBoot(endedAfter: nil)
        #expect(whole.outcome.exitCode == 0 && whole.outcome.duration > .milliseconds(500), "\(whole.outcome)")
        for part in [0, 0.01, 0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9] {
            let moment = whole.outcome.duration * part
            // From the call of kill(2) to the end of process 1, as its pidfd tells it to a test that waits for nothing
            // else. The machine may take the processor away from either for a while: one of a few tries must do.
            var times: [Duration] = []
            while times.count < 10 && !times.contains(where: { $0 < .milliseconds(100) }) {
                let boot = try slowBoot(endedAfter: moment)
                #expect(boot.outcome.exitCode == 143 && boot.outcome.output == "", "\(boot.outcome)")
                #expect(boot.outcome.initLines.last?.hasPrefix("SIGTERM at TIME: the boot was stopped") == true)
                #expect(boot.time < .seconds(5), "\(boot.outcome)")
                times.append(boot.time)
                for (file, content) in boot.files {
                    #expect(content == whole.files[file] || content == whole.before[file], "\(file) is half written")
                }
            }
            #expect(times.contains { $0 < .milliseconds(100) }, "\(moment) into the boot: \(times)")
        }
    }

    /// What came of a boot, and the files that there were before and after it. Those with a temporary name are not what
    /// they are to become, and nobody looks for them.
    private struct SlowBoot {
        var outcome: Outcome
        var time: Duration
        var before: [String: Data]
        var files: [String: Data]
    }

    /// Boots a container whose export takes 5 ms for a call that names a path, and sends TERM after some time.
    private func slowBoot(endedAfter moment: Duration?) throws -> SlowBoot {
        try withSquashedScratch(SquashedScratch.Options(delay: 5)) { scratch in
            try scratch.makeHomes()
            return try withContainer(.busybox) { container in
                container.environment = .pod
                container.environment["SSH_KNOWN_HOSTS"] =
                    "\(String(repeating: "host ssh-ed25519 AAAA\n", count: 4000))"
                try container.write("/docker/.zshrc", "\(String(repeating: "# a line\n", count: 20000))")
                return try container.withMount(scratch.mount, at: "/scratch") {
                    let before = try files(of: container, scratch)
                    let running = try container.process1(ProbeReport.path, "print", "booted").start()
                    if let moment {
                        // The kernel gives process 1 no signal that it does not want yet.
                        try waitForMask(of: running)
                        usleep(UInt32(moment / .microseconds(1)))
                    }
                    let sent = ContinuousClock.now
                    if moment != nil { try running.signal(SIGTERM) }
                    let outcome = try running.wait()
                    let time = ContinuousClock.now - sent
                    return SlowBoot(
                        outcome: outcome, time: time, before: before, files: try files(of: container, scratch))
                }
            }
        }
    }

    private func waitForMask(of running: RunningProgram) throws {
        let limit = ContinuousClock.now + .seconds(30)
        let resident = Resident(pid: running.pid)
        // While the init waits for a signal, the kernel shows none as blocked; it has a child then.
        while try resident.status["SigBlk"]?.contains("f") != true && resident.children.isEmpty {
            if ContinuousClock.now > limit { throw TestFailure("process 1 blocks no signal") }
            usleep(100)
        }
    }

    private func files(of container: Container, _ scratch: SquashedScratch) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for (place, top) in [
            ("", container.root + "/etc"), ("~", container.root + "/home"), ("scratch ", scratch.export),
        ] {
            // In the list of its own files ssh's directory has what stat(2) says of them, which is never the same twice.
            for name in FileManager.default.subpaths(atPath: top) ?? []
            where !name.contains(".entrypoint-") && !name.hasSuffix(".ssh/.entrypoint") {
                var isDirectory: ObjCBool = false
                let path = top + "/" + name
                guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue
                else { continue }
                files[place + name] = FileManager.default.contents(atPath: path)
            }
        }
        return files
    }

    @Test(
        arguments: [
            ("/data/tool", "/usr/local/bin", "/data/tool"), ("tool", "/usr/local/bin:/data/bin", "/data/bin/tool"),
        ] as [(ByteString, ByteString, String)])
    func `a command whose file server does not answer ends the boot`(
        command: ByteString, path: ByteString, file: String
    ) throws {
        try withSquashedScratch { server in
            try withPod(.scratch) { container in
                container.environment["PATH"] = path
                container.environment["SCRATCH_TIMEOUT"] = "1"
                let outcome = try container.withMount(server.mount, at: "/data") {
                    try server.pause()
                    defer { try? server.resume() }
                    return try container.process1(command).run(within: .seconds(20))
                }
                #expect(outcome.exitCode == 125, "\(outcome)")
                #expect(outcome.duration > .seconds(1) && outcome.duration < .seconds(10), "\(outcome)")
                #expect(
                    outcome.log.last == "handoff: cannot use \(file): export (fuse.rootsquash) on /data did not answer "
                        + "within 1 s; look whether its server is reachable; SCRATCH_TIMEOUT changes the limit",
                    "\(outcome)")
            }
        }
    }

    @Test func `the deadline of the boot ends when the command runs`() throws {
        try withPod(.scratch) { container in
            container.environment["SCRATCH_TIMEOUT"] = "1"
            let outcome = try container.process1(ProbeReport.path, "sleep", "1.5", "exit", "3").run()
            #expect(outcome.exitCode == 3 && outcome.initLines == [], "\(outcome)")
        }
    }

    @Test func `a program that the boot runs as the user finds nothing in process 1, however slow that is`() throws {
        try withPod(.debian) { container in
            let script: ByteString = """
                #!/bin/sh
                for file in environ mem maps; do true </proc/1/$file && echo "read $file"; done >>/tmp/found 2>/dev/null
                echo "asked as $(id -u)" >>/tmp/found

                """
            try container.write("/usr/bin/git", script, mode: 0o755)
            // Git is run where there is something that it adds to.
            try container.prepareHome()
            try container.write(GitTests.path, "# mine\n", user: 1000, group: 2000)
            container.environment["GIT_USER_NAME"] = "Jane"
            container.environment["HF_TOKEN"] = "hf_secret"
            var program = container.process1()
            // The init comes back from its fork half a second late, so that whoever does not wait for it is before it.
            program.path = "/usr/bin/strace"
            program.arguments = [
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone", "-e", "inject=clone:delay_exit=500000:when=1",
                "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
                "/usr/bin/setpriv", "--reuid=1000", "--regid=2000", "--clear-groups", "--inh-caps=-all",
                "--bounding-set=-all",
                "/usr/local/bin/entrypoint", ProbeReport.path, "print", "booted",
            ]
            let outcome = try program.run()
            #expect(outcome.exitCode == 0 && outcome.output == "booted\n", "\(outcome)")
            #expect(outcome.duration > .milliseconds(500))
            #expect(try container.text("/tmp/found") == "asked as 1000\n", "\(outcome)")
        }
    }
}
