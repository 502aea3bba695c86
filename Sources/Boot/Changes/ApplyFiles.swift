import Linux
import SystemPackage

extension Apply {
    /// Sees to it that a file of root's has its content and mode.
    mutating func apply(_ change: FileChange, by able: [Actor]) throws(BootError) -> Outcome {
        let path = change.path
        var status: FileStatus?
        var content: [UInt8] = []
        try perform("cannot read", path, as: able[0]) { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let file = try tree.open(path, [.readOnly, .nonBlocking], links: .refuse)
                status = try file.status(path: path)
                guard status?.kind == .file else { return }
                // One byte more than expected tells a longer file.
                content = try file.readAll(limit: change.content.count + 1, path: path)
            } catch  where [.noSuchFileOrDirectory, .tooManySymbolicLinkLevels, .isDirectory].contains(error.errno) {
                // Nothing there, or something else: making it true will tell.
            }
        }
        if let status, content == change.content, status.mode == change.mode, status.user == 0 { return .already }
        if mode == .dryRun { return .changed }
        try checkIsImages("cannot write", path)
        try perform("cannot write", path, as: able[0]) { () throws(SystemCallError) in
            try FileReplacement.replace(path, with: change.content, mode: change.mode, owner: (0, 0), in: tree)
        }
        return .changed
    }

    /// Sees to it that a file of the boot's own is gone.
    mutating func apply(_ change: RemovalChange, by able: [Actor]) throws(BootError) -> Outcome {
        let path = change.path
        var status: FileStatus?
        try perform("cannot look at", path, as: able[0]) { () throws(SystemCallError) in
            status = try tree.status(path, links: .refuse)
        }
        guard status != nil else { return .already }
        if mode == .dryRun { return .changed }
        try checkIsImages("cannot remove", path)
        try perform("cannot remove", path, as: able[0]) { () throws(SystemCallError) in
            guard let name = path.lastComponent else { return }
            try tree.openParent(of: path, links: .refuse).remove(name)
        }
        return .changed
    }

    /// Sees to it that the account files have their planned text.
    mutating func apply(_ change: AccountsChange, by able: [Actor]) throws(BootError) -> Outcome {
        let pending = change.files.filter { $0.found != $0.planned }
        guard !pending.isEmpty else { return .already }
        if mode == .dryRun { return .changed }
        let isLocked = able[0] == .root ? try lockAccounts() : false
        defer { if isLocked { AccountLock.release() } }
        var hasWritten = false
        for (path, found, planned) in pending {
            guard let planned else { continue }
            do throws(BootError) {
                try checkIsImages("cannot write", path)
            } catch  where error.attempts.isEmpty && path != Paths.passwd {
                // The user can be looked up without the others.
                notes.append(error.message)
                continue
            }
            try write(path, planned, found: found, by: able[0])
            hasWritten = true
        }
        return hasWritten ? .changed : .already
    }

    /// Writes an account file, if it is still what was found.
    private func write(
        _ path: FilePath, _ planned: [UInt8], found: [UInt8]?, by actor: Actor
    ) throws(BootError) {
        var isSame = false
        try perform("cannot read", path, as: actor) { () throws(SystemCallError) in
            isSame = try tree.read(path) == found
        }
        guard isSame else {
            throw BootError(
                "cannot write \(path)", reason: "another program changed it during the boot",
                remedy: "start the container again")
        }
        try perform("cannot write", path, as: actor) { () throws(SystemCallError) in
            let status = try tree.status(path, links: .refuse)
            if status == nil { try makeDirectory(of: path) }
            // Only these two are made: an image without shadow files goes without.
            try FileReplacement.replace(
                path, with: planned, mode: status?.mode ?? 0o644, owner: (status?.user ?? 0, status?.group ?? 0),
                in: tree)
        }
    }

    /// Checks that a file of root's, or the directory where it is to be, is the image's own where the pod spec's author is
    /// not to be trusted: what is mounted there may be anybody's.
    private func checkIsImages(_ action: String, _ path: FilePath) throws(BootError) {
        guard actors.isElevated else { return }
        var mounted: FilePath?
        try perform(action, path, as: .root) { () throws(SystemCallError) in
            // Of a directory that is missing, too, the making will tell.
            switch try tree.isOnRootMount(path) {
            case true?: return
            case false?: mounted = path
            case nil: mounted = try tree.isOnRootMount(path.parent) == false ? path.parent : nil
            }
            // What is mounted read-only is told of in the same words as without this check.
            if let mounted { try tree.checkAccess(mounted, .write) }
        }
        guard let mounted else { return }
        throw BootError(
            "\(action) \(path)",
            reason: "\(mounted) is on a mount, and an elevated start changes only what is the image's own",
            remedy: "see volumeMounts in the pod spec")
    }

    /// Makes the directory of a file that an image without anything in it lacks.
    private func makeDirectory(of path: FilePath) throws(SystemCallError) {
        let directory = path.parent
        guard let name = directory.lastComponent, try tree.status(directory, links: .refuse) == nil else { return }
        // Right from the start: nothing is changed by its name afterwards.
        let umask = CurrentProcess.setUmask(0o022)
        defer { CurrentProcess.setUmask(umask) }
        try tree.openParent(of: directory, links: .refuse).makeDirectory(name, mode: 0o755)
    }

    /// Takes the lock of the account files; `false` where there can be none.
    private func lockAccounts() throws(BootError) -> Bool {
        do throws(SystemCallError) {
            // What the pod has mounted in its place is anybody's, or a pipe at which we would wait.
            if actors.isElevated, try tree.isOnRootMount(AccountLock.path) == false { return false }
            try actors.acting(as: .root) { () throws(SystemCallError) in try AccountLock.acquire() }
            return true
        } catch  where [.readOnlyFileSystem, .permissionDenied, .noSuchFileOrDirectory].contains(error.errno) {
            // No other program can have taken a lock whose file cannot be made.
            return false
        } catch {
            throw BootError(
                "cannot lock the account files", attempts: [Attempt(as: actors.words(.root), error)],
                remedy: "does another program hold \(error.path ?? "")?")
        }
    }

    /// Does some work on a path as an actor, with an error of the boot.
    func perform<Result: ~Copyable>(
        _ action: String, _ path: FilePath, as actor: Actor, _ work: () throws(SystemCallError) -> Result
    ) throws(BootError) -> Result {
        do throws(SystemCallError) {
            return try actors.acting(as: actor, work)
        } catch {
            throw failure(action, path, [Attempt(as: actors.words(actor), error)])
        }
    }
}

extension AccountsChange {
    /// Each file with what was found and what is planned, in the order of writing: groups before the user that is in
    /// them, and the passwords before the entries that point to them.
    fileprivate var files: [(path: FilePath, found: [UInt8]?, planned: [UInt8]?)] {
        [
            (Paths.gshadow, found.gshadow, planned.gshadow),
            (Paths.group, found.group, planned.group),
            (Paths.shadow, found.shadow, planned.shadow),
            (Paths.passwd, found.passwd, planned.passwd),
        ]
    }
}
