private import CLibcap
private import CLinux
private import Glibc
package import SystemPackage

extension Privileges {
    /// Becomes uid 0 with some of the permitted capabilities, and gives up all others.
    ///
    /// A raised capability without uid 0 would make files that belong to the caller. The supplementary groups stay.
    ///
    /// - Parameter wanted: the capabilities to use; those that are not permitted are left out. CAP_SETGID and CAP_SETUID
    ///   must be among them.
    /// - Throws: the error of capset(2), setresgid(2) or setresuid(2); the process may then be in between, and must
    ///   ``become(_:)`` somebody or end.
    package static func elevate(using wanted: [Capability], permitted: UInt64) throws(SystemCallError) {
        let usable = wanted.filter { permitted & $0.bit != 0 }.map { cap_value_t($0.rawValue) }
        guard let sets = cap_init() else { throw SystemCallError(call: "cap_init", errno: .noMemory) }
        defer { cap_free(UnsafeMutableRawPointer(sets)) }
        for flag in [CAP_PERMITTED, CAP_EFFECTIVE] {
            try systemCall("cap_set_flag") { cap_set_flag(sets, flag, CInt(usable.count), usable, CAP_SET) }
        }
        try systemCall("capset") { cap_set_proc(sets) }
        // The group first: with the user go the caller's means to signal the process.
        try systemCall("setresgid") { linux_setresgid(0, 0, 0) }
        try systemCall("setresuid") { linux_setresuid(0, 0, 0) }
    }

    /// Takes all capabilities out of use, and keeps those that are permitted for ``elevate(using:permitted:)``.
    ///
    /// - Throws: the error of capset(2).
    package static func lowerCapabilities(permitted: UInt64) throws(SystemCallError) {
        guard let sets = cap_init() else { throw SystemCallError(call: "cap_init", errno: .noMemory) }
        defer { cap_free(UnsafeMutableRawPointer(sets)) }
        let kept = (0..<64).filter { permitted & (1 << UInt64($0)) != 0 }.map { cap_value_t($0) }
        try systemCall("cap_set_flag") { cap_set_flag(sets, CAP_PERMITTED, CInt(kept.count), kept, CAP_SET) }
        try systemCall("capset") { cap_set_proc(sets) }
    }
}

/// A limit on what a process may use (getrlimit(2)).
package enum ResourceLimit: Sendable {
    case fileSize, openFiles, coreFile, processorTime, addressSpace, data, stack

    private var number: __rlimit_resource_t {
        let resource =
            switch self {
            case .fileSize: RLIMIT_FSIZE
            case .openFiles: RLIMIT_NOFILE
            case .coreFile: RLIMIT_CORE
            case .processorTime: RLIMIT_CPU
            case .addressSpace: RLIMIT_AS
            case .data: RLIMIT_DATA
            case .stack: RLIMIT_STACK
            }
        return __rlimit_resource_t(resource.rawValue)
    }

    /// The bytes of memory that a boot needs, which the program has made sure of before its first line.
    package static let memory: [(limit: ResourceLimit, enough: UInt64)] = [
        (.addressSpace, UInt64(linux_enough_address_space)), (.data, UInt64(linux_enough_data)),
        (.stack, UInt64(linux_enough_stack)),
    ]

    /// The limit that holds, and the one up to which the process may raise it.
    package struct Values: Equatable, Sendable {
        package let soft: UInt64
        package let hard: UInt64
    }

    /// The values; none means no limit.
    package var values: Values {
        var limits = rlimit()
        guard getrlimit(number, &limits) == 0 else { return Values(soft: .max, hard: .max) }
        return Values(soft: UInt64(limits.rlim_cur), hard: UInt64(limits.rlim_max))
    }

    /// Sets the limit that holds.
    package func set(soft: UInt64) {
        var limits = rlimit()
        guard getrlimit(number, &limits) == 0 else { return }
        limits.rlim_cur = rlim_t(soft)
        _ = setrlimit(number, &limits)
    }
}

/// The limits that a boot with privileges changes for its own time, as they were before.
package struct StartingLimits: Sendable {
    private let fileSize = ResourceLimit.fileSize.values.soft
    private let coreFile = ResourceLimit.coreFile.values.soft
    private let processorTime = ResourceLimit.processorTime.values.soft
    private let openFiles = ResourceLimit.openFiles.values.soft

    /// Those that hold now.
    package init() {}

    /// Sets them again.
    package func restore() {
        ResourceLimit.fileSize.set(soft: fileSize)
        ResourceLimit.coreFile.set(soft: coreFile)
        ResourceLimit.processorTime.set(soft: processorTime)
        ResourceLimit.openFiles.set(soft: openFiles)
    }

    /// Sets the limits on memory again that were raised before the program's first line.
    package static func restoreMemory() { linux_restore_limits() }
}

/// Whose a file of an image is, seen on open descriptors from the root directory down to it.
package struct FileOwnership: Sendable {
    /// Why a file may have been written by somebody else than the image's maker.
    package enum Doubt: Equatable, Sendable {
        /// This directory or file is not root's, or others may write in it.
        case writable(FilePath)
        /// This directory or file lies on another mount than the root directory.
        case mounted(FilePath)
        /// This is a symbolic link, which may lead elsewhere at another time.
        case link(FilePath)
    }

    /// Opens a file if it is root's alone: root-owned, not writable by others, on the root directory's mount, and so is
    /// every directory above it.
    ///
    /// - Parameters:
    ///   - path: an absolute path in its normal form.
    ///   - kind: what it is.
    /// - Returns: the file, or the first doubt.
    /// - Throws: the error of openat(2) or fstat(2).
    package static func open(
        _ path: FilePath, _ kind: FileStatus.Kind
    ) throws(SystemCallError) -> Result {
        var place: FilePath = "/"
        var current = try FileTree().open("/", [.pathOnly, .directory], links: .refuse)
        let mount = current.mount
        if let doubt = try doubt(current, place, mount) { return .doubt(doubt) }
        let names = Array(path.components)
        for (index, name) in names.enumerated() {
            place.append(name)
            let isLast = index == names.count - 1
            let options: OpenOptions =
                isLast && kind != .directory ? [.readOnly, .nonBlocking] : [.pathOnly, .directory]
            do throws(SystemCallError) {
                current = try Directory(current, path: place.parent).open(name, options)
            } catch  where error.errno == .tooManySymbolicLinkLevels {
                return .doubt(.link(place))
            } catch  where error.errno == .notDirectory {
                let entry = try FileTree().entryStatus(place)
                if entry?.kind == .link { return .doubt(.link(place)) }
                throw error
            }
            if let doubt = try doubt(current, place, mount) { return .doubt(doubt) }
        }
        return .file(current)
    }

    /// What came of opening a file.
    package enum Result: ~Copyable {
        case file(Descriptor)
        case doubt(Doubt)
    }

    private static func doubt(
        _ file: borrowing Descriptor, _ path: FilePath, _ mount: UInt64
    ) throws(SystemCallError) -> Doubt? {
        let status = try file.status(path: path)
        if status.user != 0 || status.isWritableByOthers { return .writable(path) }
        // Where nothing tells the mount, nothing is trusted.
        if mount == 0 || file.mount != mount { return .mounted(path) }
        return nil
    }
}

extension FileTree {
    /// Whether a file, or a link itself, lies on the root directory's mount, so that the pod spec has put nothing in its
    /// place; `nil` when there is nothing.
    ///
    /// - Throws: an error of openat2(2) other than ENOENT.
    package func isOnRootMount(_ path: FilePath) throws(SystemCallError) -> Bool? {
        let root = try open("/", [.pathOnly, .directory], links: .refuse).mount
        do throws(SystemCallError) {
            // Where nothing tells the mount, nothing is trusted.
            return try open(path, [.pathOnly, .noFollow], links: .refuse).mount == root && root != 0
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }
}

extension Descriptor {
    /// Whether the file is kept in memory alone (tmpfs(5), ramfs).
    ///
    /// - Throws: the error of fstatfs(2).
    package func isInMemory(path: FilePath? = nil) throws(SystemCallError) -> Bool {
        try systemCall("fstatfs", path) { linux_is_in_memory(rawValue) } == 1
    }

    /// Whether the file lies on a mount or a file system that nobody can write to (statvfs(3), `ST_RDONLY`).
    ///
    /// - Throws: the error of fstatvfs(3).
    package func isReadOnly(path: FilePath? = nil) throws(SystemCallError) -> Bool {
        var system = statvfs()
        try systemCall("fstatvfs", path) { fstatvfs(rawValue, &system) }
        return system.f_flag & UInt(ST_RDONLY) != 0
    }

    /// A number of the mount that the kernel never uses again; 0 where it has none, as before Linux 6.8.
    package var uniqueMount: UInt64 { linux_unique_mount_id(rawValue) }

    /// The number of the mount that the file belongs to; 0 where the kernel does not tell.
    package var mount: UInt64 { linux_mount_id(rawValue) }

    /// The same, as `/proc/self/fdinfo` has it for kernels before 5.8.
    package var listedMount: UInt64 { linux_listed_mount_id(rawValue) }
}
