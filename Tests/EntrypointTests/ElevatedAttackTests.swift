import Foundation
import TestSupport
import Testing

/// What somebody who may start a container, or is in it, may try. That it is an attack, `Tests/Fixtures/naive` shows.
@Suite(.containers)
struct ElevatedAttackTests {
    // MARK: Links and names

    /// Every path that is written with privileges.
    static let written = [
        "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/sudoers.d/90-entrypoint", "/home/jane", "/run/entrypoint",
        "/run/entrypoint/environment", "/run/entrypoint/environment.user", "/run/entrypoint/report.jsonl",
    ]

    /// Something of root's to which a link leads.
    private static func plant(_ path: String, in container: Container) throws -> String {
        let isDirectory = ["/home/jane", "/run/entrypoint"].contains(path)
        let victim = isDirectory ? "/victim.d" : "/victim"
        if isDirectory {
            try container.makeDirectory(victim, mode: 0o700)
        } else {
            try container.write(victim, "root:x:0:0:root:/root:/bin/sh\n", mode: 0o600)
        }
        if try container.exists(path) { try container.remove(path) }
        if path.hasPrefix("/run/entrypoint/") { try container.makeDirectory("/run/entrypoint") }
        try container.link(path, to: victim)
        return victim
    }

    private static func state(of victim: String, in container: Container) throws -> String {
        let content = victim == "/victim" ? try container.text(victim) : try container.names(in: victim).description
        return "\(try container.status(victim)?.description ?? "gone") \(content)"
    }

    @Test(arguments: [true, false]) func `a link where something is written leads root nowhere`(isNaive: Bool) throws {
        var hits: [String] = []
        for path in Self.written {
            try ElevatedTests.withElevatedPod { container in
                try container.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
                let victim = try Self.plant(path, in: container)
                let before = try Self.state(of: victim, in: container)
                if isNaive { try container.useNaiveScript() }
                let outcome = isNaive ? try container.run("true") : try container.boot("true")
                let after = try Self.state(of: victim, in: container)
                if before != after { hits.append(path) }
                if !isNaive { #expect(before == after, "\(path): \(outcome)") }
            }
        }
        #expect(hits == (isNaive ? Self.written : []))
    }

    /// What would write a second line, or more than a name, if it were believed.
    static let names: [(variable: ByteString, value: ByteString)] = [
        ("NB_USER", "x:0:0::/:/bin/sh\nevil"), ("NB_USER", "evil:x:0:0"), ("NB_USER", "ALL"), ("NB_USER", "#0"),
        ("NB_USER", "%sudo"), ("NB_USER", "jane ALL=(ALL) NOPASSWD: ALL\n#"), ("NB_USER", "root"), ("NB_USER", "../x"),
        ("NB_GROUP", "sudo:x:27:jane\nx"), ("NB_GROUP", "a,b"), ("NB_GROUP", "ALL"), ("NB_UID", "1000:0"),
        ("NB_UID", "0"), ("NB_UID", "4294967296"), ("NB_UID", "01000\n"), ("NB_GID", "0"),
        ("SCRATCH_HOME", "/scratch/x\nexport LD_PRELOAD=/evil"), ("SCRATCH_HOME", "/scratch/../etc"),
        ("WORKING_DIR", "/scratch/homes/jane:x\n"), ("GIT_USER_NAME", "x\n[core]\n\tpager = evil"),
        ("GIT_USER_EMAIL", "x\u{1}@y"),
    ]

    @Test func `no value becomes a second line of a file`() throws {
        try ElevatedTests.withElevatedPod { container in
            for (variable, value) in Self.names {
                container.environment = .pod.with([variable: value])
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 78, "\(variable): \(outcome)")
                #expect(outcome.errors.contains(variable.text), "\(outcome)")
            }
            #expect(try container.written(in: "/etc", "/home", "/run").isEmpty)
        }
    }

    // MARK: The mark of a start that used its privileges, and /etc

    @Test func `the mark is where the user cannot take it away`() throws {
        try ElevatedTests.withElevatedPod { container in
            // As an emptyDir: whoever is in the container may rename what root has made there.
            try container.makeDirectory("/run", mode: 0o777)
            container.entrypoint = ["/bin/sh", "-c"]
            let script: ByteString = """
                cd /; for i in 1 2; do
                    /usr/local/bin/entrypoint -- true
                    mv /run/entrypoint /run/gone$i; mv /dev/shm/entrypoint-root /dev/shm/gone
                    mkdir /run/entrypoint
                done
                """
            let outcome = try container.run(script)
            let isBare = outcome.errorLines.filter {
                $0.contains("going on without privileges: this container has been made ready before")
            }
            #expect(isBare.count == 1, "\(outcome)")
            #expect(outcome.errors.contains("cannot move '/dev/shm/entrypoint-root'"), "\(outcome)")
            #expect(!outcome.errors.contains("cannot move '/run/entrypoint'"), "\(outcome)")
        }
    }

    @Test func `where no mark can be left, privileges are not used`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.makeDirectory("/run", mode: 0o777)
            // The user was there before.
            container.entrypoint = ["/bin/sh", "-c"]
            let outcome = try container.run("mkdir /dev/shm/entrypoint-root; /usr/local/bin/entrypoint -- id -u")
            #expect(outcome.output == "1000\n", "\(outcome)")
            #expect(
                outcome.errorLines.first
                    == "entrypoint: going on without privileges: their use cannot be recorded: /run is not root's, or "
                    + "others can remove what is in it; /dev/shm/entrypoint-root: operation not permitted"
            )
            #expect(try !container.text("/etc/passwd").contains("jane"))
        }
    }

    @Test func `in another etc than the image's privileges are not used`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
            container.mounts = [.bind(container.root + "/etc", to: "/etc")]
            let outcome = try container.boot("id", "-u")
            #expect(outcome.output == "1000\n", "\(outcome)")
            #expect(outcome.errors.contains("going on without privileges: /etc is a mount"), "\(outcome)")
            #expect(outcome.errors.contains("/etc/entrypoint.yaml is ignored: /etc is a mount"), "\(outcome)")
        }
        try ElevatedTests.withElevatedPod { container in
            try container.makeDirectory("/etc", mode: 0o777)
            let outcome = try container.boot("id", "-u")
            #expect(outcome.errors.contains("going on without privileges: /etc must belong to root"), "\(outcome)")
        }
    }

    // MARK: The seed user

    @Test func `the seed user is nobody's deputy in its own tree`() throws {
        func withSeed(_ body: (Container) throws -> Void) throws {
            try ElevatedTests.withElevatedPod { container in
                try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                try container.write(
                    "/etc/entrypoint.yaml", "scratch: {seedUser: site-admin, seedDirectories: [/scratch/homes]}\n")
                for path in ["/scratch/homes", "/scratch/homes/seed", "/scratch/other"] {
                    try container.makeDirectory(path, user: 4711, group: 2000)
                }
                try body(container)
            }
        }
        for home in ["/scratch/homes/seed/.ssh", "/scratch/homes/seed/a/b", "/scratch/other/jane"] {
            try withSeed { container in
                container.environment = .pod.with(["SCRATCH_HOME": ByteString(home)])
                let outcome = try container.boot("true")
                #expect(try outcome.exitCode == 125 && !container.exists(home), "\(outcome)")
                // What is in the way of the home makes it fall back to the persistent one.
                try container.remove("/home/jane")
                try container.write("/home/jane", "")
                #expect(try container.boot("true").exitCode == 125)
                #expect(try !container.exists(home))
                // Where the pod spec may do everything, it may do this, but for what policy does not name.
                (container.user, container.group) = (0, 0)
                let root = try container.boot("true")
                let isNamed = home.hasPrefix("/scratch/homes/")
                #expect(try (root.exitCode == 0) == isNamed && container.exists(home) == isNamed, "\(root)")
            }
        }
        try withSeed { container in
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(try container.status("/scratch/homes/jane")?.description == "directory 1770 4711:2000")
        }
    }

    // MARK: Paths that are none

    @Test func `a persistent directory that is none changes nothing of what it is`() throws {
        let homes = ["/etc", "/proc/1", "/dev/null", "/scratch/fifo", "/etc/passwd", "/run/entrypoint", "/root"]
        func look(_ container: Container) throws -> [String?] {
            try homes.map { try container.status($0)?.description }
        }
        func prepare(_ container: Container) throws {
            _ = try Program("/usr/bin/mkfifo", ["\(container.root)/scratch/fifo"]).run()
            try container.makeDirectory("/run/entrypoint")
        }
        for home in homes {
            try ElevatedTests.withElevatedPod(.busybox) { container in
                try prepare(container)
                let before = try look(container)
                container.environment = .pod.with(["SCRATCH_HOME": ByteString(home)])
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 125, "\(outcome)")
                #expect(try look(container) == before, "\(home)")
                let written = try container.written(in: "/etc", "/root").keys.sorted()
                #expect(
                    Set(written).isSubset(of: [
                        "/etc/.pwd.lock", "/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow",
                    ]),
                    "\(home): \(written)")
            }
        }
    }

    // MARK: Other people's files

    @Test func `files that settings name are read with the caller's rights`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.link("/scratch/key", to: "/etc/shadow")
            try container.link("/scratch/known", to: "/proc/1/environ")
            // Also where the image's maker has put the capabilities to use (+ep).
            for flags in ["+p", "+ep"] {
                try setCapabilities(of: "/usr/local/bin/entrypoint", in: container, elevating + flags)
                for path in ["/etc/shadow", "/scratch/key"] {
                    for name in ["SSH_PRIVATE_KEY_B64_FILE", "SSH_KNOWN_HOSTS_FILE", "SSH_AUTHORIZED_KEYS_FILE"] {
                        container.environment = .pod.with([ByteString(name): ByteString(path)])
                        let outcome = try container.boot("true")
                        #expect(outcome.exitCode == 78, "\(outcome)")
                        #expect(
                            outcome.errors.contains("cannot be read: permission denied (openat EACCES)"), "\(outcome)")
                    }
                }
                container.environment = .pod.with(["ENTRYPOINT_MODE": "exec"])
                #expect(try container.boot("id", "-un").output == "jane\n")
            }
            try container.useNaiveScript()
            container.environment = .pod.with(["SSH_PRIVATE_KEY_B64_FILE": "/scratch/key"])
            #expect(try container.run("true").output.contains("root:"))
        }
    }

    @Test func `a plan of an elevated start uses no privilege and changes nothing`() throws {
        try withPod(.debian, .elevated) { container in
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
            try container.append("/etc/passwd", "caller:x:1000:2000::/:/bin/sh\n")
            let before = try container.written(in: "/etc", "/home", "/run", "/scratch")
            let (outcome, trace) = try ElevatedEnvironmentTests.trace(
                container, ["/usr/local/bin/entrypoint", "--plan", "--", "true"])
            #expect(outcome.exitCode == 2 && !outcome.output.isEmpty, "\(outcome)")
            #expect(!trace.contains { $0.contains("setresuid") || $0.contains("setgroups") }, "\(trace)")
            // A place in the tree is not its content.
            let opened = trace.filter { $0.contains("shadow\"") && $0.contains(" = 3") && !$0.contains("O_PATH") }
            #expect(opened == [])
            #expect(try container.written(in: "/etc", "/home", "/run", "/scratch") == before)
            // And the next start still has its privileges.
            (container.user, container.group, container.entrypoint) = (1000, 2000, ["/usr/local/bin/entrypoint"])
            #expect(try container.boot("sudo", "-n", "id", "-u").output == "0\n")
        }
    }
}
