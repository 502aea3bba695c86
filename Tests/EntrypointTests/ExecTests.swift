import TestSupport
import Testing

/// Sessions by `entrypointctl exec`, and by `entrypoint` in a container that has been made ready: what the boot has kept is
/// read, the caller becomes the user, and nothing is written.
@Suite(.containers)
struct ExecTests {
    /// The programs that start a session, with what comes before the command.
    static let ways: [[ByteString]] = [
        ["entrypointctl", "exec", "--"], ["entrypoint", "--"], ["entrypointctl", "exec"],
    ]

    /// Calls the body with a container that jane's boot has made ready, whose command sleeps.
    ///
    /// - Parameter prepare: makes the container what it is to be before its start.
    private func withBootedPod(
        _ image: Image = .debian, _ programs: Programs = .plain, prepare: (Container) throws -> Void = { _ in },
        _ body: (RunningContainer, Container) throws -> Void
    ) throws {
        try withPod(image, programs) { container in
            container.environment = container.environment.with(["WANDB_API_KEY": "a-secret-of-jane"])
            if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            try prepare(container)
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            try body(boot, container)
        }
    }

    /// Prints who the session is, and what it has.
    private static let look: ByteString = """
        id -u; id -g; id -G; umask; pwd; echo $HOME $USER ${SCRATCH_HOME-none} ${ZDOTDIR-none}
        echo key:${SSH_PRIVATE_KEY_B64-none} wandb:${WANDB_API_KEY-none} $TERM ${FOO-none}
        """

    @Test(arguments: ways)
    func `root's session is the user's, with the boot's environment, umask, groups and directory`(
        way: [ByteString]
    ) throws {
        let key = try SSHKey().base64
        try withBootedPod(prepare: { $0.environment["SSH_PRIVATE_KEY_B64"] = key }) { boot, container in
            let own: Environment = [
                "FOO": "mine", "TERM": "xterm-own", "NB_USER": "root", "NB_UID": "0", "NB_GID": "0", "HOME": "/root",
                "SCRATCH_HOME": "/etc",
            ]
            let report = try container.text("/run/entrypoint/report.jsonl")
            let kept = try container.text("/run/entrypoint/environment")
            let outcome = try boot.exec(way + ["sh", "-c", Self.look], user: "0:0", environment: own)
            #expect(
                outcome.outputLines == [
                    "1000", "2000", "2000 4 27", "0007", "/scratch/homes/jane",
                    "/home/jane jane /etc /scratch/homes/jane/.shell", "key:none wandb:a-secret-of-jane xterm-own mine",
                ], "\(outcome)")
            let told = "session: warning: NB_USER=root has no effect: this container is that of jane (1000:2000)"
            #expect(
                way[0] == "entrypoint"
                    ? outcome.errorLines == ["entrypoint: " + told] : outcome.errors.isEmpty, "\(outcome)")
            // What one session brings is no other's.
            #expect(try container.text("/run/entrypoint/report.jsonl") == report)
            #expect(try container.text("/run/entrypoint/environment") == kept)
            let later = try boot.exec(way + ["sh", "-c", "echo ${FOO-none}"], user: "0:0")
            #expect(later.output == "none\n", "\(later)")
        }
    }

    @Test(arguments: [Programs.plain, .elevated]) func `the user's session keeps sudo as far as the boot gave it`(
        programs: Programs
    ) throws {
        let prepare = { (container: Container) in
            guard programs == .elevated else { return }
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: all, groups: [adm, sudo]}\n")
        }
        try withBootedPod(.debian, programs, prepare: prepare) { boot, _ in
            for way in Self.ways {
                let script: ByteString =
                    "sudo -n id -u; umask; pwd; echo $SCRATCH_HOME; sudo -n sh -c 'echo ${ZDOTDIR-none}'"
                let outcome = try boot.exec(way + ["sh", "-c", script], user: "1000:2000")
                #expect(
                    outcome.outputLines == ["0", "0007", "/scratch/homes/jane", "/scratch/homes/jane", "none"],
                    "\(way): \(outcome)")
                // The container has no name that could be looked up.
                #expect(outcome.errorLines.allSatisfy { $0.hasPrefix("sudo: unable to resolve host") }, "\(outcome)")
            }
        }
    }

    @Test func `without sudo, root's session can regain nothing`() throws {
        let prepare = { (container: Container) in
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: none}\n")
        }
        try withBootedPod(prepare: prepare) { boot, _ in
            for way in Self.ways.prefix(2) {
                let report = try boot.exec(way + [ProbeReport.path], user: "0:0").report()
                #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
                #expect(try report.bounding == 0 && report.effective == 0 && report.permitted == 0)
                #expect(try report.inheritable == 0 && report.ambient == 0 && report.noNewPrivileges)
                #expect(try report.umask == 0o007 && report.directory == "/scratch/homes/jane")
            }
        }
    }

    @Test func `another user gets no session`() throws {
        try withBootedPod { boot, _ in
            let outcome = try boot.exec(["entrypointctl", "exec", "--", "id"], user: "1001:2000")
            #expect(outcome.exitCode == 125 && outcome.output.isEmpty, "\(outcome)")
            #expect(
                outcome.errors
                    == "entrypointctl: cannot enter the user's session: the boot was for user 1000; there is no "
                    + "/dev/shm/entrypoint-1001; only the user of the container's boot, or root, can\n", "\(outcome)")
        }
    }

    @Test func `the exit code is the command's, or says why there is none`() throws {
        try withBootedPod { boot, container in
            let cases: [(arguments: [ByteString], code: Int32, error: String)] = [
                (["--", "sh", "-c", "exit 7"], 7, ""),
                (["sh", "-c", "kill -TERM $$"], 143, ""),
                (["--", "nothing"], 127, "cannot run nothing: not found in PATH"),
                (["--", "/etc/passwd"], 126, "cannot run /etc/passwd: "),
                (["--user", "x"], 64, "Unknown option '--user'; a command that begins with - follows --"),
                (["-h"], 0, ""),
            ]
            for (arguments, code, error) in cases {
                let outcome = try boot.exec(["entrypointctl", "exec"] + arguments, user: "0:0")
                #expect(outcome.exitCode == code, "\(arguments): \(outcome)")
                #expect(error.isEmpty ? outcome.errors.isEmpty : outcome.errors.contains(error), "\(outcome)")
            }
            let shell = try boot.exec(["sh", "-c", "echo 'echo $0 $PWD' | entrypointctl exec"], user: "0:0")
            #expect(shell.output == "/bin/zsh /scratch/homes/jane\n", "\(shell)")
        }
    }

    @Test func `after a boot without privileges the user's sessions work, and root is told how`() throws {
        let prepare = { (container: Container) in
            (container.user, container.group) = (1000, 2000)
            try container.makeDirectory("/scratch/homes", mode: 0o777)
        }
        try withBootedPod(.busybox, .plain, prepare: prepare) { boot, _ in
            for way in Self.ways {
                let outcome = try boot.exec(
                    way + ["sh", "-c", "umask; pwd; echo $HOME $SCRATCH_HOME"], user: "1000:2000")
                #expect(
                    outcome.outputLines == [
                        "0007", "/scratch/homes/jane", "/scratch/homes/jane /scratch/homes/jane",
                    ], "\(outcome)")
            }
            // What another container of the pod, or an earlier life of this one, has left is not this one's.
            let report: ByteString = "/dev/shm/entrypoint-1000/report.jsonl"
            for (life, isThis) in [("life", true), ("life\":\"x", false)] {
                let change =
                    "sed 's/life\":\"/\(life)\(isThis ? "\":\"" : "")/' \(report.text) >/tmp/r; cat /tmp/r >\(report.text)"
                #expect(try boot.exec(["sh", "-c", ByteString(change)], user: "1000:2000").exitCode == 0)
                let shell = try boot.exec(["entrypointctl", "env", "--sh"], user: "1000:2000")
                #expect(shell.exitCode == 0 && shell.output.contains("SCRATCH_HOME") == isThis, "\(shell)")
            }
            #expect(try boot.exec(["rm", report], user: "1000:2000").exitCode == 0)
            let unknown = try boot.exec(["entrypointctl", "env", "--sh"], user: "1000:2000")
            #expect(unknown.exitCode == 0 && unknown.output.isEmpty, "nobody says whose it is: \(unknown)")
            let root = try boot.exec(["entrypointctl", "exec", "--", "id"], user: "0:0")
            #expect(root.exitCode == 125 && root.output.isEmpty, "\(root)")
            #expect(
                root.errors
                    == "entrypointctl: cannot enter the user's session: there is no /run/entrypoint; the container's user is "
                    + "known after a boot as root or with file capabilities; else start the session as the user "
                    + "(docker exec --user)\n", "\(root)")
        }
    }

    @Test func `a session that has chosen a directory stays there, and one that may not be where it is goes on`() throws
    {
        try withBootedPod { boot, _ in
            for (directory, shown) in [
                ("/", "/scratch/homes/jane"), ("/tmp", "/tmp"), ("/root", "/scratch/homes/jane"), ("/etc", "/etc"),
            ] as [(ByteString, String)] {
                for way in Self.ways {
                    let outcome = try boot.exec(
                        ["sh", "-c", "cd " + directory + " && exec \"$@\"", "sh"] + way + ["pwd"], user: "0:0")
                    #expect(outcome.output == "\(shown)\n", "\(directory), \(way): \(outcome)")
                }
            }
        }
    }

    @Test func `a session whose directory is gone stays where it is, and its warnings have identifiers`() throws {
        try withBootedPod(prepare: { $0.environment["WORKING_DIR"] = "/scratch/homes/jane/work" }) { boot, _ in
            #expect(try boot.exec(["rmdir", "/scratch/homes/jane/work"], user: "1000:2000").exitCode == 0)
            let words = "the session stays in /: cannot enter /scratch/homes/jane/work: no such file or directory"
            let session = try boot.exec(["entrypointctl", "exec", "--", "pwd"], user: "0:0")
            #expect(session.output == "/\n" && session.errors == "entrypointctl: warning: \(words)\n", "\(session)")
            let log = try boot.exec(
                ["entrypoint", "--", "pwd"], user: "0:0", environment: ["ENTRYPOINT_LOG_FORMAT": "json"])
            #expect(log.output == "/\n" && log.errors.contains("\"id\":\"session.directory\""), "\(log)")
            #expect(log.errors.contains(words), "\(log)")
        }
    }

    @Test func `a session replaces what the pod spec says as the boot did, and keeps what somebody has chosen`() throws
    {
        let prepare = { (container: Container) in
            container.environment = container.environment.with(["UV_LINK_MODE": "hardlink", "PODS": "pod"])
            try container.write("/etc/entrypoint.yaml", "caches: {directories: {PIP_CACHE_DIR: .cache/pip}}\n")
        }
        try withBootedPod(.debian, .plain, prepare: prepare) { boot, _ in
            let look: ByteString = "echo ${PIP_CACHE_DIR-none} ${PODS-none} $PATH"
            func session(_ variables: Environment, _ login: [ByteString] = []) throws -> String {
                let outcome = try boot.exec(
                    login + ["entrypointctl", "exec", "--", "sh", "-c", look], user: "0:0", environment: variables)
                #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
                return outcome.output
            }
            let path = try #require(Environment.container["PATH"]).text
            #expect(try session([:]) == "/scratch/homes/jane/.cache/pip pod " + path + "\n")
            #expect(try session(["PIP_CACHE_DIR": "/x", "PODS": "mine"]) == "/x mine " + path + "\n")
            #expect(try session(["PATH": "/bin:/usr/local/bin"]).hasSuffix(" /bin:/usr/local/bin\n"))
            // A login has a PATH of its own that nobody has chosen.
            let login: [ByteString] = [
                "env", "-i", "PATH=/usr/local/bin:/bin", "HOME=/root", "USER=root", "TERM=vt100",
            ]
            #expect(try session([:], login) == "/scratch/homes/jane/.cache/pip pod " + path + "\n")
        }
    }

    @Test func `process 1 always boots`() throws {
        try withPod(.busybox) { container in
            for _ in 1...2 {
                let outcome = try container.boot("sh", "-c", "exec entrypoint -- true")
                #expect(outcome.exitCode == 0, "\(outcome)")
            }
            container.environment["ENTRYPOINT_MODE"] = "exec"
            let outcome = try container.boot("entrypoint", "--", "id", "-u")
            // The second is process 1, too.
            #expect(outcome.exitCode == 0 && outcome.errors.contains("ready: "), "\(outcome)")
        }
    }

    /// What stands in the place of the record of root's, and what root is told.
    static let records: [(script: String, told: String)] = [
        ("rm $identity", "there is no /run/entrypoint/identity"),
        ("chown 1000 $identity", "/run/entrypoint/identity belongs to user 1000"),
        ("chmod g+w $identity", "/run/entrypoint/identity can be written to by others"),
        ("mv $identity /run/other; ln -s /run/other $identity", "/run/entrypoint/identity is a symbolic link"),
        ("ln $identity /run/other", "/run/entrypoint/identity has 2 names"),
        (
            "rm $identity; mkfifo $identity; chmod 600 $identity",
            "/run/entrypoint/identity is not what a boot makes there"
        ),
        ("chown 1000 /run/entrypoint", "/run/entrypoint belongs to user 1000"),
        ("chmod 777 /run", "/run can be written to by others"),
        ("head -c 100 $identity >/run/x; cat /run/x >$identity", "/run/entrypoint/identity: expected"),
        ("sed -i s/.uid.:1000/\\\"uid\\\":0/ $identity", "/run/entrypoint/identity says that the user is root"),
        ("sed -i 's/life.:.[0-9a-f]/life\":\"x/' $identity", "what is kept is of another container"),
        (": >$identity", "/run/entrypoint/identity: expected"),
    ]

    @Test(arguments: records.indices) func `root believes no record that somebody else could have written`(
        index: Int
    ) throws {
        let (script, told) = Self.records[index]
        try withBootedPod(.busybox) { boot, _ in
            let change = try boot.exec(
                ["sh", "-c", "identity=/run/entrypoint/identity; \(script)"], user: "0:0")
            #expect(change.exitCode == 0, "\(change)")
            let outcome = try boot.exec(["entrypointctl", "exec", "--", "id"], user: "0:0")
            #expect(outcome.exitCode == 125 && outcome.output.isEmpty && outcome.errors.contains(told), "\(outcome)")
        }
    }

    @Test func `the record is root's alone`() throws {
        try withBootedPod { _, container in
            let record = try container.status("/run/entrypoint/identity")
            #expect(record?.description == "file 0600 0:0")
        }
    }

    @Test func `a session of root's leaves the terminal of root's shell to root, and has one that was made for it`()
        throws
    {
        try withBootedPod { boot, _ in
            // What the runtime starts leads its session; its pipes are the user's, who can then open /dev/stderr.
            let own = try boot.exec(
                ["entrypointctl", "exec", "--", "sh", "-c", "echo told >/dev/stderr"], user: "0:0")
            #expect(own.errors == "told\n", "\(own)")
            for program in ["entrypointctl", "setsid -w entrypointctl"] as [ByteString] {
                let pipe = try boot.exec(
                    ["sh", "-c", program + " exec -- true | stat -L -c %u /dev/stdin"], user: "0:0")
                #expect(pipe.output == "0\n", "\(pipe)")
            }
        }
    }
}
