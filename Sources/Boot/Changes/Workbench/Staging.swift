import Linux

/// A new directory for the actor alone, in which something is made that then moves to its place beside the directory.
///
/// Nobody else can make, rename or remove a name in it, so what is opened there is what was made there. If a killed
/// boot leaves the directory, a mark in it tells later boots what they may remove. The mark names the directory's inode,
/// and where only the actor could ever write, nobody else can have put it there.
struct Staging: ~Copyable {
    let name: FilePath.Component
    let directory: Directory
    /// Whether it is certain that nobody else can write in it.
    private let isProved: Bool
    /// When the directory was made, by the clock of its file system.
    let made: FileStatus.Timestamp

    private static let markName: FilePath.Component = "made-by-entrypoint"

    /// What a later boot may remove of a directory that a killed boot has left.
    enum Mark: Equatable {
        /// Everything in it.
        case everything
        /// What is moved into it, with this inode, and nothing else.
        case moved(inode: UInt64)
        /// A file that is moved into it, if it is empty; one that is not goes back beside the directory.
        case emptyFile

        /// The content of the mark: the inode of its directory, and what else the mark says.
        fileprivate func text(in directory: FileStatus) -> [UInt8] {
            let rest =
                switch self {
                case .everything: ""
                case .moved(let inode): " \(inode)"
                case .emptyFile: " empty"
                }
            return Array("\(directory.inode)\(rest)\n".utf8)
        }
    }

    /// Makes a staging directory.
    ///
    /// - Parameters:
    ///   - target: the final name of what is made in it.
    ///   - parent: the directory in which it is made.
    ///   - mark: what a later boot may remove with it; `nil` for no mark. A directory that cannot be proved to be new and
    ///     the actor's alone, as on file systems that know no owners, gets none.
    /// - Throws: the error of the call that failed; without a mark, ESTALE for a directory that cannot be proved.
    init(
        for target: FilePath.Component, in parent: borrowing Directory, mark: Mark? = nil
    ) throws(SystemCallError) {
        let name = TemporaryName.make(for: target)
        try parent.makeDirectory(name, mode: 0o700)
        do throws(SystemCallError) {
            let directory = try parent.openDirectory(name)
            let status = try directory.status()
            // Something else may have taken its name. If that is also the actor's own, then it is not empty.
            let names = try directory.names()
            let isProved = Self.isPrivate(status) && names.isEmpty
            guard isProved || mark != nil else {
                throw SystemCallError(call: "mkdirat", path: parent.path.appending(name), errno: .staleNFSFileHandle)
            }
            if let mark, isProved {
                let file = try directory.open(Self.markName, [.writeOnly, .create, .exclusive], mode: 0o600)
                let path = directory.path.appending(Self.markName)
                do throws(SystemCallError) {
                    try file.writeAll(mark.text(in: status), path: path)
                    try file.close(path: path)
                } catch {
                    _ = try? directory.remove(Self.markName)
                    throw error
                }
            }
            self.name = name
            self.directory = directory
            self.isProved = isProved
            made = status.modified
        } catch {
            _ = try? parent.removeDirectory(name)
            throw error
        }
    }

    /// Whether nobody but the actor and root can rename or remove what the actor makes in a directory.
    static func isSafe(_ directory: FileStatus) -> Bool {
        !directory.letsOthersRename && (directory.user == CurrentProcess.effectiveUser || directory.user == 0)
    }

    /// Whether the actor owns a directory and nobody else may do anything in it.
    private static func isPrivate(_ directory: FileStatus) -> Bool {
        directory.kind == .directory && directory.user == CurrentProcess.effectiveUser
            && directory.mode.rawValue & 0o777 == 0o700
    }

    /// Moves the content to its place beside the directory, whatever its mode, and removes the directory. If the place
    /// is taken, nothing else remains.
    ///
    /// - Parameters:
    ///   - target: the content's name, in the directory and beside it.
    ///   - replaces: whether a file or an empty directory with that name is replaced.
    ///   - parent: the directory that has the place.
    ///   - remains: the error that leaves the content under another name if it does not get its place.
    ///   - progress: is called as the work continues.
    /// - Throws: EEXIST where the name is taken, or the error of the call that failed; the content is then gone.
    func moveOut(
        _ target: FilePath.Component, replacing replaces: Bool = false, in parent: borrowing Directory,
        remains: inout SystemCallError?, progress: () -> Void = {}
    ) throws(SystemCallError) {
        let path = directory.path.appending(target)
        guard let status = try directory.status(target) else {
            throw SystemCallError(call: "renameat", path: path, errno: .noSuchFileOrDirectory)
        }
        // Moving a directory writes its new parent into it (rename(2)).
        let isClosed = status.kind == .directory && !status.mode.contains(0o200) && CurrentProcess.effectiveUser != 0
        let place = isClosed ? try directory.openPlace(target, seen: status) : nil
        try place?.setModeOfPlace(ModeBits(rawValue: status.mode.rawValue | 0o200), path: path)
        // The content does not move to its place yet: if a boot were killed there, no later boot would look for what it
        // left here.
        let temporary = TemporaryName.make(for: target)
        try directory.move(target, to: temporary, in: parent)
        remove(from: parent)
        do throws(SystemCallError) {
            if replaces {
                try Self.replaceEmpty(target, in: parent, with: temporary, status, from: parent)
            } else {
                try parent.move(temporary, to: target, in: parent)
            }
        } catch {
            do throws(SystemCallError) {
                remains = try Self.discard(temporary, seen: status, as: target, in: parent, progress: progress)
            } catch {
                remains = error
            }
            throw error
        }
        try place?.setModeOfPlace(status.mode, path: parent.path.appending(target))
    }

    /// Removes something of the actor's with everything in it, if it is still what was seen. It is out of the way at
    /// once, even if removing takes long.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - status: what was seen.
    ///   - target: its final name.
    ///   - parent: where it is.
    ///   - progress: is called as the work continues.
    /// - Returns: the error that leaves a part of it, with the place of that part.
    /// - Throws: the error that leaves it where it was; ESTALE if it is no longer what was seen.
    @discardableResult
    static func discard(
        _ name: FilePath.Component, seen status: FileStatus, as target: FilePath.Component,
        in parent: borrowing Directory, progress: () -> Void
    ) throws(SystemCallError) -> SystemCallError? {
        let staging = try Staging(for: target, in: parent, mark: .moved(inode: status.inode))
        do throws(SystemCallError) {
            try staging.take(name, seen: status, as: target, from: parent)
        } catch {
            staging.remove(from: parent)
            throw error
        }
        do throws(SystemCallError) {
            try staging.remove(with: target, from: parent, progress: progress)
        } catch {
            // One failure is not enough to give up, because no later boot may look here.
            do throws(SystemCallError) {
                try staging.remove(with: target, from: parent, progress: progress)
            } catch {
                return SystemCallError(call: error.call, path: staging.directory.path, errno: error.errno)
            }
        }
        return nil
    }

    /// Moves something to the place of an empty file or directory.
    ///
    /// A directory that is no longer empty is never replaced (rename(2)). A file would be, whatever another boot has
    /// moved there in the meantime: it is taken away first, and put back if it is not empty.
    ///
    /// - Throws: EEXIST when something else has taken the place, or the error of the call that failed.
    static func replaceEmpty(
        _ target: FilePath.Component, in parent: borrowing Directory, with name: FilePath.Component,
        _ status: FileStatus, from other: borrowing Directory
    ) throws(SystemCallError) {
        if status.kind == .directory { return try other.replace(target, in: parent, with: name) }
        if let found = try parent.status(target) { try takeEmpty(target, seen: found, from: parent) }
        try other.move(name, to: target, in: parent)
    }

    /// Removes a file if it is empty.
    ///
    /// - Throws: EEXIST when it is not, or no longer there; EBUSY with the path where a file is kept that was taken away
    ///   and has lost its place to yet another one.
    private static func takeEmpty(
        _ target: FilePath.Component, seen status: FileStatus, from parent: borrowing Directory
    ) throws(SystemCallError) {
        let taken = SystemCallError(call: "renameat", path: parent.path.appending(target), errno: .fileExists)
        guard status.kind == .file, status.size == 0 else { throw taken }
        let staging = try Staging(for: target, in: parent, mark: .emptyFile)
        defer { staging.remove(from: parent) }
        if !staging.isProved {
            // Where nobody owns anything, it is looked at once more.
            guard try parent.status(target)?.size == 0 else { throw taken }
            try parent.remove(target)
            return
        }
        do throws(SystemCallError) {
            // Nothing has that name in the new directory. Of several boots exactly one gets the file.
            try parent.replace(target, in: staging.directory, with: target)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw taken
        }
        do throws(SystemCallError) {
            let found = try staging.directory.status(target)
            if found?.isSame(as: status) == true, found?.size == 0 {
                try staging.directory.remove(target)
                return
            }
        } catch {
            // It must not stay here, where nobody looks for it.
            _ = try? putBack(target, from: staging.directory, as: target, to: parent)
            throw error
        }
        throw try keptInstead(putBack(target, from: staging.directory, as: target, to: parent), in: parent) ?? taken
    }

    /// The error that tells where something is kept that could not go back to its place.
    private static func keptInstead(
        _ kept: FilePath.Component?, in parent: borrowing Directory
    ) -> SystemCallError? {
        kept.map { SystemCallError(call: "renameat", path: parent.path.appending($0), errno: .resourceBusy) }
    }

    /// Moves something back to its name beside a staging directory.
    ///
    /// Another boot may have put its link where the same link of yet another boot was taken away: one of them is enough.
    ///
    /// - Returns: the name under which it is kept if something else has taken its name in the meantime.
    static func putBack(
        _ target: FilePath.Component, from directory: borrowing Directory, as name: FilePath.Component,
        to parent: borrowing Directory
    ) throws(SystemCallError) -> FilePath.Component? {
        for number in -1..<1000 {
            let place = number < 0 ? name : Workbench.kept(name, number)
            do throws(SystemCallError) {
                try directory.move(target, to: place, in: parent)
                return number < 0 ? nil : place
            } catch  where error.errno == .fileExists {
                guard let own = try? directory.linkTarget(target), let there = try? parent.linkTarget(place),
                    own == there
                else { continue }
                try directory.remove(target)
                return number < 0 ? nil : place
            }
        }
        throw SystemCallError(call: "renameat", path: parent.path.appending(name), errno: .fileExists)
    }

    /// Moves something beside the directory into it, if it is still what was seen.
    private func take(
        _ name: FilePath.Component, seen status: FileStatus, as target: FilePath.Component,
        from parent: borrowing Directory
    ) throws(SystemCallError) {
        let path = parent.path.appending(name)
        if status.kind == .directory && !status.mode.contains(0o200) && status.user == CurrentProcess.effectiveUser {
            try parent.openPlace(name, seen: status).setModeOfPlace(
                ModeBits(rawValue: status.mode.rawValue | 0o700), path: path)
        }
        try parent.move(name, to: target, in: directory)
        var failure = SystemCallError(call: "renameat", path: path, errno: .staleNFSFileHandle)
        do throws(SystemCallError) {
            if try directory.status(target)?.isSame(as: status) == true { return }
        } catch {
            // The error has another path, because it says nothing about what can be done at the old place.
            failure = error
        }
        throw try Self.keptInstead(Self.putBack(target, from: directory, as: name, to: parent), in: parent) ?? failure
    }

    /// Removes the directory, with what it still holds under a name.
    ///
    /// - Throws: the error of the call that failed; the rest then still exists, with the mark.
    func remove(
        with target: FilePath.Component, from parent: borrowing Directory, progress: () -> Void
    ) throws(SystemCallError) {
        try directory.removeTree(target, progress: progress)
        remove(from: parent)
    }

    /// Removes the directory, if it holds nothing but the mark.
    func remove(from parent: borrowing Directory) {
        // Each removal is tried twice, because no later boot may look here.
        if (try? directory.remove(Self.markName)) == nil { _ = try? directory.remove(Self.markName) }
        if (try? parent.removeDirectory(name)) == nil { _ = try? parent.removeDirectory(name) }
    }

    /// Removes a directory that a killed boot left, as far as this program has certainly made everything in it.
    ///
    /// - Parameters:
    ///   - name: the name of the directory.
    ///   - target: the final name of what was made in it.
    ///   - parent: where it is.
    ///   - progress: is called as the work continues.
    /// - Returns: whether it was such a directory, or was empty.
    static func removeLeft(
        _ name: FilePath.Component, for target: FilePath.Component, in parent: borrowing Directory,
        progress: () -> Void
    ) -> Bool {
        // Removing an empty directory loses nothing, whoever made it.
        if (try? parent.removeDirectory(name)) != nil { return true }
        guard let left = try? parent.openDirectory(name), let status = try? left.status(), isPrivate(status),
            let names = try? left.names(),
            names.allSatisfy({ $0 == target || $0 == markName || TemporaryName.isTemporary($0, for: target) })
        else { return false }
        switch try? found(in: left, status) {
        case .whole(.emptyFile):
            if names.contains(target) {
                // It may be another file than the one that was seen: only its size counts.
                guard let status = (try? left.status(target)) ?? nil, status.kind == .file else { return false }
                if status.size > 0 {
                    guard (try? putBack(target, from: left, as: target, to: parent)) != nil else { return true }
                } else {
                    guard (try? left.remove(target)) != nil else { return true }
                }
            }
            _ = try? left.remove(markName)
        case .whole(let mark):
            for entry in names where entry != markName {
                if case .moved(let inode) = mark, (try? left.status(entry))??.inode != inode { return false }
                // It is renamed first: if its maker is alive after all, that boot cannot complete a half-removed tree.
                let doomed = TemporaryName.make(for: target)
                guard (try? left.move(entry, to: doomed, in: left)) != nil else { return true }
                guard (try? left.removeTree(doomed, progress: progress)) != nil else { return true }
            }
            _ = try? left.remove(markName)
        case .begun where names == [markName]: _ = try? left.remove(markName)
        case .begun, nil: return false
        case .nothing:
            // The boot was about to move a directory out of it: it is empty, or not made here.
            for entry in names { _ = try? left.removeDirectory(entry) }
        }
        return (try? parent.removeDirectory(name)) != nil
    }

    /// How much of the mark there is.
    private enum Found: Equatable {
        case nothing, begun
        case whole(Mark)
    }

    private static func found(in left: borrowing Directory, _ status: FileStatus) throws(SystemCallError) -> Found {
        let file: Descriptor
        do throws(SystemCallError) {
            file = try left.open(markName, [.readOnly, .nonBlocking])
        } catch  where error.errno == .noSuchFileOrDirectory {
            return .nothing
        }
        let path = left.path.appending(markName)
        let found = try file.status(path: path)
        // Two numbers of at most 20 digits, or one and a word.
        let text = found.kind == .file ? try file.readAll(limit: 64, path: path) : [0]
        let numbers = text.prefix { $0 != UInt8(ascii: "\n") }.split(
            separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        let own = Array(String(status.inode).utf8)
        if found.user == CurrentProcess.effectiveUser {
            if text.last != UInt8(ascii: "\n"), own.starts(with: text) || text.starts(with: own) { return .begun }
            for mark in [Mark.everything, .emptyFile] where text == mark.text(in: status) { return .whole(mark) }
            if numbers.count == 2, numbers[0].elementsEqual(own), text.count == numbers[0].count + numbers[1].count + 2,
                let inode = UInt64(String(decoding: numbers[1], as: UTF8.self))
            {
                return .whole(.moved(inode: inode))
            }
        }
        throw SystemCallError(call: "openat", path: path, errno: .fileExists)
    }
}
