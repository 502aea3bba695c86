import Glibc
import TestSupport
import Testing

/// What a start as root makes of the identity that a pod asks for.
@Suite(.containers)
struct IdentityTests {
    static let accountsLine =
        "user jane (uid 1000) added; group lab (gid 2000) added; user jane joined group sudo; user jane joined group adm"
    static let sudoLine = "wrote /etc/sudoers.d/90-entrypoint (0440): passwordless sudo for user 1000"
    static let homeLine = "created /home/jane (0750) as root"
    static let sudoers = """
        # Written at every start of the container.
        #1000 ALL=(ALL:ALL) NOPASSWD: ALL
        Defaults:#1000 umask=0022, umask_override

        """

    @Test(arguments: ["exec", "init"])
    func `a fresh user gets accounts, home and sudo, and no other file is touched`(mode: ByteString) throws {
        try withPod { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            let before = try Accounts(of: container)
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(outcome.log(of: "identity") == [Self.accountsLine, Self.sudoLine, Self.homeLine])

            let after = try Accounts(of: container)
            #expect(after.passwd == before.passwd + "jane:x:1000:2000::/home/jane:/bin/zsh\n")
            #expect(after.shadow == before.shadow + "jane:*:::::::\n")
            let group = before.group.replacing("\nadm:x:4:\n", with: "\nadm:x:4:jane\n")
                .replacing("\nsudo:x:27:\n", with: "\nsudo:x:27:jane\n")
            #expect(after.group == group + "lab:x:2000:\n")
            let gshadow = before.gshadow.replacing("\nadm:*::\n", with: "\nadm:*::jane\n")
                .replacing("\nsudo:*::\n", with: "\nsudo:*::jane\n")
            #expect(after.gshadow == gshadow + "lab:*::\n")
            #expect(try container.text("/etc/sudoers.d/90-entrypoint") == Self.sudoers)

            // What is in the home is of other steps.
            let written = try container.written(in: "/etc", "/home", "/run", "/var", "/root", "/tmp")
                .filter { !$0.key.hasPrefix("/home/jane/") && ($0.value.kind != .directory || $0.key == "/home/jane") }
            #expect(
                written.mapValues(\.description) == [
                    "/etc/.pwd.lock": "file 0600 0:0",
                    "/etc/group": "file 0644 0:0",
                    "/etc/gshadow": "file 0640 0:42",
                    "/etc/passwd": "file 0644 0:0",
                    "/etc/shadow": "file 0640 0:42",
                    "/etc/sudoers.d/90-entrypoint": "file 0440 0:0",
                    "/home/jane": "directory 0750 1000:2000",
                    "/run/entrypoint/environment": "file 0640 0:2000",
                    "/run/entrypoint/environment.user": "file 0644 0:2000",
                    "/run/entrypoint/identity": "file 0600 0:0",
                    "/run/entrypoint/report.jsonl": "file 0640 0:2000",
                ])
        }
    }

    @Test func `programs find the user, and sudo works without a password`() throws {
        try withPod { container in
            try container.write("/etc/hosts", "127.0.0.1 container\n")
            let script: ByteString = """
                id; getent passwd jane; getent group lab; id -Gn jane; getent passwd 1000
                umask; sudo -n id -u; sudo -n sh -c umask; sudo -n -u nobody id -un; sudo -n visudo -c
                su -s /bin/sh -c true jane < /dev/null; echo su $?
                """
            let outcome = try container.boot("sh", "-c", script)
            #expect(
                outcome.output == """
                    uid=1000(jane) gid=2000(lab) groups=2000(lab),4(adm),27(sudo)
                    jane:x:1000:2000::/home/jane:/bin/zsh
                    lab:x:2000:
                    lab adm sudo
                    jane:x:1000:2000::/home/jane:/bin/zsh
                    0007
                    0
                    0022
                    nobody
                    /etc/sudoers: parsed OK
                    /etc/sudoers.d/90-entrypoint: parsed OK
                    /etc/sudoers.d/README: parsed OK
                    su 1

                    """, "\(outcome)")
        }
    }

    @Test(arguments: ["exec", "init"])
    func `a second start changes nothing and rewrites no file`(mode: ByteString) throws {
        try withPod { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            #expect(try container.boot("true").exitCode == 0)
            // The report and the record are those of the last boot, and are written each time, in their directory.
            func files() throws -> [String: FileStatus] {
                let written = ["/run/entrypoint", "/run/entrypoint/identity", "/run/entrypoint/report.jsonl"]
                return try container.changes().filter { !written.contains($0.key) }
            }
            let first = try files()
            let outcome = try container.boot("true")
            #expect(outcome.log == [SecondStartTests.ready])
            #expect(try files() == first)
            #expect(first["/run/entrypoint/environment"] != nil && first["/etc/passwd"] != nil)
        }
    }

    @Test func `a home that exists is left as it is, and a foreign owner is told`() throws {
        try withPod { container in
            try container.makeDirectory("/home/jane", mode: 0o700, user: 5, group: 5)
            try container.write("/home/jane/file", "hers\n", mode: 0o600, user: 5, group: 5)
            let outcome = try container.boot("true")
            #expect(
                outcome.log(of: "identity").dropFirst(2) == [
                    "warning: /home/jane belongs to user 5, not to 1000, and is left as it is; correct it with "
                        + "chown 1000:2000 /home/jane"
                ], "\(outcome)")
            #expect(try container.status("/home/jane")?.description == "directory 0700 5:5")
            #expect(try container.status("/home/jane/file")?.description == "file 0600 5:5")
        }
    }

    @Test func `the login shell is the first of zsh, bash and sh that the image has`() throws {
        try withPod { container in
            try container.remove("/usr/bin/zsh")
            let bash = try container.boot("sh", "-c", "echo $SHELL; getent passwd jane")
            #expect(
                bash.log(of: "identity").first == "warning: the image has no /bin/zsh: the login shell is /bin/bash")
            #expect(bash.output == "/bin/bash\njane:x:1000:2000::/home/jane:/bin/bash\n")
            try container.remove("/usr/bin/bash")
            let sh = try container.boot("sh", "-c", "echo $SHELL; getent passwd jane")
            #expect(
                sh.log(of: "identity") == [
                    "warning: the image has no /bin/zsh: the login shell is /bin/sh",
                    "user jane: shell set to /bin/sh",
                ])
            #expect(sh.output == "/bin/sh\njane:x:1000:2000::/home/jane:/bin/sh\n")
        }
        try withPod(.scratch) { container in
            let outcome = try container.boot(ProbeReport.path)
            #expect(outcome.log(of: "identity").first == "warning: the image has no shell")
            #expect(try outcome.report().environment["SHELL"] == "/bin/sh")
        }
    }

    @Test func `an image without sudo and with few groups gives what it has`() throws {
        try withPod(.busybox) { container in
            let before = try Accounts(of: container)
            let outcome = try container.boot(ProbeReport.path)
            #expect(
                outcome.log(of: "identity") == [
                    "warning: the image has no /bin/zsh: the login shell is /bin/sh",
                    "user jane (uid 1000) added; group lab (gid 2000) added; user jane joined group adm",
                    Self.homeLine,
                ], "\(outcome)")
            // Without shadow files the password fields themselves are closed.
            #expect(
                try Accounts(of: container)
                    == Accounts(
                        passwd: before.passwd + "jane:*:1000:2000::/home/jane:/bin/sh\n",
                        group: before.group.replacing("adm:x:4:\n", with: "adm:x:4:jane\n") + "lab:*:2000:\n"))
            #expect(try !container.exists("/etc/sudoers.d") && !container.exists("/etc/shadow"))
            #expect(try outcome.report().supplementaryGroups == [4])
        }
    }

    @Test func `sudo can be switched off, also later`() throws {
        try withPod { container in
            #expect(try container.boot("sudo", "-n", "true").exitCode == 0)
            container.environment["IDENTITY_SUDO"] = "none"
            let outcome = try container.boot("sudo", "-n", "true")
            #expect(
                outcome.log(of: "identity") == ["removed /etc/sudoers.d/90-entrypoint: the user has no sudo"],
                "\(outcome)")
            #expect(
                outcome.exitCode == 1 && outcome.errors.contains("sudo: The \"no new privileges\" flag is set"),
                "\(outcome)")
            #expect(try !container.exists("/etc/sudoers.d/90-entrypoint"))
            #expect(try container.boot("true").log(of: "identity") == [])
        }
    }

    @Test func `sudo that would ask for a password all the same is told`() throws {
        try withPod { container in
            try container.write("/etc/sudoers", "root ALL=(ALL:ALL) ALL\n", mode: 0o440)
            #expect(
                try container.boot("true").log(of: "identity").first
                    == "warning: /etc/sudoers does not include /etc/sudoers.d: sudo will ask for a password; "
                    + "add the line @includedir /etc/sudoers.d")
            try container.write("/etc/sudoers", "#includedir /etc/sudoers.d\n", mode: 0o440)
            #expect(try container.boot("sudo", "-n", "true").log(of: "identity") == [])
            container.noNewPrivileges = true
            #expect(
                try container.boot("true").log(of: "identity") == [
                    "warning: sudo is not granted: the pod spec sets allowPrivilegeEscalation: false, under which it cannot "
                        + "work",
                    "removed /etc/sudoers.d/90-entrypoint: the user has no sudo",
                ])
        }
    }

    @Test func `the user joins the groups of GPU device nodes, which get a name`() throws {
        try withPod { container in
            let nodes = """
                mkdir /dev/dri
                node() { mknod -m "$2" "/dev/$1" c 1 3; chgrp "$3" "/dev/$1"; }
                node kfd 660 44; node dri/renderD128 660 993; node dri/renderD129 666 994; node dri/card0 660 995
                node nvidia0 660 0; node nvidia1 600 996; node nvidia2 640 997
                touch /dev/nvidia-file; chmod 660 /dev/nvidia-file; chgrp 998 /dev/nvidia-file
                exec /usr/local/bin/entrypoint "$@"
                """
            container.entrypoint = ["/bin/sh", "-c", ByteString(nodes), "sh"]
            let outcome = try container.boot(
                "bash", "-c",
                "id; getent group gpu-993; for f in kfd dri/renderD128 nvidia1; do : < /dev/$f && echo $f; done"
            )
            #expect(
                outcome.log(of: "identity").first
                    == Self.accountsLine + "; user jane joined group video; group gpu-993 (gid 993) added; "
                    + "user jane joined group gpu-993", "\(outcome)")
            #expect(
                outcome.output == """
                    uid=1000(jane) gid=2000(lab) groups=2000(lab),4(adm),27(sudo),44(video),993(gpu-993)
                    gpu-993:x:993:jane
                    kfd
                    dri/renderD128

                    """)
            #expect(try container.boot("true").log(of: "identity") == [])
        }
    }

    /// It is written in place where it cannot be replaced.
    @Test(arguments: ["fallocate", "write", "ftruncate"])
    func `a signal that ends the boot leaves no half of a mounted account file`(call: String) throws {
        try withPod { container in
            container.capabilities.append("SYS_PTRACE")
            container.environment["ENTRYPOINT_MODE"] = "exec"
            try container.write("/others", container.read("/etc/passwd"))
            container.mounts = [.bind(container.root + "/others", to: "/etc/passwd")]
            container.entrypoint = [
                "/usr/bin/strace", "-qq", "-o", "/dev/null", "-P", "/etc/passwd", "-e", "trace=\(call)", "-e",
                "inject=\(call):signal=TERM:when=1", "--", "/usr/local/bin/entrypoint", "--",
            ]
            let outcome = try container.run("true")
            #expect(outcome.exitCode == 128 + SIGTERM, "\(outcome)")
            let text = try container.text("/others")
            #expect(text.contains("\njane:x:1000:") && text.hasSuffix("\n") && !text.contains("\0"), "\(outcome)")
        }
    }
}
