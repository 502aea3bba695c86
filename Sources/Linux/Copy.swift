private import CLinux

/// What a copy of a tree must hold.
package enum CopyExtent: Equatable, Sendable {
    /// Files, directories and links; others are left out and reported. Only the owner may write to the copies.
    case ordinaryFiles
    /// Everything, within one file system: anything that cannot be copied is an error.
    case everything
}

extension Directory {
    /// Copies a file, a link, or a directory with everything in it, without following links.
    ///
    /// Modes are those of the original minus the umask, without the set-user-ID, set-group-ID and sticky bits; owners
    /// and times are new. Nothing that exists is replaced. After an error, the part that was copied still exists.
    ///
    /// - Parameters:
    ///   - name: the entry to copy.
    ///   - newName: the copy's name.
    ///   - destination: the directory of the copy.
    ///   - extent: what the copy must hold.
    ///   - progress: is called with every entry before it is copied, as a sign that the work on a large tree continues.
    /// - Returns: what was left out.
    /// - Throws: the error of the call that failed; with ``CopyExtent/everything`` also EOPNOTSUPP for a kind of file
    ///   that cannot be copied, and EXDEV for a mount in the tree. ENAMETOOLONG for a tree of more than 128 levels.
    package func copy(
        _ name: FilePath.Component, to newName: FilePath.Component, in destination: borrowing Directory,
        extent: CopyExtent, progress: () -> Void = {}
    ) throws(SystemCallError) -> [FilePath] {
        guard let status = try status(name) else {
            throw SystemCallError(call: "fstatat", path: path.appending(name), errno: .noSuchFileOrDirectory)
        }
        var copier = TreeCopier(extent: extent, device: status.device)
        try copier.copy(
            DirectoryEntry(name: name, kind: status.kind), of: self, to: newName, in: destination, progress)
        return copier.leftOut
    }

    /// Removes a file, a link, or a directory with everything in it, if there is one. No link is followed.
    ///
    /// - Parameters:
    ///   - name: the entry.
    ///   - progress: is called with every entry before it is removed.
    /// - Throws: the error of the call that failed; a part may then be gone. EBUSY for a mount.
    package func removeTree(
        _ name: FilePath.Component, progress: () -> Void = {}
    ) throws(SystemCallError) {
        progress()
        guard let status = try status(name) else { return }
        guard status.kind == .directory else {
            try remove(name)
            return
        }
        // The owner may lack rights in the directory, as in Go's module cache.
        if status.mode.rawValue & 0o700 != 0o700 {
            try openPlace(name, seen: status).setModeOfPlace(0o700, path: path.appending(name))
        }
        let directory = try openDirectory(name)
        // Whatever has taken its place in the meantime belongs to somebody else.
        guard try directory.status().isSame(as: status) else {
            throw SystemCallError(call: "openat", path: path.appending(name), errno: .staleNFSFileHandle)
        }
        try directory.removeContent(progress: progress)
        try removeDirectory(name)
    }

    private func removeContent(progress: () -> Void) throws(SystemCallError) {
        for entry in try names() { try removeTree(entry, progress: progress) }
    }
}

/// A copy in progress.
private struct TreeCopier {
    let extent: CopyExtent
    /// The device of the top of the tree.
    let device: UInt64
    var leftOut: [FilePath] = []
    /// How many directories of the tree are above what is being copied.
    private var depth = 0

    private static let deepest = 128

    init(extent: CopyExtent, device: UInt64) {
        self.extent = extent
        self.device = device
    }

    /// The bits of the original's mode that the copy gets.
    private var kept: UInt32 { extent == .everything ? 0o777 : 0o755 }

    mutating func copy(
        _ original: DirectoryEntry, of source: borrowing Directory, to newName: FilePath.Component,
        in destination: borrowing Directory, _ progress: () -> Void
    ) throws(SystemCallError) {
        progress()
        do throws(SystemCallError) {
            var kind = original.kind
            if kind == nil { kind = try source.status(original.name)?.kind }
            switch kind {
            case .file:
                try copyFile(original.name, of: source, to: newName, in: destination)
            case .link:
                try destination.makeLink(newName, to: source.linkTarget(original.name))
            case .directory:
                try copyDirectory(original.name, of: source, to: newName, in: destination, progress)
            case .pipe, .socket, .characterDevice, .blockDevice, .other:
                let path = source.path.appending(original.name)
                guard extent == .ordinaryFiles else {
                    throw SystemCallError(call: "copy", path: path, errno: .notSupported)
                }
                leftOut.append(path)
            case nil:
                break
            }
        } catch  where depth > 0 && error.errno == .noSuchFileOrDirectory {
            // What has been removed since the directory was read is not copied; the copy's own directory must be there.
            guard try source.status(original.name) == nil else { throw error }
        }
    }

    private func copyFile(
        _ name: FilePath.Component, of source: borrowing Directory, to newName: FilePath.Component,
        in destination: borrowing Directory
    ) throws(SystemCallError) {
        let (path, newPath) = (source.path.appending(name), destination.path.appending(newName))
        // A pipe that has taken the file's place must not block the boot.
        let original = try source.open(name, [.readOnly, .nonBlocking])
        let status = try original.status(path: path)
        guard status.kind == .file else {
            throw SystemCallError(call: "copy", path: path, errno: .staleNFSFileHandle)
        }
        let copy = try destination.open(
            newName, [.writeOnly, .create, .exclusive], mode: ModeBits(rawValue: status.mode.rawValue & kept))
        try original.copyContent(to: copy, size: status.size, path: path, newPath: newPath)
        try copy.close(path: newPath)
    }

    private mutating func copyDirectory(
        _ name: FilePath.Component, of source: borrowing Directory, to newName: FilePath.Component,
        in destination: borrowing Directory, _ progress: () -> Void
    ) throws(SystemCallError) {
        guard depth < Self.deepest else {
            throw SystemCallError(call: "copy", path: source.path.appending(name), errno: .fileNameTooLong)
        }
        let directory = try source.openDirectory(name)
        let original = try directory.status()
        // A file in an overlay may have the device of its layer, but no directory has.
        if extent == .everything && original.device != device {
            throw SystemCallError(call: "copy", path: directory.path, errno: .improperLink)
        }
        let mode = ModeBits(rawValue: original.mode.rawValue & kept)
        // The owner must be able to fill the directory.
        try destination.makeDirectory(newName, mode: ModeBits(rawValue: mode.rawValue | 0o700))
        let copy = try destination.openDirectory(newName)
        depth += 1
        defer { depth -= 1 }
        for entry in try directory.entries() {
            try self.copy(entry, of: directory, to: entry.name, in: copy, progress)
        }
        if mode.rawValue & 0o700 != 0o700 {
            try copy.setMode(ModeBits(rawValue: copy.status().mode.rawValue & (mode.rawValue | ~0o700)))
        }
    }
}

extension Descriptor {
    /// Copies from the current position to the end of the file, whatever size was reported for it.
    ///
    /// The end is where a read returns nothing, or the reported size was reached and less was returned than fits into the
    /// buffer: to ask once more costs a system call for each file of a tree.
    fileprivate func copyContent(
        to copy: borrowing Descriptor, size: Int, path: FilePath, newPath: FilePath
    ) throws(SystemCallError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
        defer { buffer.deallocate() }
        var copied = 0
        while true {
            let count = try systemCall("read", path) { CLinux.read(rawValue, buffer.baseAddress, buffer.count) }
            if count == 0 { return }
            copied += count
            var written = 0
            while written < count {
                written += try systemCall("write", newPath) {
                    CLinux.write(copy.rawValue, buffer.baseAddress.map { $0 + written }, count - written)
                }
            }
            if copied == size && count < buffer.count { return }
        }
    }
}
