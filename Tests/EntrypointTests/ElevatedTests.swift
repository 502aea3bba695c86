import TestSupport
import Testing

/// Starts as the user's own uid, with the capabilities of the program's file.
@Suite(.containers)
struct ElevatedTests {
    /// The pod of `withPod`, started as its user.
    static func withElevatedPod<Result>(
        _ image: Image = .debian, _ body: (Container) throws -> Result
    ) throws -> Result {
        try withPod(image, .elevated) { container in
            container.user = 1000
            container.group = 2000
            return try body(container)
        }
    }

    @Test(arguments: ["exec", "init"], [Image.debian, .busybox])
    func `the boot is complete, and the user gets nothing beyond their own ids`(mode: ByteString, image: Image) throws {
        try Self.withElevatedPod(image) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            container.groups = [2000, 3000]
            let outcome = try container.boot(ProbeReport.path)
            let report = try outcome.report()
            #expect(outcome.exitCode == 0, "\(outcome)")
            let warnings = outcome.log.filter { $0.contains("warning: ") }
            #expect(warnings.allSatisfy { $0.contains("the image has no") }, "\(warnings)")
            #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
            #expect(try report.supplementaryGroups == [3000])
            #expect(try report.bounding == 0 && report.effective == 0 && report.permitted == 0)
            #expect(try report.inheritable == 0 && report.ambient == 0 && report.securebits == 0)
            #expect(try report.noNewPrivileges && report.umask == 0o007 && report.directory == "/scratch/homes/jane")
            let passwd = try container.text("/etc/passwd")
            #expect(passwd.contains(":1000:2000::/home/jane:"), "\(outcome.log)")
            #expect(try container.status("/etc/passwd")?.description == "file 0644 0:0")
            #expect(try container.status("/home/jane")?.description == "directory 0750 1000:2000")
            #expect(try !container.exists("/etc/sudoers.d/90-entrypoint"))
            #expect(try container.status("/run/entrypoint")?.description == "directory 0755 0:0")
        }
    }

    @Test func `the image's configuration may grant sudo and groups`() throws {
        try Self.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: all, groups: [adm, sudo]}\n")
            let outcome = try container.boot("sh", "-c", "id -G; sudo -n id -u; grep NoNewPrivs /proc/self/status")
            #expect(outcome.outputLines == ["2000 4 27", "0", "NoNewPrivs:\t0"], "\(outcome)")
        }
    }

    @Test func `privileges are used once in a container's life, and again after its restart`() throws {
        try Self.withElevatedPod { container in
            // With sudo a program may gain privileges again; without it the kernel sees to that.
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
            let again: ByteString = """
                rm -f /tmp/x; cd /
                sudo -n rm /etc/sudoers.d/90-entrypoint /run/entrypoint/report.jsonl; /usr/local/bin/entrypoint -- id -u
                ls /etc/sudoers.d
                """
            for _ in 1...2 {
                let outcome = try container.boot("sh", "-c", again)
                #expect(outcome.exitCode == 0 && outcome.outputLines == ["1000", "README"], "\(outcome)")
                #expect(outcome.errors.contains("going on without privileges: this container has been made ready"))
            }
        }
    }

    @Test(
        arguments: [
            ["NB_UID": "1001"], ["NB_GID": "27"], ["NB_UID": "0"],
        ] as [Environment])
    func `other ids than the caller's are refused`(variables: Environment) throws {
        try Self.withElevatedPod { container in
            container.environment = container.environment.with(variables)
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 78, "\(outcome)")
            #expect(try container.written(in: "/etc", "/home").isEmpty)
        }
    }

    @Test func `what is not the image's own policy does not count`() throws {
        try Self.withElevatedPod { container in
            let policy: ByteString = "identity: {sudo: all, groups: [adm]}\n"
            container.environment["ENTRYPOINT_CONFIG"] = "/etc/own.yaml"
            container.environment["IDENTITY_SUDO"] = "all"
            container.environment["SCRATCH_SEED_USER"] = "0:0"
            try container.write("/etc/own.yaml", policy)
            try container.write("/etc/entrypoint.yaml", policy, user: 1000)
            try container.makeDirectory("/etc/entrypoint/conf.d")
            try container.write("/etc/entrypoint/conf.d/10-a.yaml", policy, mode: 0o664)
            try container.link("/etc/entrypoint/conf.d/20-b.yaml", to: "/etc/own.yaml")
            try container.write("/mounted.yaml", policy)
            try container.write("/etc/entrypoint/conf.d/30-c.yaml", "")
            container.mounts.append(
                .bind("\(container.root)/mounted.yaml", to: "/etc/entrypoint/conf.d/30-c.yaml"))
            let outcome = try container.boot("id", "-G")
            #expect(outcome.exitCode == 0 && outcome.outputLines == ["2000"], "\(outcome)")
            for name in [
                "ENTRYPOINT_CONFIG", "IDENTITY_SUDO", "SCRATCH_SEED_USER", "/etc/entrypoint.yaml", "conf.d/10-a.yaml",
                "conf.d/20-b.yaml", "conf.d/30-c.yaml",
            ] {
                #expect(outcome.log.contains { $0.contains("\(name) is ignored") }, "\(name) \(outcome)")
            }
        }
    }

    /// The naive way goes on with what is left: the first file grants a group, and the second takes it back.
    @Test(arguments: [
        "/etc/entrypoint", "/etc/entrypoint/conf.d", "/etc/entrypoint/conf.d/90-site.yaml", "/etc/entrypoint/steps.d",
    ]) func `whoever hides a part of the image's policy is left with none of it`(hidden: String) throws {
        try Self.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {groups: [adm]}\n")
            try container.makeDirectory("/etc/entrypoint/steps.d")
            try container.makeDirectory("/etc/entrypoint/conf.d")
            let ordinary = try container.boot("id", "-G")
            #expect(ordinary.outputLines == ["2000 4"], "what is to be taken back is granted: \(ordinary)")
            try container.write("/etc/entrypoint/conf.d/90-site.yaml", "identity: {groups: []}\n")
            if hidden.hasSuffix(".yaml") {
                try container.write("/empty", "")
                container.mounts.append(.bind("\(container.root)/empty", to: hidden))
            } else {
                container.mounts.append(.memory(hidden))
            }
            let outcome = try container.boot("id", "-G")
            #expect(outcome.exitCode == 0 && outcome.outputLines == ["2000"], "\(outcome)")
            #expect(
                outcome.log(of: "settings").contains {
                    $0.hasPrefix(
                        "warning: the image's configuration does not count, because a part of it may be hidden: "
                            + "\(hidden) is a mount")
                }, "\(outcome)")
        }
    }

    @Test func `what the C library takes from privileged programs reaches the command`() throws {
        try Self.withElevatedPod { container in
            let hostile: [(String, String)] = [
                ("LD_LIBRARY_PATH", "/a:/b"), ("LD_PRELOAD", ""), ("GLIBC_TUNABLES", "glibc.malloc.check=3"),
                ("MALLOC_CHECK_", "3"), ("TMPDIR", "/t"), ("SWIFT_DEBUG_ENABLE_MALLOC_SCRIBBLE", "YES"),
                ("SWIFT_BACKTRACE", "enable=yes,swift-backtrace=/bin/false"), ("LOCPATH", "/x"), ("NLSPATH", "/y"),
            ]
            for (name, value) in hostile { container.environment[ByteString(name)] = ByteString(value) }
            let outcome = try container.boot("cat", "/proc/self/environ")
            let entries = outcome.output.split(separator: "\0").map(String.init)
            for (name, value) in hostile { #expect(entries.contains("\(name)=\(value)"), "\(outcome)") }
            #expect(outcome.exitCode == 0)
        }
    }
}
