private import CLinux

/// An open directory in which names are made, replaced and removed.
///
/// Every operation names one entry of the directory and follows no link. The work is done in the directory that the
/// path led to when it was opened, whatever happens to the path in the meantime.
package struct Directory: ~Copyable {
    let descriptor: Descriptor
    /// The path that the directory was opened with, for errors.
    package let path: FilePath

    init(_ descriptor: consuming Descriptor, path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens an entry; a link in its place gives the error ELOOP.
    ///
    /// - Throws: the error of openat(2).
    package func open(
        _ name: FilePath.Component, _ options: OpenOptions, mode: ModeBits = 0
    ) throws(SystemCallError) -> Descriptor {
        let flags = options.flags | O_NOFOLLOW
        return Descriptor(
            owning: try perform("openat", name) { openat(descriptor.rawValue, $0, flags, mode.rawValue) })
    }

    /// Opens a directory in this one, to read its names and work in it; a link in its place gives the error ENOTDIR.
    ///
    /// - Throws: the error of openat(2).
    package func openDirectory(_ name: FilePath.Component) throws(SystemCallError) -> Directory {
        Directory(try open(name, [.readOnly, .directory]), path: path.appending(name))
    }

    /// The result of fstatat(2) for an entry itself, or `nil` when there is none.
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

    /// Whether the directory is kept only in memory (tmpfs(5), ramfs).
    ///
    /// - Throws: the error of fstatfs(2).
    package var isInMemory: Bool { get throws(SystemCallError) { try descriptor.isInMemory(path: path) } }

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
    /// - Throws: the error of readlinkat(2), which is EINVAL for anything but a link.
    package func linkTarget(_ name: FilePath.Component) throws(SystemCallError) -> FilePath {
        // There is space for one byte more than the longest target, so that a result is never truncated.
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(PATH_MAX) + 1)
        defer { buffer.deallocate() }
        let length = try perform("readlinkat", name) { name in
            readlinkat(descriptor.rawValue, name, buffer, Int(PATH_MAX))
        }
        buffer[length] = 0
        return FilePath(platformString: buffer)
    }

    /// Renames an entry of this directory, and replaces whatever has the new name.
    ///
    /// - Throws: the error of renameat(2); EBUSY or EXDEV where the new name is a mount.
    package func rename(_ name: FilePath.Component, to newName: FilePath.Component) throws(SystemCallError) {
        try perform("renameat", newName) { newName in
            name.withPlatformString {
                renameat(descriptor.rawValue, $0, descriptor.rawValue, newName)
            }
        }
    }

    /// Gives an entry another name, in this or another directory of the same file system, if that name is free.
    ///
    /// - Throws: EEXIST when the name is taken, EXDEV for another file system, EBUSY for a mount point, or the error of
    ///   renameat2(2) or linkat(2). A directory may replace an empty one if the file system cannot prevent that.
    package func move(
        _ name: FilePath.Component, to newName: FilePath.Component, in other: borrowing Directory
    ) throws(SystemCallError) {
        let (source, target) = (descriptor.rawValue, other.descriptor.rawValue)
        do throws(SystemCallError) {
            try perform("renameat2", name) { name in
                newName.withPlatformString { linux_renameat2(source, name, target, $0, linux_RENAME_NOREPLACE) }
            }
            return
        } catch  where [.invalidArgument, .noFunction, .notPermitted].contains(error.errno) {
            // NFS and FUSE do not support RENAME_NOREPLACE, and old seccomp profiles do not know the call.
        }
        let found = try status(name)
        if found?.kind != .directory {
            do throws(SystemCallError) {
                try perform("linkat", name) { name in newName.withPlatformString { linkat(source, name, target, $0, 0) }
                }
                // Whatever a program has put in its place in the meantime stays.
                if let found, try status(name)?.isSame(as: found) == true { try remove(name) }
                return
            } catch  where [.notPermitted, .notSupported, .noFunction].contains(error.errno) {
                // The file system has no hard links.
            }
        }
        guard try other.status(newName) == nil else {
            throw SystemCallError(call: "renameat", path: other.path.appending(newName), errno: .fileExists)
        }
        try perform("renameat", name) { name in newName.withPlatformString { renameat(source, name, target, $0) } }
    }

    /// Renames an entry, within this directory or to another one of the file system, replacing what has the name.
    ///
    /// - Throws: the error of renameat(2).
    package func replace(
        _ newName: FilePath.Component, in other: borrowing Directory, with name: FilePath.Component
    ) throws(SystemCallError) {
        let target = other.descriptor.rawValue
        try perform("renameat", name) { name in
            newName.withPlatformString { renameat(descriptor.rawValue, name, target, $0) }
        }
    }

    /// The result of fstat(2) for the directory itself, whatever has its name by now.
    ///
    /// - Throws: the error of fstat(2).
    package func status() throws(SystemCallError) -> FileStatus { try descriptor.status(path: path) }

    /// Sets the mode of the directory itself, which must be open for reading.
    ///
    /// - Throws: the error of fchmod(2).
    package func setMode(_ mode: ModeBits) throws(SystemCallError) { try descriptor.setMode(mode, path: path) }

    /// Sets the owner and group of the directory itself, which must be open for reading; `nil` leaves either unchanged.
    ///
    /// - Throws: the error of fchown(2).
    package func setOwner(user: UInt32?, group: UInt32?) throws(SystemCallError) {
        try descriptor.setOwner(user: user, group: group, path: path)
    }

    /// The number of the mount that the directory belongs to; 0 if the kernel does not report it.
    package var mount: UInt64 { descriptor.mount }

    /// Opens a directory within this one with O_PATH, whatever its mode, if it is the one that was seen.
    ///
    /// - Throws: the error of openat(2); ESTALE when another directory has taken the name.
    package func openPlace(
        _ name: FilePath.Component, seen status: FileStatus
    ) throws(SystemCallError) -> Descriptor {
        let place = try open(name, [.pathOnly, .directory])
        guard try place.status(path: path.appending(name)).isSame(as: status) else {
            throw SystemCallError(call: "openat", path: path.appending(name), errno: .staleNFSFileHandle)
        }
        return place
    }

    /// The names in a directory that was opened for reading, without `.` and `..`, in the directory's order.
    ///
    /// - Throws: the error of opening or reading the directory.
    package func names() throws(SystemCallError) -> [FilePath.Component] {
        try entries().map { $0.name }
    }

    /// The entries of a directory that was opened for reading, without `.` and `..`, in the directory's order.
    ///
    /// - Throws: the error of reading the directory.
    package func entries() throws(SystemCallError) -> [DirectoryEntry] { try descriptor.entries(path: path) }

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
        try systemCall(call, path.appending(name)) { name.withPlatformString(body) }
    }
}
