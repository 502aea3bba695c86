import Linux
import SystemPackage
internal import Text

/// What is done with something that is in the place of a link: it moves to the link's target, or is kept beside the link.
extension Apply {
    /// Adds to what is told of the change at hand.
    mutating func add(remark text: String) { remark += remark.isEmpty ? text : "; \(text)" }

    /// Whether a mount is at or below a path, which then cannot be moved.
    func isMountPoint(_ path: FilePath) throws(BootError) -> Bool {
        Mount.all(of: tree).contains { $0.point.starts(with: path) }
    }

    /// What ``clear(_:_:_:)`` would do.
    mutating func wouldClear(_ place: Place, _ status: FileStatus, _ target: FileStatus?) -> Outcome {
        switch fate(of: place, status, target) {
        case .moves: add(remark: "what is in its place moves to \(place.target.shown())")
        case .isCopied:
            add(remark: "what is in its place is removed: \(place.target.shown()) is a copy of it")
        case .stays:
            notes.append(
                "\(place.path.shown()) is in the way and is kept as \(Self.kept(place.path, 0).shown())")
        }
        expected.append(place.target)
        return .changed
    }

    private func fate(of place: Place, _ status: FileStatus, _ target: FileStatus?) -> Ends.Fate {
        do throws(SystemCallError) {
            return try actors.acting(as: place.actor) { () throws(SystemCallError) in
                if target == nil && place.wants(status) { return .moves }
                return try Ends(place, in: tree).fate(of: place, status, target, umask: actors.workUmask) {}
            }
        } catch {
            return .stays
        }
    }

    /// Takes something out of the link's place. Nothing is lost.
    ///
    /// - Returns: `false` when it is the link's target itself, which stays.
    mutating func clear(
        _ place: Place, _ status: FileStatus, _ target: FileStatus?
    ) throws(BootError) -> Bool {
        do throws(SystemCallError) {
            let clearance = try actors.acting(as: place.actor) { () throws(SystemCallError) in
                try move(place, status, target)
            }
            switch clearance {
            case .isTarget: return false
            case .isClear: return true
            case .isTaken: break
            }
        } catch {
            // Another boot has moved it.
            if error.errno == .noSuchFileOrDirectory && error.path?.starts(with: place.path) == true { return true }
            let failure = copyFailure("cannot move", place.path, place.target, error, as: place.actor)
            guard place.cannotTake(status, error, user: actors.userID) else {
                notes.append("\(place.path.shown()) stays as it is, and the next boot tries again")
                throw failure
            }
            notes.append(failure.message)
        }
        try setAside(place.path, unlessLinkedTo: place.target, as: place.actor)
        return true
    }

    private enum Clearance { case isTarget, isClear, isTaken }

    /// Moves what is in the link's place to the link's target, if that can take it.
    private mutating func move(
        _ place: Place, _ status: FileStatus, _ target: FileStatus?
    ) throws(SystemCallError) -> Clearance {
        let ends = try Ends(place, in: tree)
        let areOne = try target == nil ? false : ends.areOneDirectory
        if areOne == true { return .isTarget }
        switch try ends.fate(of: place, status, target, umask: actors.workUmask, progress: keepWatchWaiting) {
        case .moves: try move(ends, place, status, replacing: target != nil)
        case .isCopied where areOne == false:
            guard try removeCopied(ends, status) else { return .isClear }
            add(remark: "what was in its place was removed: \(place.target.shown()) is a copy of it")
        case .isCopied, .stays:
            // While it was looked at, another boot may have put the link there.
            return try ends.parent.status(ends.name)?.isSame(as: status) == true ? .isTaken : .isClear
        }
        return .isClear
    }

    /// Moves what is in the link's place to the link's target, unless either has changed meanwhile.
    private mutating func move(
        _ ends: borrowing Ends, _ place: Place, _ status: FileStatus, replacing: Bool
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            if replacing {
                try ends.parent.replace(ends.newName, in: ends.newParent, with: ends.name)
            } else {
                try ends.parent.move(ends.name, to: ends.newName, in: ends.newParent)
            }
        } catch {
            switch error.errno {
            case .fileExists, .directoryNotEmpty, .noSuchFileOrDirectory: return
            case .improperLink: break
            default: throw error
            }
            let copy = try TreeCopy.make(
                of: place.path, at: place.target, extent: .everything, replacing: replacing,
                umask: actors.workUmask, in: tree,
                progress: keepWatchWaiting)
            guard copy.isMade, try removeCopied(ends, status) else { return }
        }
        present.append(place.target)
        add(remark: "what was in its place moved to \(place.target.shown())")
    }

    /// Removes what is in the link's place and has been copied: it is out of the way at once, even if that takes long.
    ///
    /// - Returns: whether it was still there, and not another boot's link: what is there now decides then.
    private mutating func removeCopied(
        _ ends: borrowing Ends, _ status: FileStatus
    ) throws(SystemCallError) -> Bool {
        let error: SystemCallError?
        do throws(SystemCallError) {
            error = try Staging.discard(
                ends.name, seen: status, as: ends.name, in: ends.parent, progress: keepWatchWaiting)
        } catch  where [.staleNFSFileHandle, .noSuchFileOrDirectory].contains(error.errno) {
            return false
        }
        if let error {
            notes.append(
                "what was copied from \(ends.parent.path.appending(ends.name).shown()) cannot be removed and remains in "
                    + "\((error.path ?? ends.parent.path).shown()): \(error.reason) (\(error.symbol))")
        }
        return true
    }

    /// Keeps what is at a path under another name beside it; whoever took it away meanwhile, and may have put a link to the
    /// target there, has done the same.
    mutating func setAside(
        _ path: FilePath, unlessLinkedTo target: FilePath? = nil, as actor: Actor
    ) throws(BootError) {
        guard let name = path.lastComponent else { return }
        for number in 0..<1000 {
            let kept = Self.kept(path, number)
            guard let keptName = kept.lastComponent else { return }
            let isFree = try perform("cannot move away", path, as: actor) { () throws(SystemCallError) -> Bool? in
                let parent = try tree.openParent(of: path, links: .follow)
                do throws(SystemCallError) {
                    try parent.move(name, to: keptName, in: parent)
                    guard let target, (try? parent.linkTarget(keptName)) == target else { return true }
                    try parent.remove(keptName)
                    return nil
                } catch  where [.fileExists, .directoryNotEmpty].contains(error.errno) {
                    return false
                } catch  where error.errno == .noSuchFileOrDirectory {
                    return nil
                }
            }
            guard let isFree else { return }
            guard isFree else { continue }
            notes.append("\(path.shown()) was in the way and is kept as \(kept.shown())")
            return
        }
        throw BootError(
            "cannot move away \(path.shown())",
            reason: "too many files have names like \(Self.kept(path, 0).shown())", remedy: "remove some of them")
    }

    /// A path beside another one for what was in its place.
    static func kept(_ path: FilePath, _ number: Int) -> FilePath {
        path.parent.appending(
            "\(path.lastComponent?.string ?? "").before-entrypoint\(number == 0 ? "" : ".\(number)")")
    }
}

/// Where a link and its target are, or are to be.
private struct Ends: ~Copyable {
    let parent: Directory
    let name: FilePath.Component
    let newParent: Directory
    let newName: FilePath.Component

    init(_ place: Apply.Place, in tree: FileTree) throws(SystemCallError) {
        guard let name = place.path.lastComponent, let newName = place.target.lastComponent else {
            throw SystemCallError(call: "renameat", path: place.path, errno: .invalidArgument)
        }
        let parent = try tree.openParent(of: place.path, links: .follow)
        let newParent = try tree.openParent(of: place.target, links: .follow)
        self.parent = parent
        self.name = name
        self.newParent = newParent
        self.newName = newName
    }

    /// Whether what is made beside the link is also beside its target: by two mounts of a file server one directory has
    /// two devices. `nil` where nothing can be made.
    var areOneDirectory: Bool? {
        get throws(SystemCallError) {
            // A name that nobody has asked for, so that no client remembers that it is free.
            let probe = TemporaryName.make(for: name)
            do throws(SystemCallError) {
                try parent.makeLink(probe, to: Apply.Place.probe)
                let isThere = try newParent.status(probe) != nil
                try parent.remove(probe)
                return isThere
            } catch {
                _ = try? parent.remove(probe)
                if [.permissionDenied, .notPermitted, .readOnlyFileSystem].contains(error.errno) { return nil }
                throw error
            }
        }
    }

    /// What becomes of something in the link's place.
    enum Fate { case moves, isCopied, stays }

    /// It moves if it is of the target's kind, and there is no target, or one that nothing was written to. A boot may have
    /// ended between copying and removing.
    func fate(
        of place: Apply.Place, _ status: FileStatus, _ target: FileStatus?, umask: ModeBits, progress: () -> Void
    ) throws(SystemCallError) -> Fate {
        guard place.wants(status) else { return .stays }
        if target == nil { return .moves }
        do throws(SystemCallError) {
            if try isTargetEmpty { return .moves }
            let isCopied = try newParent.holdsCopy(newName, of: name, in: parent, umask: umask, progress: progress)
            return isCopied ? .isCopied : .stays
        } catch  where error.errno == .permissionDenied {
            // What the user cannot read may differ.
            return .stays
        }
    }

    private var isTargetEmpty: Bool {
        get throws(SystemCallError) {
            guard let target = try newParent.status(newName) else { return false }
            switch target.kind {
            case .file: return target.size == 0
            case .directory: return try newParent.openDirectory(newName).names().isEmpty
            // A link is more than what it leads to.
            default: return false
            }
        }
    }
}

extension Apply.Place {
    /// Whether something is of the target's kind.
    func wants(_ status: FileStatus) -> Bool { status.kind == (kind == .file ? .file : .directory) }

    /// Whether what is in the link's place cannot be moved to the target because of what it is: of a kind or a name that
    /// the target's file system cannot hold, or not the user's to read or to move. Any other error may be over at the next
    /// boot.
    func cannotTake(_ status: FileStatus, _ error: SystemCallError, user: UInt32) -> Bool {
        switch error.errno {
        case .notSupported, .fileNameTooLong, .improperLink, .invalidArgument, .illegalByteSequence, .fileTooLarge,
            .notPermitted:
            return true
        case .permissionDenied:
            let isReading = ["openat", "fstatat", "readlinkat"].contains(error.call)
            // A directory's new parent is written into it (rename(2)).
            let isForeign = status.kind == .directory && status.user != user
            return error.path?.starts(with: path) == true && (isReading || isForeign)
        default: return false
        }
    }
}
