private import CLinux

extension Descriptor {
    /// Whether the file is kept only in memory (tmpfs(5), ramfs).
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

    /// A number of the mount that the kernel never reuses; 0 if it has none, as before Linux 6.8.
    package var uniqueMount: UInt64 { linux_unique_mount_id(rawValue) }

    /// The number of the mount that the file belongs to; 0 if the kernel does not report it.
    package var mount: UInt64 { linux_mount_id(rawValue) }

    /// The same number, as `/proc/self/fdinfo` has it on kernels before 5.8.
    package var listedMount: UInt64 { linux_listed_mount_id(rawValue) }
}
