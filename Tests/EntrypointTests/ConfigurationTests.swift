import Glibc
import TestSupport
import Testing

/// An image's configuration file in real containers.
@Suite(.containers)
struct ConfigurationTests {
    static let file = "/etc/entrypoint.yaml"

    @Test func `an image's settings count, and the pod's count more`() throws {
        try withPod { container in
            container.environment["SCRATCH_HOME_ROOT"] = ""
            container.environment["SCRATCH_UMASK"] = "077"
            container.environment["REGISTRY_PASSWORD"] = "hunter2"
            try container.write(
                Self.file,
                """
                identity: {groups: [adm], shells: [/bin/sh]}
                scratch:
                  homeRoot: /scratch/homes
                  umask: "027"
                  directories: [{path: data}, {path: /opt/shared, mode: "0711", owner: root}]
                links: {names: [.julia/]}
                secrets: {stripped: [REGISTRY_PASSWORD]}
                """)
            try container.write(
                "/etc/entrypoint/conf.d/50-site.yaml", "caches: {directories: {PIP_CACHE_DIR: .cache/pip}}\n")
            let outcome = try container.boot(ProbeReport.path)
            let report = try outcome.report()
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(try report.umask == 0o077 && report.supplementaryGroups == [4])
            #expect(report.environment["PIP_CACHE_DIR"] == "/scratch/homes/jane/.cache/pip")
            #expect(report.environment["SHELL"] == "/bin/sh" && report.environment["REGISTRY_PASSWORD"] == nil)
            #expect(try container.status("/scratch/homes/jane/data")?.description == "directory 0700 1000:2000")
            #expect(try container.status("/opt/shared")?.description == "directory 0711 0:0")
            #expect(try container.target("/home/jane/.julia") == "/scratch/homes/jane/.julia")
            #expect(try !container.exists("/home/jane/.vscode"))
        }
    }

    @Test func `steps that are switched off leave no trace, and the others go on`() throws {
        try withPod { container in
            let off = ["shell", "links", "ssh", "caches"]
            try container.write(Self.file, ByteString(off.map { "\($0): {enabled: false}\n" }.joined()))
            container.environment["SSH_PRIVATE_KEY_B64"] = "no key at all"
            container.environment["GIT_USER_NAME"] = "Jane"
            let wrong = try container.boot("true")
            // A mistake is one, also where nothing would come of it.
            #expect(wrong.exitCode == 78, "\(wrong)")
            container.environment["SSH_PRIVATE_KEY_B64"] = nil
            container.environment["SSH_PUBLIC_KEY"] = "ssh-ed25519 AAAA"
            let outcome = try container.boot(ProbeReport.path)
            let report = try outcome.report()
            for name in ["ZDOTDIR", "ZSH", "GIT_CONFIG_GLOBAL", "UV_CACHE_DIR", "UV_LINK_MODE"] {
                #expect(report.environment[ByteString(name)] == nil)
            }
            #expect(try container.names(in: "/home/jane") == [".gitconfig"])
            #expect(try container.text("/home/jane/.gitconfig").contains("name = Jane"))
            #expect(try container.names(in: "/scratch/homes/jane") == [])
        }
    }

    @Test func `a policy makes a failure one that ends the boot, or one that does not`() throws {
        try withPod(.busybox) { container in
            let caches = "caches: {directories: {A_CACHE: /proc/nowhere}"
            try container.write(Self.file, "\(caches)}\n")
            let usual = try container.boot("true")
            #expect(usual.exitCode == 0 && usual.log(of: "caches").contains { $0.hasPrefix("warning: cannot create") })
            try container.write(Self.file, "\(caches), onFailure: stop}\n")
            let stopped = try container.boot("true")
            #expect(stopped.exitCode == 125, "\(stopped)")
            #expect(
                stopped.log(of: "caches").last?.hasPrefix("cannot create /proc/nowhere: no such file or directory")
                    == true)
            // The directory that the command starts in ends the boot as a rule.
            container.environment["SCRATCH_HOME"] = "/proc/nowhere"
            try container.write(Self.file, "")
            #expect(try container.boot("true").exitCode == 125)
            try container.write(Self.file, "scratch: {onFailure: warn}\n")
            let warned = try container.boot("pwd")
            #expect(warned.exitCode == 0 && warned.output == "/scratch/homes/jane\n", "\(warned)")
        }
    }

    private static let netRaw: UInt64 = 1 << 13
    private static let syslog: UInt64 = 1 << 34

    @Test(arguments: ["exec", "init"])
    func `a command keeps the capabilities that the image names, and no other`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            container.capabilities.append("SYSLOG")
            try container.write(Self.file, "capabilities: {keep: [net_raw, CAP_SYSLOG, NET_RAW]}\n")
            let both = Self.netRaw | Self.syslog
            // A program that the command starts has them, too.
            for command in [[ProbeReport.path, "report"], ["sh", "-c", "exec \(ProbeReport.path) report"]]
                as [[ByteString]]
            {
                let outcome = try container.boot(command)
                let report = try outcome.report()
                #expect(outcome.log(of: "handoff") == [], "\(outcome)")
                #expect(try report.users == [1000, 1000, 1000])
                #expect(try report.permitted == both && report.effective == both && report.inheritable == both)
                #expect(try report.ambient == both && report.bounding == both)
                #expect(try report.securebits == 0 && report.noNewPrivileges)
            }
        }
    }

    @Test func `with sudo the bounding set stays, and the command has what is named`() throws {
        try withPod { container in
            try container.write(Self.file, "capabilities: {keep: [NET_RAW]}\n")
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.bounding == PrivilegeTests.usual && report.permitted == Self.netRaw)
            #expect(try report.effective == Self.netRaw && report.ambient == Self.netRaw && !report.noNewPrivileges)
            let sudo = try container.boot("sudo", ProbeReport.path, "report")
            #expect(try sudo.report().users == [0, 0, 0], "\(sudo)")
        }
    }

    @Test func `what the command will not have is told, with the field or the key`() throws {
        try withPod(.busybox) { container in
            try container.write(Self.file, "capabilities: {keep: [IPC_LOCK, NET_RAW]}\n")
            container.capabilities = Container.defaultCapabilities + ["SYSLOG"]
            let outcome = try container.boot(ProbeReport.path)
            #expect(
                outcome.log(of: "handoff") == [
                    "warning: the command will not have CAP_IPC_LOCK of capabilities.keep: the container does not have it; "
                        + "add it to securityContext.capabilities.add in the pod spec",
                    "warning: the command will not have CAP_SYSLOG, which the pod spec adds: name it in capabilities.keep of "
                        + "the image's configuration if the command needs it",
                ])
            #expect(try outcome.report().effective == Self.netRaw)
            try container.write(Self.file, "capabilities: {keep: [SYSLOG]}\n")
            #expect(try container.boot("true").log(of: "handoff") == [])
        }
    }

    @Test func `a file with mistakes ends the boot before anything is touched, also one that asks for nothing`() throws
    {
        try withPod(.busybox) { container in
            try container.write(Self.file, "scrtach:\n  umask: 7\nlog: {level: inof}\n")
            let before = try container.changes()
            for environment in [Environment.pod, .container] {
                container.environment = environment
                let outcome = try container.boot("echo", "run")
                #expect(outcome.exitCode == 78 && outcome.output == "")
                #expect(
                    outcome.log(of: "settings").filter { !$0.hasPrefix("warning") } == [
                        "/etc/entrypoint.yaml:1:1: scrtach: not a known key; did you mean scratch?",
                        "/etc/entrypoint.yaml:3:14: log.level: expected one of quiet, info, debug, found 'inof': "
                            + "did you mean info?",
                    ], "\(outcome)")
            }
            #expect(try container.changes() == before)
        }
    }

    @Test func `the file that a pod names must be there and be a file`() throws {
        try withPod(.busybox) { container in
            try container.write("/site.yaml", "scratch: {umask: \"077\"}\n")
            container.environment["ENTRYPOINT_CONFIG"] = "/site.yaml"
            #expect(try container.boot(ProbeReport.path).report().umask == 0o077)
            try container.makeDirectory("/directory")
            for (path, problem) in [
                ("/none", "/none: no such file"),
                ("/directory", "/directory: it is a directory, and a file is expected"),
                ("/dev/null", "/dev/null: it is a device, and a file is expected"),
                ("site.yaml", "ENTRYPOINT_CONFIG is 'site.yaml': not an absolute path"),
            ] {
                container.environment["ENTRYPOINT_CONFIG"] = ByteString(path)
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 78 && outcome.log(of: "settings") == [problem], "\(outcome)")
            }
        }
    }

    @Test func `a file that the user may not read ends a boot without privileges`() throws {
        try withPod(.busybox) { container in
            container.user = 1000
            container.group = 2000
            try container.write(Self.file, "", mode: 0o600)
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 78)
            #expect(outcome.log(of: "settings") == ["/etc/entrypoint.yaml: permission denied (openat EACCES)"])
        }
    }

    @Test func `without files a boot asks for each place once`() throws {
        try withPod { container in
            container.capabilities.append("SYS_PTRACE")
            let (outcome, trace) = try container.run(["true"], injecting: [], tracing: "%file")
            #expect(outcome.exitCode == 0, "\(outcome)")
            let calls = trace.filter { $0.contains("\"/etc/entrypoint") }
            #expect(calls.count == 4 && calls.allSatisfy { $0.contains("ENOENT") }, "\(calls)")
        }
    }
}
