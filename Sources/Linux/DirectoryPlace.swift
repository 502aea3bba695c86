/// What an open directory itself is, and where.
extension Directory {
    /// What fstat(2) says of the directory.
    ///
    /// - Throws: the error of fstat(2).
    package func status() throws(SystemCallError) -> FileStatus { try descriptor.status(path: path) }

    /// Whether it is kept in memory alone (tmpfs(5), devtmpfs, ramfs).
    ///
    /// - Throws: the error of fstatfs(2).
    package func isInMemory() throws(SystemCallError) -> Bool { try descriptor.isInMemory(path: path) }

    /// The number of the mount that it belongs to; 0 where the kernel does not tell.
    package var mount: UInt64 { descriptor.mount }
}
