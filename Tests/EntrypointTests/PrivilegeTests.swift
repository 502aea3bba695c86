import TestSupport
import Testing

/// Who the command is: ids, groups, capabilities, and that root is gone for ever.
@Suite(.containers)
struct PrivilegeTests {
    /// `Container.defaultCapabilities` as bits.
    static let usual: UInt64 = 0xa804_25fb

    @Test(arguments: ["exec", "init"])
    func `with sudo the bounding set stays, and nothing else`(mode: ByteString) throws {
        try withPod { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            container.ambientCapabilities = ["KILL", "CHOWN"]
            container.umask = 0o077
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
            #expect(try report.supplementaryGroups == [4, 27])
            #expect(try report.bounding == Self.usual)
            #expect(
                try report.effective == 0 && report.permitted == 0 && report.inheritable == 0 && report.ambient == 0)
            #expect(try report.securebits == 0 && !report.noNewPrivileges)
            #expect(try report.umask == 0o007 && report.directory == "/scratch/homes/jane")
            // The umask of the start narrows nothing that has a mode of its own.
            #expect(try container.status("/etc/passwd")?.description == "file 0644 0:0")
            #expect(try container.status("/home/jane")?.description == "directory 0750 1000:2000")
            #expect(try container.status("/scratch/homes/jane")?.description == "directory 1770 1000:2000")
        }
    }

    @Test(arguments: ["exec", "init"])
    func `without sudo the bounding set is empty and no program gains privileges`(mode: ByteString) throws {
        for (image, variables) in [(Image.debian, ["IDENTITY_SUDO": "none"] as Environment), (.busybox, [:])] {
            try withPod(image) { container in
                container.environment = container.environment.with(variables).with(["ENTRYPOINT_MODE": mode])
                container.ambientCapabilities = ["KILL"]
                let report = try container.boot(ProbeReport.path).report()
                #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
                // The group sudo may mean more in the image than what the boot grants.
                #expect(try report.supplementaryGroups == [4])
                #expect(try report.bounding == 0 && report.effective == 0 && report.permitted == 0)
                #expect(try report.inheritable == 0 && report.ambient == 0 && report.securebits == 0)
                #expect(try report.noNewPrivileges)
            }
        }
    }

    @Test func `without CAP_SETPCAP the bounding set stays, and still no program gains privileges`() throws {
        try withPod(.busybox) { container in
            container.capabilities.removeAll { $0 == "SETPCAP" }
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.bounding == Self.usual & ~(1 << 8) && report.effective == 0 && report.permitted == 0)
            #expect(try report.noNewPrivileges)
        }
    }

    @Test(arguments: ["exec", "init"])
    func `the pod's groups stay, root's go`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            try container.append(
                "/etc/group", "wheel:x:10:root\nshared:x:11:root,jane\nteam:x:3001:jane\nlab:x:2000:\n")
            container.groups = [0, 10, 11, 2000, 3000, 2_147_483_647]
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.supplementaryGroups == [4, 11, 3000, 3001, 2_147_483_647])
        }
    }

    @Test func `every right to the boot's own files is root's`() throws {
        try withPod { container in
            let script: ByteString = """
                for f in /etc/passwd /etc/shadow /etc/sudoers.d/90-entrypoint /run/entrypoint/environment /run/entrypoint; do
                    test -w $f && echo writable $f; done
                test -r /etc/shadow && echo readable; kill -0 1 && echo 1 is ours; cat /proc/1/environ | wc -c
                """
            container.environment["ENTRYPOINT_MODE"] = "exec"
            let outcome = try container.boot("sh", "-c", script)
            // In exec mode process 1 is the command.
            #expect(outcome.outputLines.first == "1 is ours" && outcome.outputLines.count == 2, "\(outcome)")
        }
    }

    /// A container that cannot take the ids.
    struct Confined: CustomTestStringConvertible {
        var dropped: [String] = []
        /// How many ids its user namespace has; 0 for no namespace.
        var ids: UInt32 = 0
        var variables: Environment = [:]
        var line: String

        var testDescription: String { line }
    }

    static let noSuchID =
        "the container's user namespace has no such id: set hostUsers: true in the pod spec, "
        + "or choose ids below the size of its map"
    static let confined: [Confined] = [
        Confined(
            dropped: ["SETUID"],
            line: "cannot become user 1000:2000: operation not permitted (setresuid EPERM as root); "
                + "add SETUID to securityContext.capabilities.add in the pod spec"),
        Confined(
            dropped: ["SETGID"],
            line: "cannot become user 1000:2000: operation not permitted (setgroups EPERM as root); "
                + "add SETGID to securityContext.capabilities.add in the pod spec"),
        Confined(
            ids: 1000, line: "cannot become user 1000:2000: invalid argument (setresgid EINVAL as root); \(noSuchID)"),
        Confined(
            ids: 3000, variables: ["NB_UID": "5000"],
            line: "cannot become user 5000:2000: invalid argument (setresuid EINVAL as root); \(noSuchID)"),
        Confined(
            ids: 100_000, variables: ["SCRATCH_SEED_USER": "177449:83070"],
            line: "cannot become seed 177449:2000: invalid argument (setresuid EINVAL as root); \(noSuchID)"),
    ]

    @Test(arguments: confined)
    func `ids that the container cannot take end the boot before anything is touched`(_ confined: Confined) throws {
        try withPod { container in
            container.capabilities.removeAll { confined.dropped.contains($0) }
            if confined.ids > 0 { container.idMappings = [.init(container: 0, machine: 0, count: confined.ids)] }
            container.environment = container.environment.with(confined.variables)
            let before = try container.written(in: "/etc", "/home", "/run", "/scratch")
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 125)
            #expect(outcome.log == ["identity: \(confined.line)"], "\(outcome)")
            #expect(try container.written(in: "/etc", "/home", "/run", "/scratch") == before)
        }
    }

    @Test func `a user namespace that forbids groups ends the boot, naming the field`() throws {
        try withPod { container in
            let before = try container.written(in: "/etc", "/home", "/run", "/scratch")
            container.entrypoint =
                [
                    "/usr/bin/unshare", "--user", "--map-root-user", "--",
                ]
                + container.entrypoint
            let outcome = try container.bootInNamespaces(["true"])
            #expect(outcome.exitCode == 125)
            #expect(
                outcome.log == [
                    "identity: cannot become user 1000:2000: operation not permitted (setgroups EPERM as root); "
                        + "the container's user namespace forbids it (/proc/self/setgroups): "
                        + "set hostUsers: true in the pod spec"
                ], "\(outcome)")
            #expect(try container.written(in: "/etc", "/home", "/run", "/scratch") == before)
        }
    }

    @Test func `a user namespace that has the ids is as good as none`() throws {
        try withPod { container in
            container.idMappings = [.init(container: 0, machine: 0, count: 65536)]
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
            #expect(try container.status("/home/jane")?.description == "directory 0750 1000:2000")
        }
    }
}
