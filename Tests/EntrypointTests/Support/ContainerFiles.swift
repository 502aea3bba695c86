import CTestSupport
import Foundation
import Glibc
import TestSupport

/// What lstat(2) tells of a file, as far as tests ask.
struct FileStatus: Hashable, Sendable, CustomStringConvertible {
    enum Kind: String, Sendable {
        case file, directory, link, pipe, socket, device
    }

    var kind: Kind
    /// The permission bits with set-user-id, set-group-id and sticky.
    var mode: UInt32
    var user: UInt32
    var group: UInt32
    var size: Int
    var inode: UInt64
    /// When the content changed last, in nanoseconds since 1970.
    var modified: Int

    /// As in `directory 0770 1000:2000`.
    var description: String {
        "\(kind.rawValue) \(String(mode + 0o10000, radix: 8).dropFirst()) \(user):\(group)"
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFLNK: .link
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            case S_IFCHR, S_IFBLK: .device
            default: .file
            }
        mode = status.st_mode & 0o7777
        user = status.st_uid
        group = status.st_gid
        size = Int(status.st_size)
        inode = UInt64(status.st_ino)
        modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
    }
}

/// Paths in these functions are the container's: no link and no `..` leads out of its root.
extension Container {
    /// The bytes of a file. Links are followed.
    func read(_ path: String) throws -> ByteString {
        let descriptor = try open(path, O_RDONLY)
        return ByteString(try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).readToEnd() ?? Data())
    }

    /// The text of a file.
    func text(_ path: String) throws -> String { try read(path).text }

    /// Creates or replaces the content of a file, owned by root unless said otherwise. Directories on the way that are
    /// missing are created, mode 0755.
    func write(_ path: String, _ content: ByteString, mode: UInt32 = 0o644, user: UInt32 = 0, group: UInt32 = 0) throws
    {
        try createDirectories(parent(of: path))
        let descriptor = try open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        defer { close(descriptor) }
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: content.bytes)
        try check(fchown(descriptor, user, group), "fchown", path)
        try check(fchmod(descriptor, mode), "fchmod", path)
    }

    /// Adds text at the end of a file.
    func append(_ path: String, _ content: ByteString) throws {
        let file = FileHandle(fileDescriptor: try open(path, O_WRONLY | O_APPEND), closeOnDealloc: true)
        try file.write(contentsOf: content.bytes)
    }

    /// Creates a directory, or gives an existing one that mode and owner.
    func makeDirectory(_ path: String, mode: UInt32 = 0o755, user: UInt32 = 0, group: UInt32 = 0) throws {
        try createDirectories(path)
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        try check(fchown(descriptor, user, group), "fchown", path)
        try check(fchmod(descriptor, mode), "fchmod", path)
    }

    /// Creates a symbolic link.
    func link(_ path: String, to target: String) throws {
        try createDirectories(parent(of: path))
        try inParent(of: path) { directory, name in try check(symlinkat(target, directory, name), "symlinkat", path) }
    }

    /// Removes a file, or a directory with all in it.
    func remove(_ path: String) throws {
        try inParent(of: path) { directory, name in
            try FileManager.default.removeItem(atPath: "/proc/self/fd/\(directory)/\(name)")
        }
    }

    /// What a path is, itself if it is a link; nothing where nothing is.
    func status(_ path: String) throws -> FileStatus? {
        let root = try rootDescriptor()
        defer { close(root) }
        let directory = test_open_in_root(root, parent(of: path), test_path_only | O_DIRECTORY, 0)
        if directory == -ENOENT || directory == -ENOTDIR { return nil }
        if directory < 0 {
            throw TestFailure("open \(path) in the container: \(String(cString: strerror(-directory)))")
        }
        defer { close(directory) }
        var status = stat()
        if fstatat(directory, lastName(of: path), &status, AT_SYMLINK_NOFOLLOW) == -1 {
            if errno == ENOENT { return nil }
            throw TestFailure("fstatat \(path): \(String(cString: strerror(errno)))")
        }
        return FileStatus(status)
    }

    /// Whether there is anything at that path.
    func exists(_ path: String) throws -> Bool { try status(path) != nil }

    /// Where a symbolic link leads.
    func target(_ path: String) throws -> String {
        try inParent(of: path) { directory, name in
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlinkat(directory, name, &buffer, buffer.count)
            try check(Int32(count), "readlinkat", path)
            return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The names in a directory, sorted.
    func names(in path: String) throws -> [String] {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd/\(descriptor)/.").sorted()
    }

    /// Everything that differs from the image, by path: what was made, changed or, as a `device`, deleted. Directories
    /// are there too, for what is in them.
    func changes() throws -> [String: FileStatus] {
        var changes: [String: FileStatus] = [:]
        guard let paths = FileManager.default.enumerator(atPath: layer) else { throw TestFailure("no layer \(layer)") }
        for case let path as String in paths {
            var status = stat()
            try check(lstat("\(layer)/\(path)", &status), "lstat", path)
            changes["/" + path] = FileStatus(status)
        }
        return changes
    }

    private func rootDescriptor() throws -> Int32 {
        let descriptor = Glibc.open(root, test_path_only | O_DIRECTORY | O_CLOEXEC)
        try check(descriptor, "open", root)
        return descriptor
    }

    private func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws -> Int32 {
        let root = try rootDescriptor()
        defer { close(root) }
        let descriptor = test_open_in_root(root, path, flags, mode)
        if descriptor < 0 {
            throw TestFailure("open \(path) in the container: \(String(cString: strerror(-descriptor)))")
        }
        return descriptor
    }

    private func inParent<Result>(of path: String, _ body: (Int32, String) throws -> Result) throws -> Result {
        let directory = try open(parent(of: path), test_path_only | O_DIRECTORY)
        defer { close(directory) }
        return try body(directory, lastName(of: path))
    }

    private func createDirectories(_ path: String) throws {
        if path == "/" { return }
        try createDirectories(parent(of: path))
        if try exists(path) { return }
        try inParent(of: path) { directory, name in
            try check(mkdirat(directory, name, 0o700), "mkdirat", path)
            try check(fchmodat(directory, name, 0o755, 0), "fchmodat", path)
        }
    }

    private func parent(of path: String) -> String {
        "/" + path.split(separator: "/").dropLast().joined(separator: "/")
    }
    private func lastName(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "." }
}
