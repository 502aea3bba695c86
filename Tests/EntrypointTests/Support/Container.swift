import CTestSupport
import Foundation
import Glibc
import TestSupport

/// A root file system to start from.
enum Image: String, CaseIterable, Sendable {
    /// Debian 12 with sudo, zsh, git, OpenSSH, strace, vim, Python and uv.
    case debian
    /// A static busybox.
    case busybox
    /// Nothing but the programs.
    case scratch

    /// The image's tree. It is not to be written to.
    var path: String { get throws { try TestMachine.images + "/" + rawValue } }
    /// The image's name in podman's storage.
    var name: String { "localhost/entrypoint-test-\(rawValue)" }
}

/// What lies in `/usr/local/bin` of a container, as if a layer of the image.
enum Programs: String, Sendable {
    /// `entrypoint`, `entrypointctl` and `probe`.
    case plain = "programs"
    /// The same, and `entrypoint` has the file capabilities of an elevated start.
    case elevated
}

/// A container: an image's tree with a layer of its own on top, which keeps what is written. Each `run` is a start of
/// that container: the second one finds what the first one left.
///
/// The properties are those of the next start.
final class Container {
    /// What is started, with the command as its arguments. Set it to nothing to start the command itself.
    var entrypoint: [ByteString] = ["/usr/local/bin/entrypoint"]
    /// What is not UTF-8 arrives only without an engine. runc appends `HOME=/` where there is no `HOME`.
    var environment = Environment.container
    /// The identity of the start: with another user than 0 it has no capabilities but `ambientCapabilities`.
    var user: UInt32 = 0
    var group: UInt32 = 0
    var groups: [UInt32] = []
    /// The bounding set, and for user 0 all other sets but the ambient one.
    var capabilities = Container.defaultCapabilities
    var ambientCapabilities: [String] = []
    var noNewPrivileges = false
    /// The working directory; it is created where it is missing.
    var directory = "/"
    var umask: UInt32 = 0o022
    /// Whether the root file system is mounted read-only.
    var readOnly = false
    var mounts: [Mount] = []
    /// Device nodes that the runtime makes, each another null device.
    var devices: [(path: String, mode: UInt32, group: UInt32)] = []
    /// Where not empty, a user namespace with these ids. They should map the ids of the image to themselves: its files
    /// are not shifted.
    var idMappings: [IDMapping] = []
    /// The bytes of memory of its control group; `nil` for no limit.
    var memory: Int?
    var limits: [(type: String, soft: UInt64, hard: UInt64)] = []
    /// Whether standard input, output and error are one terminal.
    var terminal = false
    /// What it finds on standard input; nothing and `/dev/null` unless set.
    var input: ByteString?
    /// Whether a standard input with `input` stays open.
    var keepsInputOpen = false

    /// The container's root as the machine sees it. A link in it that is followed from outside leads out: prefer the
    /// functions that take a path of the container.
    let root: String
    let image: Image
    private let workspace: String

    /// Docker's bounding set.
    static let defaultCapabilities = [
        "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
        "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
    ]

    /// Something mounted in the container.
    struct Mount: Sendable {
        var source: String
        var path: String
        var type = "bind"
        var options: [String]

        /// A file or directory of the machine.
        static func bind(_ source: String, to path: String, readOnly: Bool = false) -> Mount {
            Mount(source: source, path: path, options: ["rbind", readOnly ? "ro" : "rw"])
        }

        /// An empty file system in memory, with options such as `size=1m`.
        static func memory(_ path: String, _ options: String...) -> Mount {
            Mount(source: "tmpfs", path: path, type: "tmpfs", options: ["nosuid", "nodev"] + options)
        }
    }

    /// A range of ids of a user namespace.
    struct IDMapping: Sendable {
        /// The first id in the container, the machine's id for it, and how many there are.
        var container: UInt32
        var machine: UInt32
        var count: UInt32
    }

    fileprivate init(_ image: Image, _ programs: Programs) throws {
        self.image = image
        workspace = "\(TestMachine.directory)/container-\(TestMachine.uniqueNumber())"
        root = workspace + "/root"
        for name in ["root", "layer", "work", "trace"] {
            try FileManager.default.createDirectory(atPath: "\(workspace)/\(name)", withIntermediateDirectories: true)
        }
        try check(chmod(workspace + "/trace", 0o777), "chmod", workspace)
        let layers = try "\(TestMachine.directory)/\(programs.rawValue):\(image.path)"
        try Mounts.mount(
            "overlay", from: "overlay", on: root,
            options: "lowerdir=\(layers),upperdir=\(workspace)/layer,workdir=\(workspace)/work")
    }

    fileprivate func remove() {
        // With all beneath it. The list of mounts may lack some while others are made and taken away.
        try? Mounts.unmount(root)
        removeOrReport(workspace)
    }

    /// The directory that holds what the container has written: files as they are, character devices 0:0 for what was
    /// deleted.
    var layer: String { workspace + "/layer" }

    /// The bundle of runc: `config.json` is written here before each start.
    var bundle: String { workspace }

    /// A directory of the machine that any user may write to, for traces.
    var traces: String { workspace + "/trace" }
}

/// Calls the body with a new container of that image. Whatever became of it is removed afterwards.
func withContainer<Result>(
    _ image: Image, _ programs: Programs = .plain, _ body: (Container) throws -> Result
) throws -> Result {
    let container = try Container(image, programs)
    defer { container.remove() }
    return try body(container)
}
