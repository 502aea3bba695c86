import TestSupport
import Testing

/// The capabilities that a pod spec adds, and those that the image's configuration lets the command keep.
@Suite(.containers)
struct CapabilityTests {
    private static let lock: UInt64 = 1 << 14
    /// One beyond the first 32.
    private static let systemLog: UInt64 = 1 << 34

    @Test(arguments: ["exec", "init"]) func `what is kept is in every set, and nothing else is`(mode: ByteString) throws
    {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            container.capabilities += ["IPC_LOCK", "SYSLOG", "SYS_NICE"]
            try container.write("/etc/entrypoint.yaml", "capabilities: {keep: [IPC_LOCK, cap_syslog]}\n")
            let outcome = try container.boot(ProbeReport.path)
            let report = try outcome.report()
            let kept = Self.lock | Self.systemLog
            #expect(try report.effective == kept && report.permitted == kept && report.inheritable == kept)
            #expect(try report.ambient == kept && report.bounding == kept && report.noNewPrivileges)
            #expect(try report.users == [1000, 1000, 1000] && report.securebits == 0)
            #expect(
                outcome.log(of: "handoff") == [
                    "warning: the command will not have CAP_SYS_NICE, which the pod spec adds: name it in capabilities.keep "
                        + "of the image's configuration if the command needs it"
                ], "\(outcome)")
        }
    }

    @Test func `with sudo the bounding set stays beside what is kept`() throws {
        try withPod { container in
            container.capabilities.append("IPC_LOCK")
            try container.write("/etc/entrypoint.yaml", "capabilities: {keep: [IPC_LOCK]}\n")
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.bounding == PrivilegeTests.usual | Self.lock && report.ambient == Self.lock)
            #expect(try report.permitted == Self.lock && !report.noNewPrivileges)
        }
    }

    @Test func `what the container does not have is told, and what is no capability is refused`() throws {
        try withPod(.busybox) { container in
            try container.write("/etc/entrypoint.yaml", "capabilities: {keep: [IPC_LOCK]}\n")
            let outcome = try container.boot(ProbeReport.path)
            #expect(try outcome.report().permitted == 0)
            #expect(
                outcome.log(of: "handoff") == [
                    "warning: the command will not have CAP_IPC_LOCK of capabilities.keep: the container does not have it; "
                        + "add it to securityContext.capabilities.add in the pod spec"
                ], "\(outcome)")
            try container.write("/etc/entrypoint.yaml", "capabilities: {keep: [IPC_LOK]}\n")
            let refused = try container.boot("true")
            #expect(refused.exitCode == 78 && refused.errors.contains("/etc/entrypoint.yaml:1:"), "\(refused)")
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `another user than root does not get what the pod spec adds, and is told`(programs: Programs) throws {
        try withPod(.busybox, programs) { container in
            (container.user, container.group) = (1000, 2000)
            container.capabilities += ["IPC_LOCK", "SYS_NICE"]
            try container.write("/etc/entrypoint.yaml", "capabilities: {keep: [IPC_LOCK]}\n")
            let outcome = try container.boot(ProbeReport.path)
            #expect(try outcome.report().permitted == 0)
            #expect(
                outcome.log(of: "handoff") == [
                    "warning: the command will not have CAP_IPC_LOCK, CAP_SYS_NICE, which the pod spec adds: a container that "
                        + "starts as a user other than root does not get them; start it as root, and name them in "
                        + "capabilities.keep of the image's configuration if the command needs them"
                ], "\(outcome)")
        }
    }

    @Test func `the image may leave one of the boot's own capabilities to the command`() throws {
        try ElevatedTests.withElevatedPod(.busybox) { container in
            try container.write("/etc/entrypoint.yaml", "capabilities: {keep: [KILL]}\n")
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.permitted == 1 << 5 && report.ambient == 1 << 5 && report.bounding == 1 << 5)
            #expect(try report.users == [1000, 1000, 1000] && report.noNewPrivileges)
        }
    }

    @Test func `what an engine gives to its user is theirs to keep, and otherwise goes`() throws {
        try withPod(.busybox) { container in
            (container.user, container.group) = (1000, 2000)
            container.capabilities.append("IPC_LOCK")
            container.ambientCapabilities = ["IPC_LOCK", "KILL"]
            try container.write("/etc/entrypoint.yaml", "capabilities: {keep: [IPC_LOCK]}\n")
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.permitted == Self.lock && report.ambient == Self.lock && report.noNewPrivileges)
            // With nothing prepared the command is what was started.
            container.environment = .container
            let unprepared = try container.boot(ProbeReport.path).report()
            #expect(try unprepared.ambient == Self.lock | 1 << 5)
        }
    }
}
