private import CLinux
private import Glibc
package import SystemPackage

/// An open directory in which names are made, replaced and removed.
///
/// Every operation names one entry of the directory and follows no link: what the directory's path meant when it was
/// opened is where the work is done, whatever happens to that path meanwhile.
package struct Directory: ~Copyable {
    private let descriptor: Descriptor
    /// The path by which the directory was opened, for errors.
    package let path: FilePath

    init(_ descriptor: consuming Descriptor, path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens an entry; a link in its place is the error ELOOP.
    ///
    /// - Throws: the error of openat(2).
    package func open(
        _ name: FilePath.Component, _ options: OpenOptions, mode: ModeBits = 0
    ) throws(SystemCallError) -> Descriptor {
        let flags = options.flags | O_NOFOLLOW
        return Descriptor(
            owning: try perform("openat", name) { openat(descriptor.rawValue, $0, flags, mode.rawValue) })
    }

    /// What fstatat(2) says of an entry itself, or `nil` when there is none.
    ///
    /// - Throws: an error other than ENOENT.
    package func status(_ name: FilePath.Component) throws(SystemCallError) -> FileStatus? {
        var status = stat()
        do throws(SystemCallError) {
            try perform("fstatat", name) { fstatat(descriptor.rawValue, $0, &status, AT_SYMLINK_NOFOLLOW) }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
        return FileStatus(status)
    }

    /// Makes a directory; the umask applies.
    ///
    /// - Throws: the error of mkdirat(2).
    package func makeDirectory(_ name: FilePath.Component, mode: ModeBits) throws(SystemCallError) {
        try perform("mkdirat", name) { mkdirat(descriptor.rawValue, $0, mode.rawValue) }
    }

    /// Makes a symbolic link.
    ///
    /// - Throws: the error of symlinkat(2).
    package func makeLink(_ name: FilePath.Component, to target: FilePath) throws(SystemCallError) {
        try perform("symlinkat", name) { name in
            target.withPlatformString { symlinkat($0, descriptor.rawValue, name) }
        }
    }

    /// The target of a symbolic link.
    ///
    /// - Throws: the error of readlinkat(2), EINVAL for what is not a link.
    package func linkTarget(_ name: FilePath.Component) throws(SystemCallError) -> FilePath {
        // One byte more than the longest target, so that a result is never cut.
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(PATH_MAX) + 1)
        defer { buffer.deallocate() }
        let length = try perform("readlinkat", name) { name in
            readlinkat(descriptor.rawValue, name, buffer, Int(PATH_MAX))
        }
        buffer[length] = 0
        return FilePath(platformString: buffer)
    }

    /// Renames an entry of this directory, replacing what has the new name.
    ///
    /// - Throws: the error of renameat(2); EBUSY or EXDEV where the new name is a mount.
    package func rename(_ name: FilePath.Component, to newName: FilePath.Component) throws(SystemCallError) {
        try perform("renameat", newName) { newName in
            FilePath(root: nil, [name]).withPlatformString {
                renameat(descriptor.rawValue, $0, descriptor.rawValue, newName)
            }
        }
    }

    /// Removes an entry that is not a directory.
    ///
    /// - Returns: whether there was one.
    /// - Throws: an error other than ENOENT.
    @discardableResult
    package func remove(_ name: FilePath.Component) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try perform("unlinkat", name) { unlinkat(descriptor.rawValue, $0, 0) }
            return true
        } catch  where error.errno == .noSuchFileOrDirectory {
            return false
        }
    }

    /// Removes an empty directory.
    ///
    /// - Throws: the error of unlinkat(2).
    package func removeDirectory(_ name: FilePath.Component) throws(SystemCallError) {
        try perform("unlinkat", name) { unlinkat(descriptor.rawValue, $0, AT_REMOVEDIR) }
    }

    @discardableResult
    private func perform<Result: SignedInteger>(
        _ call: String, _ name: FilePath.Component, _ body: (UnsafePointer<CChar>) -> Result
    ) throws(SystemCallError) -> Result {
        let relative = FilePath(root: nil, [name])
        return try systemCall(call, path.appending(name)) { relative.withPlatformString(body) }
    }
}
