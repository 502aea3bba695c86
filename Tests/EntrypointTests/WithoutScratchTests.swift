import TestSupport
import Testing

/// Images that want the user and the init, and have no shared file system; and those that were made for other entry points.
@Suite(.containers)
struct WithoutScratchTests {
    private static let unasked = ["SCRATCH_HOME_ROOT", "WORKING_DIR", "NB_USER", "NB_UID", "NB_GROUP", "NB_GID"]

    /// A container whose image has these settings.
    ///
    /// - Parameters:
    ///   - lines: the image's configuration, besides that there is no scratch.
    ///   - variables: what the pod sets.
    private func withImage(
        _ lines: String = "", _ variables: [ByteString: ByteString], _ programs: Programs = .plain,
        _ body: (Container) throws -> Void
    ) throws {
        try withPod(.debian, programs) { container in
            for name in Self.unasked { container.environment = container.environment.without("\(name)") }
            for (name, value) in variables { container.environment[name] = value }
            try container.write("/etc/entrypoint.yaml", "scratch: {enabled: false}\n\(lines)")
            try body(container)
        }
    }

    private static let jane: [ByteString: ByteString] = [
        "NB_USER": "jane", "NB_UID": "1000", "NB_GROUP": "lab", "NB_GID": "2000",
    ]
    private static let look: [ByteString] = [
        "sh", "-c", "id; umask; pwd; echo $HOME; echo ${SCRATCH_HOME-none} ${HF_HOME-none} ${ZDOTDIR-none}; ls -A ~",
    ]

    @Test func `the user is there, the command starts where the image does, and nothing else is made`() throws {
        try withImage("", Self.jane.merging(["GIT_USER_NAME": "Jane"]) { $1 }) { container in
            container.directory = "/var"
            let outcome = try container.boot(Self.look)
            #expect(outcome.exitCode == 0 && !outcome.errors.contains("warning: "), "\(outcome)")
            #expect(
                outcome.outputLines == [
                    "uid=1000(jane) gid=2000(lab) groups=2000(lab),4(adm),27(sudo)", "0022", "/var", "/home/jane",
                    "none none none", ".gitconfig",
                ], "\(outcome)")
            // Another process of the container has the same.
            let session = try container.start("sleep", "60")
            try session.waitForErrors("ready: ")
            let entered = try session.exec(["entrypointctl", "exec", "--", "sh", "-c", "id -un; umask; pwd"])
            #expect(entered.outputLines == ["jane", "0022", "/var"], "\(entered)")
            try session.signal(15)
        }
    }

    @Test func `a start directory of root's alone gives way to the home, which is told`() throws {
        try withImage("", Self.jane) { container in
            container.directory = "/root"
            let outcome = try container.boot("sh", "-c", "pwd")
            #expect(outcome.output == "/home/jane\n", "\(outcome)")
            let words =
                "handoff: warning: the user cannot enter /root, where the container starts: the command starts in /home/jane; "
                + "WORKING_DIR names another directory"
            #expect(outcome.errors.contains(words), "\(outcome)")
            #expect(outcome.errorLines.last?.contains("sh as jane (1000:2000) in /home/jane; ") == true, "\(outcome)")
            container.environment["WORKING_DIR"] = "/nowhere"
            let failed = try container.boot("true")
            #expect(failed.exitCode == 125 && failed.errors.contains("cannot enter /nowhere"), "\(failed)")
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `a user's own start has the same, as far as it may`(programs: Programs) throws {
        try withImage("", Self.jane, programs) { container in
            (container.user, container.group, container.directory) = (1000, 2000, "/var")
            container.noNewPrivileges = programs == .plain
            let outcome = try container.boot("sh", "-c", "id -u; umask; pwd")
            #expect(outcome.exitCode == 0 && outcome.outputLines == ["1000", "0022", "/var"], "\(outcome)")
        }
    }

    @Test func `a user without a home is told so, and what would give one`() throws {
        var pod = Self.jane
        pod["SSH_PRIVATE_KEY_B64"] = try SSHKey().base64
        try withImage("", pod) { container in
            (container.user, container.group, container.noNewPrivileges) = (1000, 2000, true)
            let outcome = try container.boot("sh", "-c", "echo $HOME")
            #expect(outcome.exitCode == 0 && outcome.output == "/home/jane\n", "\(outcome)")
            #expect(
                outcome.errors.contains(
                    "identity: warning: there is no home: /home/jane cannot be used (no such file or directory), and no key"
                ),
                "\(outcome)")
            // One that the pod brings does, in each start.
            container.environment["HOME"] = "/tmp"
            let own = try container.boot("sh", "-c", "echo $HOME; ls ~/.ssh")
            #expect(own.outputLines.first == "/tmp" && own.output.contains("id_rsa"), "\(own)")
            #expect(!own.errors.contains("there is no home"), "\(own)")
        }
    }

    @Test(arguments: ["/etc", "/.", "/usr/sbin", "/home/../root"])
    func `an elevated start takes no directory of the system for a home`(home: ByteString) throws {
        try withImage("", Self.jane, .elevated) { container in
            (container.user, container.group) = (1000, 2000)
            try container.append("/etc/passwd", "jane:x:1000:2000::" + home + ":/bin/sh\n")
            let outcome = try container.boot("sh", "-c", "echo $HOME")
            #expect(outcome.exitCode == 0 && outcome.output == "/home/jane\n", "\(outcome)")
            #expect(!outcome.errors.contains("chmod") && !outcome.errors.contains("chgrp"), "\(outcome)")
        }
    }

    @Test func `a start directory whose name is no text is entered as it is`() throws {
        try withImage("", Self.jane) { container in
            // A runtime's configuration has text alone.
            let script: ByteString =
                "d=$(printf '/\\377\\376'); mkdir -p \"$d\" && chmod 755 \"$d\" && cd \"$d\" && exec \"$0\" \"$@\""
            container.entrypoint = ["/bin/sh", "-c", script] + container.entrypoint
            let outcome = try container.run("sh", "-c", "pwd -P | od -An -tx1")
            #expect(outcome.output == " 2f ff fe 0a\n", "\(outcome)")
            #expect(!outcome.errors.contains("cannot enter"), "\(outcome)")
        }
    }

    @Test func `a plan says where the command starts, and what is off`() throws {
        try withImage("", Self.jane) { container in
            let outcome = try container.run("/usr/local/bin/entrypointctl", "plan")
            for step in ["scratch", "shell", "links", "caches"] {
                #expect(
                    outcome.outputLines.contains("off           \(step): switched off by scratch.enabled"), "\(outcome)"
                )
            }
            #expect(
                outcome.outputLines.last
                    == "hand over     handoff: as jane (1000:2000), groups 4,27, umask 0022, in the directory that the "
                    + "container starts in", "\(outcome)")
        }
    }

    @Test func `a pod that was written for Jupyter's image has the same user, umask and sudo`() throws {
        let pod: [ByteString: ByteString] = [
            "NB_USER": "jovyan", "NB_UID": "1000", "NB_GID": "100", "NB_UMASK": "002", "CHOWN_HOME": "yes",
        ]
        try withImage("compatibility: [docker-stacks]\n", pod) { container in
            let outcome = try container.boot("sh", "-c", "id -un; id -gn; umask; sudo -n true 2>/dev/null && echo sudo")
            #expect(outcome.outputLines == ["jovyan", "users", "0002"], "\(outcome)")
            #expect(
                outcome.errorLines.contains(
                    "entrypoint: settings: warning: CHOWN_HOME has no effect: a home that is there is left as it is"),
                "\(outcome)")
            container.environment["GRANT_SUDO"] = "yes"
            #expect(try container.boot("sudo", "-n", "id", "-u").output == "0\n")
        }
    }

    @Test func `GRANT_SUDO gives nothing to a user's own start`() throws {
        var pod = Self.jane
        pod["GRANT_SUDO"] = "yes"
        try withImage("compatibility: [docker-stacks]\n", pod, .elevated) { container in
            (container.user, container.group) = (1000, 2000)
            let outcome = try container.boot("sh", "-c", "sudo -n id -u || echo no")
            #expect(outcome.output == "no\n", "\(outcome)")
            #expect(outcome.errors.contains("GRANT_SUDO is ignored"), "\(outcome)")
        }
    }

    @Test func `a pod that was written for LinuxServer's image has the same ids, umask and secrets`() throws {
        let pod: [ByteString: ByteString] = [
            "PUID": "1000", "PGID": "2000", "UMASK": "027", "FILE__DB_PASSWORD": "/run/secrets/db",
        ]
        try withImage("compatibility: [linuxserver]\n", pod) { container in
            try container.write("/run/secrets/db", "s3cret\n")
            let outcome = try container.boot(
                "sh", "-c", "id -un; id -u; id -g; umask; echo $DB_PASSWORD ${FILE__DB_PASSWORD-none}")
            #expect(outcome.outputLines == ["abc", "1000", "2000", "0027", "s3cret none"], "\(outcome)")
            #expect(!outcome.errors.contains("s3cret"))
            #expect(!outcome.errors.contains("sudo yes"), "\(outcome)")
            container.environment["PGID"] = "0"
            let refused = try container.boot("true")
            #expect(refused.exitCode == 78 && refused.errors.contains("PGID is '0'"), "\(refused)")
        }
    }

    @Test func `the user that LinuxServer's image has gets the pod's ids`() throws {
        try withImage("compatibility: [linuxserver]\n", ["PUID": "1000", "PGID": "2000"]) { container in
            try container.append("/etc/passwd", "abc:x:911:911::/config:/bin/false\n")
            try container.append("/etc/group", "abc:x:911:\n")
            let outcome = try container.boot("sh", "-c", "id; grep -c ^abc: /etc/passwd /etc/group")
            #expect(
                outcome.outputLines == [
                    "uid=1000(abc) gid=2000(abc) groups=2000(abc),4(adm)", "/etc/passwd:1", "/etc/group:1",
                ], "\(outcome)")
        }
    }

    private static let chain: ByteString = "#!/bin/sh\necho \"base $1 $(id -un)\"\nshift\nexec \"$@\"\n"

    @Test func `the command is an argument of the base image's entry point, as the user`() throws {
        try withImage("chain: [/opt/base.sh, --quiet]\n", Self.jane) { container in
            try container.write("/opt/base.sh", Self.chain, mode: 0o755)
            let outcome = try container.boot("echo", "a b", "")
            #expect(outcome.output == "base --quiet jane\na b \n", "\(outcome)")
            #expect(outcome.errors.contains("echo through /opt/base.sh as jane"), "\(outcome)")
            // A start that asks for nothing is as that of the base image.
            for name in Self.jane.keys { container.environment[name] = nil }
            let unasked = try container.boot("echo", "x")
            #expect(unasked.output == "base --quiet root\nx\n", "\(unasked)")
            try container.remove("/opt/base.sh")
            let missing = try container.boot("echo", "x")
            #expect(missing.exitCode == 127 && missing.errors.contains("cannot run /opt/base.sh"), "\(missing)")
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let check = try container.run("config", "check")
            #expect(
                check.exitCode == 78
                    && check.errors.contains("chain: /opt/base.sh: there is no such program in the image"), "\(check)")
        }
    }
}
