import Linux
internal import Text

/// What happens to something in the place of a link: it moves to the link's target, or is kept beside the link.
extension LinkChange {
    /// Predicts what ``clear(_:_:on:)`` would do.
    func foreseeClearing(_ status: FileStatus, _ found: FileStatus?, on bench: Workbench) {
        switch foreseenTreatment(of: status, found, on: bench) {
        case .moves: bench.add(remark: "what is in its place moves to \(target.shown())")
        case .isCopied:
            bench.add(remark: "what is in its place is removed: \(target.shown()) is a copy of it")
        case .stays: bench.foreseeSettingAside(path)
        }
    }

    private func foreseenTreatment(
        of status: FileStatus, _ found: FileStatus?, on bench: Workbench
    ) -> LinkEnds.Treatment {
        do throws(SystemCallError) {
            return try bench.actors.acting(as: bench.actor) { () throws(SystemCallError) in
                if found == nil && isOfTargetsKind(status) { return .moves }
                return try LinkEnds(self, in: bench.tree).treatment(
                    of: status, found, isOfTargetsKind: isOfTargetsKind(status), umask: bench.actors.workUmask
                ) {}
            }
        } catch {
            return .stays
        }
    }

    /// Takes something out of the link's place. Nothing is lost.
    ///
    /// - Returns: `false` when it is the link's target itself, which stays.
    func clear(_ status: FileStatus, _ found: FileStatus?, on bench: Workbench) throws(BootError) -> Bool {
        do throws(SystemCallError) {
            let clearance = try bench.actors.acting(as: bench.actor) { () throws(SystemCallError) in
                try move(status, found, on: bench)
            }
            switch clearance {
            case .isTarget: return false
            case .isClear: return true
            case .isTaken: break
            }
        } catch  where error.errno == .resourceBusy && error.path.map(Workbench.isKept) == true {
            // Of three boots at once, one has put its file where another one's had been taken away.
            let kept = error.path ?? target
            let place = kept.parent == path.parent ? path : target
            bench.note(.filesInTheWay, "a file of \(place.shown()) is kept as \(kept.shown())")
            return true
        } catch {
            // Another boot has moved it, or has put its link there.
            let isTaken = [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(error.errno)
            if isTaken && error.path?.starts(with: path) == true { return true }
            let failure = bench.copyFailure("cannot move", path, target, error)
            guard cannotTake(status, error, user: bench.actors.userID) else {
                bench.note(failure.id, "\(path.shown()) stays as it is, and the next boot tries again")
                throw failure
            }
            bench.note(failure)
        }
        try bench.setAside(path, unlessLinkedTo: target)
        return true
    }

    private enum Clearance { case isTarget, isClear, isTaken }

    /// Moves what is in the link's place to the link's target, if the target can take it.
    private func move(
        _ status: FileStatus, _ found: FileStatus?, on bench: Workbench
    ) throws(SystemCallError) -> Clearance {
        let ends = try LinkEnds(self, in: bench.tree)
        let areOne = try found == nil ? false : ends.areOneDirectory
        if areOne == true { return .isTarget }
        let treatment = try ends.treatment(
            of: status, found, isOfTargetsKind: isOfTargetsKind(status), umask: bench.actors.workUmask,
            progress: bench.keepWatchWaiting)
        switch treatment {
        case .moves: try move(ends, status, replacing: found != nil, on: bench)
        case .isCopied where areOne == false:
            guard try removeCopied(ends, status, on: bench) else { return .isClear }
            bench.add(remark: "what was in its place was removed: \(target.shown()) is a copy of it")
        case .isCopied, .stays:
            // Another boot may have put the link there in the meantime.
            return try ends.parent.status(ends.name)?.isSame(as: status) == true ? .isTaken : .isClear
        }
        return .isClear
    }

    /// Moves what is in the link's place to the link's target, unless either has changed in the meantime.
    private func move(
        _ ends: borrowing LinkEnds, _ status: FileStatus, replacing: Bool, on bench: Workbench
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            if replacing {
                try Staging.replaceEmpty(
                    ends.newName, in: ends.newParent, with: ends.name, status, from: ends.parent)
            } else {
                try ends.parent.move(ends.name, to: ends.newName, in: ends.newParent)
            }
        } catch {
            switch error.errno {
            case .fileExists, .directoryNotEmpty, .noSuchFileOrDirectory: return
            case .improperLink: break
            default: throw error
            }
            let copy = try TreeCopy(
                source: path, destination: target, extent: .everything, replaces: replacing,
                umask: bench.actors.workUmask
            ).make(in: bench.tree, progress: bench.keepWatchWaiting)
            guard copy.isMade, try removeCopied(ends, status, on: bench) else { return }
        }
        bench.ledger.notePresent(target)
        bench.add(remark: "what was in its place moved to \(target.shown())")
    }

    /// Removes what is in the link's place and was copied: it is out of the way at once, even if that takes long.
    ///
    /// - Returns: whether it was still there and was not another boot's link; otherwise what is there now must be
    ///   checked.
    private func removeCopied(
        _ ends: borrowing LinkEnds, _ status: FileStatus, on bench: Workbench
    ) throws(SystemCallError) -> Bool {
        let error: SystemCallError?
        do throws(SystemCallError) {
            error = try Staging.discard(
                ends.name, seen: status, as: ends.name, in: ends.parent, progress: bench.keepWatchWaiting)
        } catch  where [.staleNFSFileHandle, .noSuchFileOrDirectory].contains(error.errno) {
            return false
        }
        if let error {
            bench.note(
                .filesNotCopied,
                "what was copied from \(ends.parent.path.appending(ends.name).shown()) cannot be removed and remains in "
                    + "\((error.path ?? ends.parent.path).shown()): \(error.reason)", error)
        }
        return true
    }

}

/// The places of a link and its target, whether or not they exist.
struct LinkEnds: ~Copyable {
    /// The target of a link that only shows whether two directories are the same.
    static let probe: FilePath = "probe"

    let parent: Directory
    let name: FilePath.Component
    let newParent: Directory
    let newName: FilePath.Component

    init(_ change: LinkChange, in tree: FileTree) throws(SystemCallError) {
        guard let name = change.path.lastComponent, let newName = change.target.lastComponent else {
            throw SystemCallError(call: "renameat", path: change.path, errno: .invalidArgument)
        }
        let parent = try tree.openParent(of: change.path, links: .follow)
        let newParent = try tree.openParent(of: change.target, links: .follow)
        self.parent = parent
        self.name = name
        self.newParent = newParent
        self.newName = newName
    }

    /// Whether the link and its target are in the same directory: through two mounts of a file server, one directory
    /// has two devices. `nil` where nothing can be made.
    var areOneDirectory: Bool? {
        get throws(SystemCallError) {
            // Nobody has asked for this name, so no client has cached that it is free.
            let probe = TemporaryName.make(for: name)
            do throws(SystemCallError) {
                try parent.makeLink(probe, to: Self.probe)
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

    /// What happens to something in the link's place.
    enum Treatment { case moves, isCopied, stays }

    /// Something moves if it is of the target's kind, and the target does not exist or is empty. It may also be a copy
    /// already, if a boot ended between copying and removing.
    ///
    /// - Parameters:
    ///   - status: what is in the link's place.
    ///   - found: the target; `nil` when there is none.
    ///   - isOfTargetsKind: whether both are files, or both directories.
    ///   - umask: the umask of a copy.
    ///   - progress: is called as the work continues.
    func treatment(
        of status: FileStatus, _ found: FileStatus?, isOfTargetsKind: Bool, umask: ModeBits, progress: () -> Void
    ) throws(SystemCallError) -> Treatment {
        guard isOfTargetsKind else { return .stays }
        if found == nil { return .moves }
        do throws(SystemCallError) {
            if try isTargetEmpty { return .moves }
            let isCopied = try newParent.holdsCopy(newName, of: name, in: parent, umask: umask, progress: progress)
            return isCopied ? .isCopied : .stays
        } catch  where error.errno == .permissionDenied {
            // The part that the user cannot read may differ.
            return .stays
        }
    }

    private var isTargetEmpty: Bool {
        get throws(SystemCallError) {
            guard let target = try newParent.status(newName) else { return false }
            switch target.kind {
            case .file: return target.size == 0
            case .directory: return try newParent.openDirectory(newName).names().isEmpty
            // A link is not the same as what it leads to.
            default: return false
            }
        }
    }
}

extension LinkChange {
    /// Whether something is of the target's kind.
    private func isOfTargetsKind(_ status: FileStatus) -> Bool { status.kind == (kind == .file ? .file : .directory) }

    /// Whether what is in the link's place cannot be moved to the target because of what it is: the target's file
    /// system cannot hold its kind or its name, or the user may not read or move it. Any other error may be gone at the
    /// next boot.
    private func cannotTake(_ status: FileStatus, _ error: SystemCallError, user: UInt32) -> Bool {
        switch error.errno {
        case .notSupported, .fileNameTooLong, .improperLink, .invalidArgument, .illegalByteSequence, .fileTooLarge,
            .notPermitted:
            return true
        case .permissionDenied:
            let isReading = ["openat", "fstatat", "readlinkat"].contains(error.call)
            // Moving a directory writes its new parent into it (rename(2)).
            let isForeign = status.kind == .directory && status.user != user
            return error.path?.starts(with: path) == true && (isReading || isForeign)
        default: return false
        }
    }
}
