private import CLinux

extension Directory {
    /// Whether an entry is what the caller's copy of an entry in another directory would be: kinds, names, contents and
    /// targets of links are the same, modes are the same except for the umask, and everything belongs to the caller. No
    /// link is followed.
    ///
    /// Hard links to the same file, other mounts, and anything that cannot be copied do not count as copies.
    ///
    /// - Parameters:
    ///   - name: the entry.
    ///   - original: the entry that it may be a copy of.
    ///   - source: the directory of the original.
    ///   - umask: the umask of the copy.
    ///   - progress: is called with every entry before it is compared.
    /// - Throws: the error of the call that failed; whether it is a copy is then unknown.
    package func holdsCopy(
        _ name: FilePath.Component, of original: FilePath.Component, in source: borrowing Directory, umask: ModeBits,
        progress: () -> Void = {}
    ) throws(SystemCallError) -> Bool {
        guard let status = try status(name), let other = try source.status(original) else { return false }
        let comparison = TreeComparison(
            devices: (status.device, other.device), umask: umask, user: CurrentProcess.effectiveUser)
        return try comparison.isSame(
            Entry(name: name, status: status), in: self, Entry(name: original, status: other), in: source, depth: 0,
            progress)
    }
}

/// An entry of a directory, with its status.
private struct Entry {
    let name: FilePath.Component
    let status: FileStatus
}

/// A copy and its original.
private struct TreeComparison {
    /// The devices of the tops of both trees.
    let devices: (copy: UInt64, original: UInt64)
    let umask: ModeBits
    /// The owner of the copy.
    let user: UInt32

    private static let deepest = 128

    func isSame(
        _ copy: Entry, in directory: borrowing Directory, _ original: Entry, in source: borrowing Directory, depth: Int,
        _ progress: () -> Void
    ) throws(SystemCallError) -> Bool {
        progress()
        guard copy.status.kind == original.status.kind, copy.status.user == user,
            !copy.status.isSame(as: original.status)
        else { return false }
        if copy.status.kind == .link {
            return try directory.linkTarget(copy.name) == source.linkTarget(original.name)
        }
        let mode = ModeBits(rawValue: original.status.mode.rawValue & 0o777).masked(by: umask)
        guard copy.status.mode.rawValue & 0o777 == mode.rawValue else { return false }
        switch copy.status.kind {
        case .file: return try hasSameContent(copy, in: directory, original, in: source)
        case .directory:
            guard depth < Self.deepest, copy.status.device == devices.copy,
                original.status.device == devices.original
            else { return false }
            return try hasSameEntries(
                directory.openDirectory(copy.name), source.openDirectory(original.name), depth: depth, progress)
        case .link, .pipe, .socket, .characterDevice, .blockDevice, .other: return false
        }
    }

    private func hasSameEntries(
        _ copy: borrowing Directory, _ original: borrowing Directory, depth: Int, _ progress: () -> Void
    ) throws(SystemCallError) -> Bool {
        let names = try original.names()
        // A directory has no name twice.
        guard try copy.names().count == names.count else { return false }
        for name in names {
            guard let status = try copy.status(name), let other = try original.status(name) else { return false }
            let isEntrySame = try isSame(
                Entry(name: name, status: status), in: copy, Entry(name: name, status: other), in: original,
                depth: depth + 1, progress)
            guard isEntrySame else { return false }
        }
        return true
    }

    private func hasSameContent(
        _ copy: Entry, in directory: borrowing Directory, _ original: Entry, in source: borrowing Directory
    ) throws(SystemCallError) -> Bool {
        guard copy.status.size == original.status.size else { return false }
        // A pipe that has taken the file's place must not block the boot.
        let (path, otherPath) = (directory.path.appending(copy.name), source.path.appending(original.name))
        let file = try directory.open(copy.name, [.readOnly, .nonBlocking])
        let other = try source.open(original.name, [.readOnly, .nonBlocking])
        guard try file.status(path: path).inode == copy.status.inode,
            try other.status(path: otherPath).inode == original.status.inode
        else { return false }
        return try file.hasSameContent(as: other, path: path, otherPath: otherPath)
    }
}

extension Descriptor {
    /// Whether two files hold the same bytes from the current positions to their ends.
    fileprivate func hasSameContent(
        as other: borrowing Descriptor, path: FilePath, otherPath: FilePath
    ) throws(SystemCallError) -> Bool {
        let size = 1 << 16
        let own = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        defer { own.deallocate() }
        let others = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        defer { others.deallocate() }
        while true {
            let count = try fill(own, size, path: path)
            guard try other.fill(others, size, path: otherPath) == count, memcmp(own, others, count) == 0 else {
                return false
            }
            if count == 0 { return true }
        }
    }

    /// Reads until the buffer is full or the file ends.
    private func fill(_ buffer: UnsafeMutableRawPointer, _ size: Int, path: FilePath) throws(SystemCallError) -> Int {
        var filled = 0
        while filled < size {
            let count = try systemCall("read", path) { CLinux.read(rawValue, buffer + filled, size - filled) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }
}
