import Boot
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// How a container ends whose process 1 is `entrypoint`: with which code, when, and what is told of it.
@Suite(.containers)
struct InitEndTests {
    @Test func `an exit code of the command is the container's`() throws {
        try withPod(.scratch) { container in
            for code in [0, 1, 2, 7, 42, 126, 127, 128, 143, 255] as [Int32] {
                let outcome = try container.runInNamespaces([ProbeReport.path, "exit", "\(code)"])
                #expect(outcome.exitCode == code && outcome.initLines == [], "\(outcome)")
            }
            #expect(try container.run(ProbeReport.path, "exit", "42").exitCode == 42)
        }
    }

    @Test func `a command that a signal ends gives 128 and its number`() throws {
        try withPod(.scratch) { container in
            for signal in [SIGHUP, SIGINT, SIGKILL, SIGSEGV, SIGTERM, SIGUSR1, 40] {
                let outcome = try container.runInNamespaces([ProbeReport.path, "kill", "\(signal)"])
                #expect(outcome.ending == .exited(128 + signal) && outcome.initLines == [], "\(outcome)")
            }
        }
    }

    @Test(
        arguments: [
            ("/nonexistent", 127, "cannot run /nonexistent: no such file"),
            ("nothing", 127, "cannot run nothing: not found in PATH (/usr/local/bin:/bin)"),
            ("/etc", 126, "cannot run /etc: permission denied (execve EACCES); it is a directory"),
            (
                "/etc/passwd", 126,
                "cannot run /etc/passwd: permission denied (execve EACCES); "
                    + "it must be executable for the user, and not on a mount with noexec"
            ),
            ("/script", 127, "cannot run /script: its interpreter /nowhere/sh is not in the image"),
        ] as [(ByteString, Int32, String)])
    func `a command that cannot be executed`(command: ByteString, code: Int32, line: String) throws {
        try withPod(.busybox) { container in
            container.environment["PATH"] = "/usr/local/bin:/bin"
            try container.write("/script", "#!/nowhere/sh\n", mode: 0o755)
            let outcome = try container.boot(command)
            #expect(outcome.exitCode == code && outcome.log.last == "handoff: " + line, "\(outcome)")
            #expect(outcome.initLines == [], "\(outcome)")
        }
    }

    @Test func `TERM from the runtime ends the command, and three places tell of it`() throws {
        try withRunDirectory { directory in
            try withPod(.debian) { container in
                let log = directory + "/termination-log"
                #expect(FileManager.default.createFile(atPath: log, contents: nil))
                container.mounts = [.bind(log, to: "/dev/termination-log")]
                let running = try container.start(ProbeReport.path, "print", "ready", "sleep", "60")
                try running.waitForOutput("ready")
                try running.signal(SIGTERM)
                let outcome = try running.wait()
                #expect(outcome.exitCode == 143, "\(outcome)")
                #expect(
                    outcome.initLines == ["SIGTERM at TIME: the command ended N s after it (SIGTERM)"], "\(outcome)")
                let line = try #require(outcome.errorLines.last)
                #expect(try String(contentsOfFile: log, encoding: .utf8) == line + "\n")
                let (_, end) = try ReportFile.read(container.read("/run/entrypoint/report.jsonl").bytes)
                #expect(end == EndRecord(exitCode: 143, message: line))
                #expect(try container.status("/run/entrypoint/report.jsonl")?.description == "file 0640 0:2000")
            }
        }
    }

    @Test func `the end is not added to a report in a directory of somebody else's`() throws {
        try withPod(.debian) { container in
            // As an emptyDir: whoever is in the container may rename what root has made there.
            try container.makeDirectory("/run", mode: 0o777)
            let running = try container.start(
                "/bin/sh", "-c",
                """
                cd /run; mv entrypoint away; mkdir -m 0777 entrypoint; cp away/report.jsonl entrypoint
                exec \(ProbeReport.path.text) print ready sleep 60
                """)
            try running.waitForOutput("ready")
            try running.signal(SIGTERM)
            #expect(try running.wait().exitCode == 143)
            // The init has the file itself, whatever becomes of its name.
            let (copy, file) = ("/run/entrypoint/report.jsonl", "/run/away/report.jsonl")
            #expect(try ReportFile.read(container.read(copy).bytes).end == nil)
            #expect(try ReportFile.read(container.read(file).bytes).end?.exitCode == 143)
            #expect(try container.status("/run/entrypoint/report.jsonl")?.user == 1000)
        }
    }

    @Test(arguments: ["root", "elevated", "bare"])
    func `the report of the boot and of the end is there for the user, however the container was started`(
        start: String
    ) throws {
        try withPod(.debian, start == "elevated" ? .elevated : .plain) { container in
            if start != "root" { (container.user, container.group) = (1000, 2000) }
            let running = try container.start(
                "/bin/sh", "-c", "entrypointctl report; exec \(ProbeReport.path.text) print ready sleep 60")
            try running.waitForOutput("ready")
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 143, "\(outcome)")
            #expect(outcome.output.contains("boot  entrypoint \(Version.text), as \(start): "), "\(outcome)")
            // What a start without privileges keeps is in the container's memory, and gone with it.
            if start == "bare" { return }
            let (boot, end) = try ReportFile.read(container.read("/run/entrypoint/report.jsonl").bytes)
            #expect(boot.start == start && boot.user?.credentials.user == 1000)
            #expect(end?.exitCode == 143, "\(outcome)")
        }
    }

    @Test func `the end is not added to a report that is a mount`() throws {
        try withPod(.debian) { container in
            try container.write("/others", "{\"a\":1}\n")
            try container.makeDirectory("/run/entrypoint")
            container.mounts = [.bind(container.root + "/others", to: "/run/entrypoint/report.jsonl")]
            let running = try container.start(ProbeReport.path, "print", "ready", "sleep", "60")
            try running.waitForOutput("ready")
            try running.signal(SIGTERM)
            #expect(try running.wait().exitCode == 143)
            #expect(try container.text("/others") == "{\"a\":1}\n")
        }
    }

    @Test func `a command that treats TERM ends with its own code`() throws {
        try withPod(.scratch) { container in
            let running = try container.start(ProbeReport.path, "await", "1", "exit", "9")
            try running.waitForOutput("ready")
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 9, "\(outcome)")
            #expect(
                outcome.initLines == ["SIGTERM at TIME: the command ended N s after it (exit code 9)"], "\(outcome)")
        }
    }

    @Test(arguments: Form.allCases)
    func `a code that was named is success`(form: Form) throws {
        try withPod(.scratch) { container in
            let options = container.set("--remap-exit", "ENTRYPOINT_REMAP_EXIT", "143,7", as: form)
            let cases: [([ByteString], Int32)] = [(["kill", "15"], 0), (["exit", "7"], 0), (["exit", "8"], 8)]
            for (ending, code) in cases {
                let outcome = try container.runInNamespaces(options + [ProbeReport.path] + ending)
                #expect(outcome.exitCode == code, "\(outcome)")
            }
        }
    }

    @Test func `a command that ignores TERM is left to the runtime`() throws {
        try withPod(.scratch) { container in
            let running = try container.start(ProbeReport.path, "ignore", "15", "print", "ready", "sleep", "60")
            try running.waitForOutput("ready")
            let resident = try Resident(of: running)
            try running.signal(SIGTERM)
            usleep(700_000)
            #expect(try resident.children.count == 1)
            try resident.signal(SIGKILL)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 137 && outcome.initLines == [], "\(outcome)")
        }
    }

    @Test(arguments: Form.allCases)
    func `a stop timeout kills a command that ignores TERM`(form: Form) throws {
        try withPod(.scratch) { container in
            let options = container.set("--stop-timeout", "ENTRYPOINT_STOP_TIMEOUT", "1", as: form)
            let running = try container.start(
                options + [ProbeReport.path, "ignore", "15", "print", "ready", "sleep", "60"])
            try running.waitForOutput("ready")
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 137, "\(outcome)")
            let line = /init: SIGTERM at \S+Z: the command was killed [1-9]\.[0-9] s after it \(SIGKILL\)\n/
            #expect(outcome.errors.contains(line), "\(outcome)")
        }
    }

    @Test func `a stopped command takes its TERM`() throws {
        try withPod(.scratch) { container in
            let running = try container.start(ProbeReport.path, "print", "ready", "sleep", "60")
            try running.waitForOutput("ready")
            let command = Resident(pid: try #require(try Resident(of: running).children.first))
            try command.signal(SIGSTOP)
            try wait(for: "the stop") { try command.status["State"]?.hasPrefix("T") == true }
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 143, "\(outcome)")
        }
    }

    @Test(
        arguments: [
            (["stop", "--time=20"], ["print", "ready", "sleep", "60"], 143),
            (["stop", "--time=20"], ["await", "1", "exit", "9"], 9),
            (["kill", "--signal=USR1"], ["await", "1", "exit", "10"], 10),
            (["kill", "--signal=INT"], ["print", "ready", "sleep", "60"], 130),
        ] as [([ByteString], [ByteString], Int32)])
    func `podman stops and kills a container`(stop: [ByteString], command: [ByteString], code: Int32) throws {
        let name: ByteString = "entrypoint-stop-\(TestMachine.uniqueNumber())"
        let running = try Podman.start(.scratch, [ProbeReport.path] + command, options: ["--name", name])
        try running.waitForOutput("ready", within: .seconds(60))
        let stopped = try Podman.program(stop + [name]).run(within: .seconds(60))
        #expect(stopped.exitCode == 0, "\(stopped)")
        let outcome = try running.wait(within: .seconds(60))
        #expect(outcome.exitCode == code, "\(outcome)")
    }
}
