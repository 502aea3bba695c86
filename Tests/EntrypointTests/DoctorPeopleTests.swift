import Foundation
import TestSupport
import Testing

/// `entrypointctl doctor` about accounts, sudo, keys, privileges, process 1 and what is left of earlier starts.
@Suite(.containers)
struct DoctorPeopleTests {
    private static let areas: [ByteString] = ["--only", "accounts", "ssh", "process", "leftovers"]

    /// Calls the body with a container that jane's boot has made ready, whose command sleeps.
    private func withBootedPod(
        _ programs: Programs = .plain, prepare: (Container) throws -> Void = { _ in },
        _ body: (RunningContainer, Container) throws -> Void
    ) throws {
        try withPod(.debian, programs) { container in
            if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            try prepare(container)
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            try body(boot, container)
        }
    }

    @Test(arguments: [Programs.plain, .elevated]) func `nothing is amiss after a boot, whoever asks`(
        programs: Programs
    ) throws {
        let key = try SSHKey().base64
        try withBootedPod(programs, prepare: { $0.environment["SSH_PRIVATE_KEY_B64"] = key }) { boot, _ in
            let answers = try boot.doctor("--only", "accounts", "ssh", "process", "leftovers")
            #expect(answers.amiss == [])
            #expect(
                answers.of("accounts.entries").map(\.evidence) == [
                    "jane is 1000:2000, home /home/jane, shell /bin/zsh; group lab is 2000"
                ])
            #expect(
                answers.of("process.first").first?.evidence
                    == "process 1 is entrypoint, which reaps and forwards signals")
            #expect(
                answers.of("ssh.keys", as: "user 1000:2000").map(\.evidence) == [
                    "/home/jane/.ssh/id_rsa: Ed25519, not encrypted, 0600"
                ])
            let own = try boot.doctor("--only", "accounts", "ssh", "process", "leftovers", user: "1000:2000")
            #expect(own.amiss == [])
            #expect(own.of("ssh.keys").count == 1 && own.of("accounts.files").count == 1, "\(own)")
            // The command's own session has less, on purpose.
            let session = try boot.exec(
                ["entrypointctl", "exec", "--", "entrypointctl", "doctor", "--json"] + Self.areas, user: "1000:2000")
            #expect(try DoctorAnswers(session).amiss == [])
        }
    }

    /// What goes wrong in a container, by a script that root runs in it, and the check that tells it.
    private static let cases: [(title: String, script: ByteString, check: ByteString)] = [
        ("no entry", "sed -i '/^jane:/d' /etc/passwd", "accounts.entries"),
        ("another uid", "sed -i 's/^jane:x:1000:/jane:x:1001:/' /etc/passwd", "accounts.entries"),
        ("no shell", "rm /bin/zsh", "accounts.entries"),
        ("no group", "sed -i '/^lab:/d' /etc/group", "accounts.entries"),
        ("a second root", "echo 'toor:x:0:0::/root:/bin/sh' >> /etc/passwd", "accounts.duplicates"),
        ("a passwd of everybody", "chmod 0666 /etc/passwd", "accounts.files"),
        ("a passwd of group 0", "chmod 0664 /etc/passwd", "accounts.files"),
        ("a rule of a user's", "echo >/etc/sudoers.d/x; chown 1000 /etc/sudoers.d/x", "accounts.files"),
        ("sudo without its bit", "chmod u-s /usr/bin/sudo", "accounts.sudo"),
        ("sudo that does not look", "sed -i '/includedir/d' /etc/sudoers", "accounts.sudo"),
        ("no sudo", "rm /usr/bin/sudo", "accounts.sudo"),
        ("a key that others may read", "chmod 0640 /home/jane/.ssh/id_rsa", "ssh.keys"),
        ("a key of root's", "chown 0:0 /home/jane/.ssh/id_rsa", "ssh.keys"),
        ("a key that is cut off", "truncate -s 100 /home/jane/.ssh/id_rsa", "ssh.keys"),
        ("a password of root's", "sed -i 's/^root:[^:]*:/root:$y$x:/' /etc/shadow", "leftovers.passwords"),
        ("root without a password", "sed -i 's/^root:[^:]*:/root::/' /etc/shadow", "leftovers.passwords"),
        (
            "an older script", "mkdir -p /docker; echo 'echo \"$NB_USER:x\" | chpasswd' >/docker/entrypoint.sh",
            "leftovers.scripts"
        ),
        (
            "what a killed boot has left",
            "touch -d '2 hours ago' /home/jane/.zshrc.entrypoint-17-ab3 /etc/.passwd.entrypoint-9-z",
            "leftovers.files"
        ),
        (
            "many zombies",
            """
            python3 -c 'import os,time
            for i in range(12):
              if os.fork() == 0: os._exit(0)
            print("up", flush=True); time.sleep(60)' >/tmp/up 2>&1 & until [ -s /tmp/up ]; do sleep 0.05; done
            """, "process.reaping"
        ),
    ]

    @Test func `each problem is told with what to do`() throws {
        let key = try SSHKey().base64
        var text = ""
        for (title, script, check) in Self.cases {
            try withBootedPod(prepare: { $0.environment["SSH_PRIVATE_KEY_B64"] = key }) { boot, _ in
                let outcome = try boot.exec(["sh", "-c", script], user: "0:0")
                #expect(outcome.exitCode == 0, "\(title): \(outcome)")
                let answers = try boot.doctor("--only", check)
                #expect(!answers.amiss.isEmpty, "\(title): \(answers)")
                text += "# \(title)\n" + answers.all.map { "\($0)\n" }.joined() + "\n"
            }
        }
        // The number of a process differs.
        let numbered = text.replacing(/process [0-9]+ \(python3\)/, with: "process N (python3)")
            .replacing(/kill [0-9]+/, with: "kill N")
        try Golden.expect(numbered, in: "Tests/EntrypointTests/Golden/doctor-people.txt")
    }

    @Test func `a pod that bypasses the ENTRYPOINT is told so`() throws {
        try withPod(.debian) { container in
            container.entrypoint = []
            container.environment["SSH_PRIVATE_KEY_B64"] = "aGlkZGVu"
            (container.user, container.group) = (1000, 2000)
            let shell = try container.start("/bin/sh", "-c", "sleep 0.1 & echo up; exec sleep 60")
            try shell.waitForOutput("up")
            Thread.sleep(forTimeInterval: 0.5)
            let outcome = try shell.exec(
                ["entrypointctl", "doctor", "--json", "--only", "process", "leftovers"], user: "1000:2000")
            #expect(!outcome.output.contains("aGlkZGVu"))
            let text = try DoctorAnswers(outcome).all.map { "\($0)\n" }.joined()
                .replacing(/such as [0-9]+/, with: "such as N").replacing(
                    /capabilities: [0-9]+/, with: "capabilities: N")
            try Golden.expect(text, in: "Tests/EntrypointTests/Golden/doctor-bypassed.txt")
        }
    }

    @Test func `what takes a start's privileges away is told with the field of the pod spec`() throws {
        var text = ""
        func add(_ title: String, _ programs: Programs, _ prepare: (Container) throws -> Void) throws {
            try withContainer(.debian, programs) { container in
                (container.user, container.group) = (1000, 2000)
                try prepare(container)
                container.entrypoint = ["/usr/local/bin/entrypointctl"]
                let answers = try DoctorAnswers(
                    try container.run("doctor", "--json", "--only", "process.privileges", "accounts.sudo"))
                text += "# \(title)\n" + answers.all.map { "\($0)\n" }.joined() + "\n"
            }
        }
        try add("elevated", .elevated) { _ in }
        try add("no capabilities of the file", .plain) { _ in }
        try add("allowPrivilegeEscalation: false", .elevated) { $0.noNewPrivileges = true }
        try add("capabilities.drop: [ALL]", .elevated) { $0.capabilities = [] }
        try add("capabilities.drop: [KILL]", .elevated) { $0.capabilities.removeAll { $0 == "KILL" } }
        try add("root without CHOWN", .plain) {
            ($0.user, $0.group) = (0, 0)
            $0.capabilities.removeAll { $0 == "CHOWN" }
        }
        try add("root who promises sudo, without escalation", .plain) {
            ($0.user, $0.group) = (0, 0)
            $0.environment = .pod
            $0.noNewPrivileges = true
            try $0.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
        }
        try Golden.expect(text, in: "Tests/EntrypointTests/Golden/doctor-privileges.txt")
    }

    @Test func `processes that are hidden are no reason to fail`() throws {
        try withContainer(.busybox) { container in
            container.mounts = [
                Container.Mount(source: "proc", path: "/proc", type: "proc", options: ["hidepid=2"])
            ]
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            let answers = try boot.doctor("--only", "process", "leftovers", user: "4711:4711")
            #expect(
                answers.of("process.first").map(\.evidence) == [
                    "process 1 cannot be seen: /proc hides the processes of other users (hidepid), or is not mounted"
                ], "\(answers)")
            #expect(answers.of("process.entrypoint").isEmpty && answers.of("process.stopping").isEmpty, "\(answers)")
        }
    }

    @Test func `all questions together are answered, by all who act`() throws {
        try withBootedPod { boot, _ in
            let answers = try boot.doctor(within: .seconds(20))
            let areas = Set(answers.all.map { $0.check.prefix { $0 != "." } })
            #expect(
                areas == [
                    "settings", "boot", "mounts", "scratch", "caches", "accounts", "process", "devices", "limits",
                    "leftovers",
                ])
            #expect(Set(answers.all.map(\.actor)).isSuperset(of: ["", "user 1000:2000", "root 0:0"]))
            #expect(!answers.all.contains { $0.verdict == "fail" }, "\(answers.amiss)")
        }
    }
}
