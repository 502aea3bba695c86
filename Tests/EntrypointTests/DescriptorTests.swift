import Foundation
import Glibc
import TestSupport
import Testing

/// What the process was started with besides words: descriptors, signals and limits.
@Suite(.containers)
struct DescriptorTests {
    /// Which of the standard descriptors are closed.
    static let closed: [[Int]] = [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]

    @Test(arguments: ["exec", "init"])
    func `closed standard descriptors become null devices, and nothing is written elsewhere`(mode: ByteString) throws {
        for closed in Self.closed {
            try withPod { container in
                container.environment["ENTRYPOINT_MODE"] = mode
                // Through a file: standard output may be closed.
                let script: ByteString = """
                    for n in 0 1 2; do readlink /proc/$$/fd/$n >> /scratch/homes/jane/streams; done
                    ls /proc/$$/fd >> /scratch/homes/jane/streams; exit 7
                    """
                let outcome = try container.bootInNamespaces(["bash", "-c", script]) {
                    if closed.contains(0) { $0.standardInput = .closed }
                    if closed.contains(1) { $0.standardOutput = .closed }
                    if closed.contains(2) { $0.standardError = .closed }
                }
                #expect(outcome.exitCode == 7, "\(closed): \(outcome)")
                let lines = try container.text("/scratch/homes/jane/streams").split(separator: "\n")
                #expect(lines.first == "/dev/null" && lines.dropFirst(3) == ["0", "1", "2"], "\(closed): \(lines)")
                for number in [1, 2] where lines.count > number {
                    #expect(closed.contains(number) ? lines[number] == "/dev/null" : lines[number].hasPrefix("pipe:"))
                }
                #expect(try container.text("/etc/passwd").hasSuffix("\njane:x:1000:2000::/home/jane:/bin/zsh\n"))
                if !closed.contains(2) { #expect(outcome.log.last?.hasPrefix("ready: ") == true, "\(outcome)") }
            }
        }
    }

    @Test(arguments: ["exec", "init"])
    func `a log that nobody reads neither ends the boot nor changes the command's signals`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            // Standard error is a pipe whose reader has ended.
            let script: ByteString =
                "exec 3>&1; { sleep 0.1; /usr/local/bin/entrypoint \"$@\" 2>&1 >&3; echo code $? >&3; } | :"
            container.entrypoint = ["/bin/sh", "-c", script, "sh"]
            let outcome = try container.boot(ProbeReport.path)
            #expect(outcome.output.hasSuffix("\ncode 0\n"), "\(outcome)")
            #expect(try outcome.report().ignoredSignals == [] && outcome.report().blockedSignals == [])
            #expect(try outcome.report().users == [1000, 1000, 1000])
            let failed = try container.boot("/no/such")
            #expect(failed.output == "code 127\n", "\(failed)")
        }
    }

    @Test(arguments: ["exec", "init"])
    func `signals that were ignored or blocked stay so for the command`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            let report = try container.bootInNamespaces([ProbeReport.path]) {
                $0.ignoredSignals = [SIGHUP, SIGPIPE, SIGXFSZ]
                $0.blockedSignals = [SIGUSR1, 64]
            }.report()
            #expect(try report.ignoredSignals == [1, 13, 25])
            #expect(try report.blockedSignals == [10, 64])
            let plain = try container.bootInNamespaces([ProbeReport.path]).report()
            #expect(try plain.ignoredSignals == [] && plain.blockedSignals == [])
        }
    }

    @Test(arguments: ["exec", "init"])
    func `a high limit on open files costs no time, and all limits reach the command`(mode: ByteString) throws {
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        try withPod { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            container.limits = [
                ("RLIMIT_NOFILE", UInt64(limit.rlim_max), UInt64(limit.rlim_max)), ("RLIMIT_CORE", 0, 0),
            ]
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.limit("nofile") == (UInt64(limit.rlim_max), UInt64(limit.rlim_max)))
            #expect(try report.limit("core") == (0, 0))
            #expect(try report.descriptors.keys.sorted() == [0, 1, 2])
            let (_, trace) = try container.run(
                [ProbeReport.path, "exit", "0"], injecting: [], tracing: "close,close_range,fcntl")
            // No loop over all descriptors that there could be.
            #expect(trace.count < 300 && limit.rlim_max > 3000, "\(trace.count) calls")
        }
    }

    @Test(arguments: ["exec", "init"])
    func `where no file may grow the boot says so, and the command runs`(mode: ByteString) throws {
        try withPod { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            let before = try Accounts(of: container)
            let outcome = try container.bootInNamespaces([ProbeReport.path]) {
                $0.limits = [.init(resource: RLIMIT_FSIZE, soft: 0, hard: 0)]
            }
            #expect(try outcome.report().limit("fsize") == (0, 0))
            #expect(
                outcome.log(of: "identity") == [
                    "warning: cannot write /etc/gshadow: file too large (write EFBIG as root)",
                    "warning: programs that look up the user, such as sudo and ssh, will not work",
                    "warning: cannot write /etc/sudoers.d/90-entrypoint: file too large (write EFBIG as root)",
                    "warning: the user has no sudo",
                    IdentityTests.homeLine,
                ], "\(outcome)")
            #expect(
                outcome.log(of: "report") == [
                    "warning: cannot keep the report and the environment for later sessions in "
                        + "/run/entrypoint/.environment.entrypoint: file too large (write EFBIG)"
                ])
            #expect(try outcome.report().users == [1000, 1000, 1000])
            #expect(try Accounts(of: container) == before)
            // Without its file there is no sudo to leave room for.
            #expect(try outcome.report().noNewPrivileges && outcome.report().bounding == 0)
        }
    }

    @Test func `pipes are given to the user, device nodes and files are not`() throws {
        try withPod { container in
            let script: ByteString = """
                echo out > /dev/stdout; echo error > /dev/stderr; cat < /dev/stdin
                stat -L -c '%u %a' /dev/stdin /dev/stdout /dev/stderr /dev/null
                """
            container.input = "in\n"
            let pipes = try container.boot("sh", "-c", script)
            #expect(pipes.output == "out\nin\n1000 600\n1000 600\n1000 600\n0 666\n", "\(pipes)")
            #expect(pipes.errors.hasSuffix("\nerror\n"))

            // A container engine puts a pipe of its own there.
            let device = try container.bootInNamespaces(["stat", "-L", "-c", "%F %u", "/dev/stdin"])
            #expect(device.output == "character special file 0\n", "\(device)")

            try withRunDirectory { directory in
                let path = "\(directory)/output"
                let outcome = try container.bootInNamespaces(["sh", "-c", "stat -L -c '%F %u' /dev/stdout"]) {
                    $0.standardOutput = .file(path)
                }
                #expect(outcome.exitCode == 0, "\(outcome)")
                let text = try String(contentsOfFile: path, encoding: .utf8)
                #expect(text == "regular empty file 0\n" || text == "regular file 0\n", "\(text)")
            }
        }
    }

    @Test(arguments: ["exec", "init"])
    func `a terminal is given to the user, who can open it`(mode: ByteString) throws {
        try withPod { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            container.terminal = true
            let running = try container.start(
                "sh", "-c",
                "stat -c 'owner %u' $(tty); echo error > /dev/stderr; echo tty > /dev/tty; read line; echo got $line")
            try running.waitForOutput("tty\r\n")
            running.write("hello\n")
            let outcome = try running.wait()
            #expect(outcome.exitCode == 0, "\(outcome)")
            for line in ["owner 1000\r\n", "\nerror\r\n", "got hello\r\n"] {
                #expect(outcome.output.contains(line), "\(outcome)")
            }
        }
    }
}
