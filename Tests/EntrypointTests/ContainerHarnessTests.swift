import Glibc
import TestSupport
import Testing

/// The machinery of containers: that each of its properties reaches the container.
@Suite(.containers)
struct ContainerHarnessTests {
    @Test(arguments: Image.allCases)
    func `a container runs the built entrypoint`(image: Image) throws {
        try withContainer(image) { container in
            let outcome = try container.run("--version")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(outcome.output.hasPrefix("entrypoint "), "\(outcome)")
        }
    }

    @Test(arguments: Image.allCases)
    func `podman runs the built entrypoint`(image: Image) throws {
        let outcome = try Podman.run(image, ["--version"])
        #expect(outcome.exitCode == 0 && outcome.output.hasPrefix("entrypoint "), "\(outcome)")
    }

    @Test func `a container has the properties it is given`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = [ProbeReport.path]
            container.environment["NAME"] = "välue"
            container.environment["HOME"] = "/home"
            container.user = 1000
            container.group = 2000
            container.groups = [3000, 3001]
            container.capabilities = ["KILL"]
            container.noNewPrivileges = true
            container.umask = 0o027
            container.directory = "/data"
            container.limits = [("RLIMIT_NOFILE", 100, 200)]
            container.mounts = [.memory("/data", "size=64k", "mode=1777")]
            let report = try container.run("write", "/data/file", "x", "report", "--", "a b", "").report()
            #expect(report.arguments == ["write", "/data/file", "x", "report", "--", "a b", ""])
            #expect(report.environment == container.environment)
            #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
            #expect(try report.supplementaryGroups == [3000, 3001])
            #expect(try report.bounding == 1 << 5 && report.effective == 0 && report.permitted == 0)
            #expect(try report.noNewPrivileges)
            #expect(try report.umask == 0o027)
            #expect(try report.directory == "/data")
            #expect(try report.limit("nofile") == (100, 200))
            #expect(try report.process == 1)
            #expect(try report.descriptors.keys.sorted() == [0, 1, 2])
        }
    }

    @Test func `root in a container has the usual capabilities`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = [ProbeReport.path]
            let report = try container.run().report()
            #expect(try report.users == [0, 0, 0])
            #expect(try report.effective == 0xa804_25fb && report.bounding == 0xa804_25fb && report.ambient == 0)
        }
    }

    @Test func `file capabilities count in a container`() throws {
        try withContainer(.scratch, .elevated) { container in
            let file = "\(container.root)/usr/local/bin/entrypoint"
            let listed = try Program("/usr/sbin/getcap", ["\(file)"]).run().output
            #expect(listed.hasSuffix("cap_setpcap=p\n"), "\(listed)")
            try container.write("/elevated-probe", container.read("/usr/local/bin/probe"), mode: 0o755)
            let set = try Program("/usr/sbin/setcap", ["cap_kill+p", "\(container.root)/elevated-probe"]).run()
            #expect(set.exitCode == 0, "\(set)")
            container.entrypoint = ["/elevated-probe"]
            container.user = 1000
            #expect(try container.run().report().permitted == 1 << 5)
            container.noNewPrivileges = true
            #expect(try container.run().report().permitted == 0)
        }
    }

    @Test func `a second start finds what the first one left`() throws {
        try withContainer(.busybox) { container in
            container.entrypoint = ["/bin/sh", "-c"]
            try container.write("/etc/seeded/file", "seed\n", mode: 0o640, user: 5, group: 6)
            #expect(
                try container.run("cat /etc/seeded/file; stat -c '%a %u:%g' /etc/seeded/file").output
                    == "seed\n640 5:6\n")
            let before = try container.changes()
            #expect(
                try container.run("rm /etc/group; echo more >> /etc/passwd; mkdir -m 700 /new; ln -s /etc /new/link")
                    .exitCode == 0)
            #expect(try container.run("ls -a /etc").output.contains("group") == false)
            #expect(try container.text("/etc/passwd").hasSuffix("\nmore\n"))
            #expect(try container.text("/new/link/passwd").hasSuffix("\nmore\n"))
            #expect(try container.target("/new/link") == "/etc")
            #expect(try container.status("/new")?.description == "directory 0700 0:0")
            #expect(try container.exists("/etc/group") == false)
            let changes = try container.changes()
            #expect(Set(changes.keys).subtracting(before.keys) == ["/etc/group", "/etc/passwd", "/new", "/new/link"])
            #expect(changes["/etc/group"]?.kind == .device)
        }
    }

    @Test func `a container's link does not lead out`() throws {
        try withContainer(.busybox) { container in
            try container.link("/escape", to: "/../../../../etc")
            #expect(try container.names(in: "/escape") == container.names(in: "/etc"))
            #expect(try container.text("/escape/passwd").hasPrefix("root:x:0:0:root:/root:/bin/sh\n"))
        }
    }

    @Test func `a read-only root cannot be written to`() throws {
        try withContainer(.busybox) { container in
            container.entrypoint = []
            container.readOnly = true
            let outcome = try container.run("touch", "/file")
            #expect(outcome.exitCode == 1 && outcome.errors.contains("Read-only file system"), "\(outcome)")
        }
    }

    @Test func `a user namespace maps only its ids`() throws {
        try withContainer(.busybox) { container in
            container.entrypoint = []
            container.idMappings = [.init(container: 0, machine: 0, count: 1000)]
            let outcome = try container.run("sh", "-c", "cat /proc/self/uid_map; touch /file; chown 1000 /file")
            #expect(
                outcome.output.split(separator: " ").map { $0.filter(\.isNumber) } == ["0", "0", "1000"], "\(outcome)")
            #expect(outcome.errors.contains("Invalid argument"), "\(outcome)")
        }
    }

    @Test func `a command that is missing and a runtime that refuses are told apart`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = ["/nowhere"]
            let error = #expect(throws: TestFailure.self) { try container.run() }
            #expect(error?.description.hasPrefix("no container: ") == true)
        }
        let error = #expect(throws: TestFailure.self) { try Podman.run(.scratch, options: ["--no-such-option"]) }
        #expect(error?.description.contains("no-such-option") == true)
    }

    @Test func `a container that hangs is killed and fails with its output`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = [ProbeReport.path]
            let error = #expect(throws: TestFailure.self) {
                try container.run("ignore", "15", "print", "so far", "sleep", "100", within: .milliseconds(500))
            }
            #expect(error?.description.contains("so far") == true)
            let again = try container.run("print", "again")
            #expect(again.output == "again\n")
        }
    }

    @Test func `signals reach process 1, and exec enters a running container`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = [ProbeReport.path]
            let running = try container.start("await", "2", "exit", "9")
            try running.waitForOutput("ready\n")
            let entered = try running.exec([ProbeReport.path, "report"], user: "7:8").report()
            #expect(try entered.users == [7, 7, 7] && entered.groups == [8, 8, 8])
            try running.signal(SIGUSR1)
            try running.waitForOutput("signal 10\n")
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.output == "ready\nsignal 10\nsignal 15\n")
            #expect(outcome.exitCode == 9)
        }
    }

    @Test func `a container's terminal is a conversation`() throws {
        try withContainer(.busybox) { container in
            container.entrypoint = []
            container.terminal = true
            container.environment["PS1"] = "> "
            let running = try container.start("sh", "-i")
            try running.waitForOutput("> ")
            running.write("test -t 0 && tty; echo $((6 * 7)) done\n")
            try running.waitForOutput("42 done")
            running.write("exit 3\n")
            let outcome = try running.wait()
            #expect(outcome.exitCode == 3 && outcome.output.contains("/dev/pts/0"), "\(outcome)")
        }
    }

    @Test(arguments: Image.allCases)
    func `without an engine a container gets every byte`(image: Image) throws {
        try withContainer(image) { container in
            container.entrypoint = [ProbeReport.path]
            container.environment.entries += ["A=1", "A=2", [0x80, 0x3d, 0xc3]]
            container.user = 1000
            container.group = 2000
            let outcome = try container.runInNamespaces(["write", "/tmp", "x", "report", "--", [0xff]])
            #expect(outcome.exitCode == 124, "a user may not write there: \(outcome)")
            container.user = 0
            let report = try container.runInNamespaces(["write", "/made", "x", "report", "--", [0xff]]).report()
            #expect(report.arguments.last == [0xff])
            #expect(report.environment == container.environment)
            #expect(try report.process == 1)
            #expect(try container.text("/made") == "x")
        }
    }

    @Test func `scratch in a container is squashed, with and without an engine`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeDirectory("homes", mode: 0o770, user: 1000, group: 2000)
            try withContainer(.debian) { container in
                container.entrypoint = []
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let command: [ByteString] = ["/bin/mkdir", "/scratch/homes/new"]
                for refused in [try container.run(command), try container.runInNamespaces(command)] {
                    #expect(refused.exitCode == 1 && refused.errors.contains("Permission denied"), "\(refused)")
                }
                container.user = 1000
                container.group = 2000
                #expect(try container.run(command).exitCode == 0)
                #expect(try scratch.status("homes/new")?.description == "directory 0755 1000:2000")
                #expect(try container.runInNamespaces(["/bin/rmdir", "/scratch/homes/new"]).exitCode == 0)
            }
            #expect(try scratch.status("homes/new") == nil)
        }
    }

    @Test func `strace injects a fault and tells the calls`() throws {
        try withContainer(.debian) { container in
            container.entrypoint = []
            let (outcome, trace) = try container.run(
                ["/bin/mkdir", "/one", "/two"], injecting: ["mkdir:error=EIO:when=2"], tracing: "mkdir")
            #expect(outcome.exitCode == 1 && outcome.errors.contains("Input/output error"), "\(outcome)")
            #expect(trace.filter { $0.contains("mkdir(") }.count == 2, "\(trace)")
            #expect(try container.exists("/one") && !container.exists("/two"))
        }
    }

    @Test func `podman runs a container as users type it`() throws {
        let outcome = try Podman.run(
            .scratch, ["report", "--", "x"],
            options: [
                "--user=1000:2000", "--group-add=44", "--cap-drop=all", "--security-opt=no-new-privileges", "--env=A=b",
                "--entrypoint=/usr/local/bin/probe",
            ])
        let report = try outcome.report()
        #expect(try report.users == [1000, 1000, 1000] && report.supplementaryGroups == [44, 2000])
        #expect(try report.bounding == 0 && report.noNewPrivileges)
        #expect(report.environment["A"] == "b")
        #expect(
            try Podman.run(.scratch, ["exit", "42"], options: ["--entrypoint=/usr/local/bin/probe"]).exitCode == 42)
    }
}
