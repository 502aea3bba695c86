internal import Boot
package import Linux
internal import Text

/// A directory that snapshots keep, opened and locked: one process at a time works on it.
package struct SnapshotDirectory: ~Copyable {
    package let path: FilePath
    let directory: Directory
    /// Holds the lock.
    private let lock: Descriptor

    /// Opens it; makes it where it is missing.
    ///
    /// - Parameters:
    ///   - waiting: nanoseconds to wait for whoever works on it; 0 for not at all.
    /// - Throws: why it cannot be used.
    package init(_ path: FilePath, waiting: UInt64 = 0) throws(SnapshotFailure) {
        let directory = try Self.open(path)
        let lock = try Self.lock(path, until: Clock.monotonic + waiting)
        self.path = path
        self.directory = directory
        self.lock = lock
    }

    private static func open(_ path: FilePath) throws(SnapshotFailure) -> Directory {
        do throws(SystemCallError) {
            let tree = FileTree()
            if try tree.status(path, links: .follow) == nil, let name = path.lastComponent {
                try tree.openParent(of: path, links: .follow).makeDirectory(name, mode: 0o700)
            }
            try tree.checkAccess(path, [.write, .execute])
            return try tree.openDirectory(path, links: .follow)
        } catch {
            throw SnapshotFailure(
                "cannot write to \(path.shown()): \(error.reason) (\(error.symbol)); mount an emptyDir there that user "
                    + "\(CurrentProcess.effectiveUser) may write to (fsGroup)")
        }
    }

    private static func lock(_ path: FilePath, until end: UInt64) throws(SnapshotFailure) -> Descriptor {
        while true {
            do throws(SystemCallError) {
                let file = try FileTree().open(path, [.readOnly, .directory], links: .follow)
                try file.lock(path: path)
                return file
            } catch {
                guard error.errno == .wouldBlock else { throw SnapshotFailure("cannot lock \(path.shown())", error) }
                guard Clock.monotonic < end else {
                    throw SnapshotFailure(
                        "another process saves or restores \(path.shown()) now; wait until it has ended")
                }
                Clock.sleep(nanoseconds: 100_000_000)
            }
        }
    }

    /// The state; `nil` for none.
    ///
    /// - Throws: why it cannot be understood.
    package func readState() throws(SnapshotFailure) -> SnapshotState? { try Self.state(of: path) }

    /// The state of a directory, without its lock.
    ///
    /// - Throws: why it cannot be understood.
    package static func state(of path: FilePath) throws(SnapshotFailure) -> SnapshotState? {
        let file = path.appending(SnapshotPlaces.state)
        let bytes: [UInt8]
        do throws(SystemCallError) {
            let tree = FileTree()
            guard let status = try tree.entryStatus(file) else { return nil }
            guard status.kind == .file else {
                throw SystemCallError(call: "openat", path: file, errno: .invalidArgument)
            }
            bytes = try tree.open(file, [.readOnly, .noFollow, .nonBlocking], links: .follow)
                .readAll(limit: 1 << 20, path: file)
        } catch {
            throw SnapshotFailure("cannot read \(file.shown())", error)
        }
        do throws(FormatError) {
            return try SnapshotState(reading: bytes)
        } catch {
            throw SnapshotFailure(
                "\(file.shown()) is not understood: \(error.expected); nothing is restored or saved until it is moved away"
            )
        }
    }

    /// Writes the state, so that either it or the one before is there, whatever happens.
    ///
    /// - Throws: the error of writing it.
    package func write(_ state: SnapshotState) throws(SnapshotFailure) {
        let name: FilePath.Component = ".entrypoint-snapshot.new"
        do throws(SystemCallError) {
            _ = try directory.remove(name)
            let file = try directory.open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o600)
            try file.writeAll(Array((state.json.text + "\n").utf8))
            try file.synchronize()
            try directory.rename(name, to: SnapshotPlaces.state)
            try lock.synchronize()
        } catch {
            _ = try? directory.remove(name)
            throw SnapshotFailure("cannot write \(path.appending(SnapshotPlaces.state).shown())", error)
        }
    }

    /// The names of the user's files.
    ///
    /// - Throws: the error of reading the directory.
    package func names() throws(SnapshotFailure) -> [FilePath.Component] {
        do throws(SystemCallError) {
            return try allNames().filter { !SnapshotPlaces.isOwn($0) }
        } catch {
            throw SnapshotFailure("cannot read \(path.shown())", error)
        }
    }

    /// Each open directory is read once.
    private func allNames() throws(SystemCallError) -> [FilePath.Component] {
        try FileTree().names(in: path, links: .follow)
    }

    /// Makes one of the snapshots' own directories, or takes the one that there is.
    ///
    /// - Throws: the error of making it.
    func place(_ name: FilePath.Component) throws(SnapshotFailure) -> FilePath {
        do throws(SystemCallError) {
            if try directory.status(name) == nil { try directory.makeDirectory(name, mode: 0o700) }
            return path.appending(name)
        } catch {
            throw SnapshotFailure("cannot make \(path.appending(name).shown())", error)
        }
    }

    /// Removes one of the snapshots' own directories with everything in it: it is renamed first, so that nobody takes what
    /// is left for a whole.
    ///
    /// - Throws: the error of removing it.
    func remove(_ name: FilePath.Component) throws(SnapshotFailure) {
        do throws(SystemCallError) {
            guard try directory.status(name) != nil else { return }
            let old = FilePath.Component("\(SnapshotPlaces.prefix).old-\(Clock.realTime)") ?? SnapshotPlaces.replaced
            try directory.rename(name, to: old)
            try directory.removeTree(old)
        } catch {
            throw SnapshotFailure("cannot remove \(path.appending(name).shown())", error)
        }
    }

    /// Removes what runs before have renamed for that. What cannot be removed stays.
    func removeLeftovers() {
        for name in (try? allNames()) ?? [] where name.string.hasPrefix("\(SnapshotPlaces.prefix).old-") {
            try? directory.removeTree(name)
        }
    }

    /// Moves everything from one of the snapshots' own directories to the user's, and removes that directory.
    ///
    /// - Throws: what is in the way, or the error of moving it; what was moved is moved then.
    func moveUp(from name: FilePath.Component) throws(SnapshotFailure) {
        do throws(SystemCallError) {
            guard try directory.status(name) != nil else { return }
            let source = try directory.openDirectory(name)
            for entry in try source.names() where !SnapshotPlaces.isOwn(entry) {
                try source.moveWhole(entry, to: directory)
            }
            // What belongs to a file system, and not to the user, stays behind.
            try directory.removeTree(name)
        } catch {
            let entry = (error.path?.lastComponent?.string ?? "").shown()
            throw SnapshotFailure(
                error.errno == .fileExists
                    ? "\(path.shown()) has an entry \(entry) that the snapshot has, too; move it away"
                    : "cannot move what was restored to \(path.shown()): \(error.reason) (\(error.symbol))")
        }
    }

    /// Moves the user's files aside, to one of the snapshots' own directories.
    ///
    /// - Throws: the error of moving one.
    func moveAside(to name: FilePath.Component) throws(SnapshotFailure) {
        _ = try place(name)
        do throws(SystemCallError) {
            let target = try directory.openDirectory(name)
            for entry in try allNames() where !SnapshotPlaces.isOwn(entry) {
                try directory.moveWhole(entry, to: target)
            }
        } catch {
            throw SnapshotFailure("cannot move the files of \(path.shown()) aside", error)
        }
    }
}

extension Directory {
    /// Gives an entry the same name in another directory. A directory that its owner may not write to is moved as well: its
    /// own entry for the one above it changes (rename(2), EACCES).
    ///
    /// - Throws: EEXIST when the name is taken, or the error of moving it.
    func moveWhole(_ name: FilePath.Component, to other: borrowing Directory) throws(SystemCallError) {
        guard let status = try status(name), status.kind == .directory, status.mode.rawValue & 0o200 == 0 else {
            return try move(name, to: name, in: other)
        }
        let place = try openPlace(name, seen: status)
        try place.setModeOfPlace(ModeBits(rawValue: status.mode.rawValue | 0o700))
        defer { try? place.setModeOfPlace(status.mode) }
        try move(name, to: name, in: other)
    }
}
