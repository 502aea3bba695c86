private import CLinux

extension Directory {
    /// The status of an entry, with the time at which its content, attributes or names last changed (inode(7), ctime).
    ///
    /// - Returns: `nil` when there is no such entry; the time in nanoseconds since 1970.
    /// - Throws: the error of fstatat(2).
    package func statusWithChange(
        _ name: FilePath.Component
    ) throws(SystemCallError) -> (status: FileStatus, changed: UInt64)? {
        var status = stat()
        let result = name.withPlatformString {
            fstatat(descriptor.rawValue, $0, &status, AT_SYMLINK_NOFOLLOW)
        }
        guard result == 0 else {
            let number = Errno(rawValue: Linux.errno)
            if number == .noSuchFileOrDirectory { return nil }
            throw SystemCallError(call: "fstatat", path: path.appending(name), errno: number)
        }
        return (FileStatus(status), Self.nanoseconds(status.st_ctim))
    }

    /// The time at which the directory itself last changed, likewise.
    ///
    /// - Throws: the error of fstat(2).
    package func changeTime() throws(SystemCallError) -> UInt64 {
        var status = stat()
        try systemCall("fstat", path) { fstat(descriptor.rawValue, &status) }
        return Self.nanoseconds(status.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> UInt64 {
        UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
