import Linux
import SystemPackage

/// A new directory of the actor's alone, beside the place of something that is made in it and then moved out.
///
/// Nobody else can make, rename or remove a name in it, so that what is opened there is what was made there. Of one that a
/// killed boot left, a mark in it tells later boots that they may remove all of it: the mark names the directory's inode, and
/// where only the actor could ever write nobody else can have put it there. Where something is taken into it, the mark names
/// that one's inode too, and nothing else is removed.
struct Staging: ~Copyable {
    let name: FilePath.Component
    let directory: Directory
    /// When it was made, by the clock of its file system.
    let made: FileStatus.Timestamp

    private static let mark: FilePath.Component = "made-by-entrypoint"

    /// Makes one.
    ///
    /// - Parameters:
    ///   - target: what the thing in it is to be called in the end.
    ///   - parent: where.
    ///   - isMarked: whether a later boot may remove it with what is in it. One that cannot be proved to be new and the
    ///     actor's alone, as on file systems that know no owners, has no mark.
    ///   - content: what will be taken into it.
    /// - Throws: the error of the call that failed; without a mark also ESTALE for such a one.
    init(
        for target: FilePath.Component, in parent: borrowing Directory, isMarked: Bool = false,
        taking content: FileStatus? = nil
    ) throws(SystemCallError) {
        let name = TemporaryName.make(for: target)
        try parent.makeDirectory(name, mode: 0o700)
        do throws(SystemCallError) {
            let directory = try parent.openDirectory(name)
            let status = try directory.status()
            // By name another one may have come into its place: of the actor's own too, but then something is in it.
            let names = try directory.names()
            let isProved = Self.isPrivate(status) && names.isEmpty
            guard isProved || isMarked else {
                throw SystemCallError(call: "mkdirat", path: parent.path.appending(name), errno: .staleNFSFileHandle)
            }
            if isMarked && isProved {
                let file = try directory.open(Self.mark, [.writeOnly, .create, .exclusive], mode: 0o600)
                let path = directory.path.appending(Self.mark)
                do throws(SystemCallError) {
                    try file.writeAll(Self.text(of: status, taking: content), path: path)
                    try file.close(path: path)
                } catch {
                    _ = try? directory.remove(Self.mark)
                    throw error
                }
            }
            self.name = name
            self.directory = directory
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

    /// Whether a directory is the actor's, and nobody else may do anything in it.
    private static func isPrivate(_ directory: FileStatus) -> Bool {
        directory.kind == .directory && directory.user == CurrentProcess.effectiveUser
            && directory.mode.rawValue & 0o777 == 0o700
    }

    /// What the mark says.
    private static func text(of directory: FileStatus, taking content: FileStatus? = nil) -> [UInt8] {
        Array("\(directory.inode)\(content.map { " \($0.inode)" } ?? "")\n".utf8)
    }

    /// Gives what is in it its place beside it, whatever its mode, and removes itself: whoever finds the place taken finds
    /// nothing else.
    ///
    /// - Parameters:
    ///   - target: its name, here and there.
    ///   - replaces: whether what has the name is replaced, if it is a file or an empty directory.
    ///   - parent: where.
    ///   - remains: the error that leaves it there under another name, when it does not get its place.
    ///   - progress: is told that the work goes on.
    /// - Throws: EEXIST where the name is taken, or the error of the call that failed; what was in it is then gone.
    func moveOut(
        _ target: FilePath.Component, replacing replaces: Bool = false, in parent: borrowing Directory,
        remains: inout SystemCallError?, progress: () -> Void = {}
    ) throws(SystemCallError) {
        let path = directory.path.appending(target)
        guard let status = try directory.status(target) else {
            throw SystemCallError(call: "renameat", path: path, errno: .noSuchFileOrDirectory)
        }
        // A directory gets another parent, which is written into it (rename(2)).
        let isClosed = status.kind == .directory && !status.mode.contains(0o200) && CurrentProcess.effectiveUser != 0
        let place = isClosed ? try directory.openPlace(target, seen: status) : nil
        try place?.setModeOfPlace(ModeBits(rawValue: status.mode.rawValue | 0o200), path: path)
        // Not yet to its place: what a boot that is killed there leaves here no later one would look for.
        let temporary = TemporaryName.make(for: target)
        try directory.move(target, to: temporary, in: parent)
        remove(from: parent)
        do throws(SystemCallError) {
            if replaces {
                try parent.replace(target, in: parent, with: temporary)
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

    /// Removes something of the actor's with all that is in it, if it is what was seen: it is out of the way at once, even if
    /// that takes long.
    ///
    /// - Parameters:
    ///   - name: what it is called.
    ///   - status: what was seen.
    ///   - target: what it was to be called, or is.
    ///   - parent: where it is.
    ///   - progress: is told that the work goes on.
    /// - Returns: the error that leaves a part of it, with the place where that is.
    /// - Throws: the error that leaves it where it was; ESTALE for something else.
    @discardableResult
    static func discard(
        _ name: FilePath.Component, seen status: FileStatus, as target: FilePath.Component,
        in parent: borrowing Directory, progress: () -> Void
    ) throws(SystemCallError) -> SystemCallError? {
        let staging = try Staging(for: target, in: parent, isMarked: true, taking: status)
        do throws(SystemCallError) {
            try staging.take(name, seen: status, as: target, from: parent)
        } catch {
            staging.remove(from: parent)
            throw error
        }
        do throws(SystemCallError) {
            try staging.remove(with: target, from: parent, progress: progress)
        } catch {
            // Once is not enough to give up: no later boot may come by here.
            do throws(SystemCallError) {
                try staging.remove(with: target, from: parent, progress: progress)
            } catch {
                return SystemCallError(call: error.call, path: staging.directory.path, errno: error.errno)
            }
        }
        return nil
    }

    /// Takes something from beside it, if it is what was seen.
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
            // With a path of its own: it says nothing of what can be done where the thing was.
            failure = error
        }
        try directory.move(target, to: name, in: parent)
        throw failure
    }

    /// Removes it, and with it what is still in it under a name.
    ///
    /// - Throws: the error of the call that failed; the rest is then still there, and marked.
    func remove(
        with target: FilePath.Component, from parent: borrowing Directory, progress: () -> Void
    ) throws(SystemCallError) {
        try directory.removeTree(target, progress: progress)
        remove(from: parent)
    }

    /// Removes it, if nothing but the mark is in it.
    func remove(from parent: borrowing Directory) {
        // Twice, because no later boot may come by here.
        if (try? directory.remove(Self.mark)) == nil { _ = try? directory.remove(Self.mark) }
        if (try? parent.removeDirectory(name)) == nil { _ = try? parent.removeDirectory(name) }
    }

    /// Removes one that a killed boot left, so far as it is certain that this program has made all of it.
    ///
    /// - Parameters:
    ///   - name: the directory's name.
    ///   - target: what the thing in it was to be called.
    ///   - parent: where it is.
    ///   - progress: is told that the work goes on.
    /// - Returns: whether it was one, or was empty.
    static func removeLeft(
        _ name: FilePath.Component, for target: FilePath.Component, in parent: borrowing Directory,
        progress: () -> Void
    ) -> Bool {
        // Nothing is lost with an empty one, whoever made it.
        if (try? parent.removeDirectory(name)) != nil { return true }
        guard let left = try? parent.openDirectory(name), let status = try? left.status(), isPrivate(status),
            let names = try? left.names(),
            names.allSatisfy({ $0 == target || $0 == mark || TemporaryName.isTemporary($0, for: target) })
        else { return false }
        switch try? found(in: left, status) {
        case .whole(let content):
            for entry in names where entry != mark {
                if let content, (try? left.status(entry))??.inode != content { return false }
                // Under another name first: should its maker be alive after all, it cannot finish what is half gone.
                let doomed = TemporaryName.make(for: target)
                guard (try? left.move(entry, to: doomed, in: left)) != nil else { return true }
                guard (try? left.removeTree(doomed, progress: progress)) != nil else { return true }
            }
            _ = try? left.remove(mark)
        case .begun where names == [mark]: _ = try? left.remove(mark)
        case .begun, nil: return false
        case .nothing:
            // Of a directory that was about to be moved out: it is empty, or not from here.
            for entry in names { _ = try? left.removeDirectory(entry) }
        }
        return (try? parent.removeDirectory(name)) != nil
    }

    /// How much there is of the mark.
    private enum Mark: Equatable {
        case nothing, begun
        /// With the inode of what was to be taken, if only that is meant.
        case whole(UInt64?)
    }

    private static func found(in left: borrowing Directory, _ status: FileStatus) throws(SystemCallError) -> Mark {
        let file: Descriptor
        do throws(SystemCallError) {
            file = try left.open(mark, [.readOnly, .nonBlocking])
        } catch  where error.errno == .noSuchFileOrDirectory {
            return .nothing
        }
        let path = left.path.appending(mark)
        let found = try file.status(path: path)
        // Two numbers of at most 20 digits.
        let text = found.kind == .file ? try file.readAll(limit: 64, path: path) : [0]
        let numbers = text.prefix { $0 != UInt8(ascii: "\n") }.split(
            separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        let own = Array(String(status.inode).utf8)
        if found.user == CurrentProcess.effectiveUser {
            if text.last != UInt8(ascii: "\n"), own.starts(with: text) || text.starts(with: own) { return .begun }
            if text == Self.text(of: status) { return .whole(nil) }
            if numbers.count == 2, numbers[0].elementsEqual(own), text.count == numbers[0].count + numbers[1].count + 2,
                let content = UInt64(String(decoding: numbers[1], as: UTF8.self))
            {
                return .whole(content)
            }
        }
        throw SystemCallError(call: "openat", path: path, errno: .fileExists)
    }
}
