import Foundation
import Glibc
import TestSupport

/// A directory and a second view of it in which root is nobody, as an NFS server with `root_squash` gives to its
/// clients. See `Tests/Fixtures/rootsquash.c` for what it does.
final class SquashedScratch {
    /// The server's side, where root is root: for preparing and looking at what is there.
    let export: String
    /// The client's side, to be mounted into containers. Only its top can be: root may not look deeper.
    let mount: String
    /// A directory: a user whose id is the name of a file there can make nothing more.
    let quota: String
    private let workspace: String
    private let server: RunningProgram

    /// How the server behaves.
    struct Options: Sendable {
        /// Whether it goes by the caller's primary group alone, as a server that manages groups itself and does not
        /// know the user.
        var ignoresGroups = false
        /// Whether everybody is nobody, and not root alone (`all_squash`).
        var squashesAll = false
        /// Milliseconds before it answers a call that names a path.
        var delay = 0
        /// Seconds for which a client remembers what it has looked up.
        var cache = 0
        /// Options of a file system in memory that holds the export, such as `size=24m`; nothing for a plain directory.
        var storage: String?
    }

    fileprivate init(_ options: Options) throws {
        workspace = "\(TestMachine.directory)/scratch-\(TestMachine.uniqueNumber())"
        export = workspace + "/export"
        mount = workspace + "/mount"
        for path in [export, mount] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        quota = workspace + "/quota"
        try FileManager.default.createDirectory(atPath: quota, withIntermediateDirectories: true)
        if let storage = options.storage { try Mounts.mount("tmpfs", from: "export", on: export, options: storage) }
        var arguments: [ByteString] = [
            "\(export)", "\(mount)", "-f", "-o", "delay=\(options.delay),cache=\(options.cache),quota=\(quota)",
        ]
        if options.ignoresGroups { arguments += ["-o", "no_groups"] }
        if options.squashesAll { arguments += ["-o", "all"] }
        server = try Program(TestMachine.tools + "/rootsquash", arguments).start()
        let limit = ContinuousClock.now + .seconds(10)
        while try !Mounts.mountPoints().contains(mount) {
            if ContinuousClock.now > limit { throw TestFailure("no squashed mount: \(try server.stop())") }
            usleep(2000)
        }
    }

    fileprivate func remove() {
        // A stopped server ends by KILL all the same; whoever waits for it gets an error then.
        _ = try? server.stop()
        removeOrReport(workspace)
    }

    /// The server's process.
    var process: Int32 { server.pid }

    /// Stops answering, as a server that is down: whoever asks waits until `resume`, or for ever.
    func pause() throws { try server.signal(SIGSTOP) }
    /// Answers again.
    func resume() throws { try server.signal(SIGCONT) }

    /// Creates a directory on the server's side.
    func makeDirectory(_ name: String, mode: UInt32 = 0o755, user: UInt32 = 0, group: UInt32 = 0) throws {
        let path = "\(export)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try check(chown(path, user, group), "chown", path)
        try check(chmod(path, mode), "chmod", path)
    }

    /// What is at a path of the server's side, itself if it is a link; nothing where nothing is.
    func status(_ name: String) throws -> FileStatus? {
        var status = stat()
        if lstat("\(export)/\(name)", &status) == 0 { return FileStatus(status) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw TestFailure("lstat \(name): \(String(cString: strerror(errno)))")
    }
}

/// Calls the body with a new, empty export (mode 0755, owned by root) and its squashed mount, and removes both
/// afterwards.
func withSquashedScratch<Result>(
    _ options: SquashedScratch.Options = .init(), _ body: (SquashedScratch) throws -> Result
) throws -> Result {
    let scratch = try SquashedScratch(options)
    defer { scratch.remove() }
    return try body(scratch)
}
