import TestSupport

/// The runtime's `config.json` (OCI runtime specification 1.0), as a container engine would write it.
struct RuncConfiguration: Encodable {
    var ociVersion = "1.0.2"
    var hostname = "container"
    var process: Process
    var root: Root
    var mounts: [Mount]
    var linux: Linux

    struct Process: Encodable {
        var terminal: Bool
        var user: User
        var args: [String]
        var env: [String]
        var cwd: String
        var capabilities: Capabilities
        var rlimits: [Limit]
        var noNewPrivileges: Bool
    }
    struct User: Encodable {
        var uid: UInt32
        var gid: UInt32
        var umask: UInt32
        var additionalGids: [UInt32]
    }
    struct Capabilities: Encodable {
        var bounding: [String]
        var effective: [String]
        var permitted: [String]
        var inheritable: [String]
        var ambient: [String]
    }
    struct Limit: Encodable {
        var type: String
        var soft: UInt64
        var hard: UInt64
    }
    struct Root: Encodable {
        var path: String
        var readonly: Bool
    }
    struct Mount: Encodable {
        var destination: String
        var type: String
        var source: String
        var options: [String]
    }
    struct Linux: Encodable {
        var cgroupsPath: String?
        var resources: Resources?
        var namespaces: [Namespace]
        var devices: [Device]
        var uidMappings: [Mapping]?
        var gidMappings: [Mapping]?
        var maskedPaths = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"]
        var readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    }
    struct Resources: Encodable {
        struct Memory: Encodable { var limit: Int }
        var memory: Memory
    }
    struct Device: Encodable {
        var path: String
        var type = "c"
        var major: UInt32
        var minor: UInt32
        var fileMode: UInt32
        var uid: UInt32 = 0
        var gid: UInt32
    }
    struct Namespace: Encodable {
        var type: String
    }
    struct Mapping: Encodable {
        var containerID: UInt32
        var hostID: UInt32
        var size: UInt32
    }

    init(_ container: Container, arguments: [ByteString]) {
        let bounding = container.capabilities.map { "CAP_\($0)" }
        let ambient = container.ambientCapabilities.map { "CAP_\($0)" }
        let own = container.user == 0 ? bounding : ambient
        process = Process(
            terminal: container.terminal,
            user: User(
                uid: container.user, gid: container.group, umask: container.umask, additionalGids: container.groups),
            args: arguments.map(\.text), env: container.environment.entries.map(\.text), cwd: container.directory,
            capabilities: Capabilities(
                bounding: bounding, effective: own, permitted: own, inheritable: ambient, ambient: ambient),
            rlimits: container.limits.map { Limit(type: $0.type, soft: $0.soft, hard: $0.hard) },
            noNewPrivileges: container.noNewPrivileges)
        root = Root(path: container.root, readonly: container.readOnly)
        mounts =
            RuncConfiguration.usualMounts
            + container.mounts.map {
                Mount(destination: $0.path, type: $0.type, source: $0.source, options: $0.options)
            }
        let mappings = container.idMappings.map {
            Mapping(containerID: $0.container, hostID: $0.machine, size: $0.count)
        }
        let namespaces = ["pid", "mount", "ipc", "uts", "network"] + (mappings.isEmpty ? [] : ["user"])
        linux = Linux(
            cgroupsPath: (try? TestMachine.run).map { "/\($0)/\(TestMachine.uniqueNumber())" },
            resources: container.memory.map { Resources(memory: Resources.Memory(limit: $0)) },
            namespaces: namespaces.map(Namespace.init),
            devices: container.devices.map {
                Device(path: $0.path, major: 1, minor: 3, fileMode: $0.mode, gid: $0.group)
            },
            uidMappings: mappings.isEmpty ? nil : mappings, gidMappings: mappings.isEmpty ? nil : mappings)
    }

    private static let usualMounts = [
        Mount(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
        Mount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"]),
        Mount(
            destination: "/dev/pts", type: "devpts", source: "devpts",
            options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        Mount(
            destination: "/dev/shm", type: "tmpfs", source: "shm",
            options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]),
    ]
}
