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
        for (path, found, planned) in pending {
            guard let planned else { continue }
            var isSame = false
            try perform("cannot read", path, as: able[0]) { () throws(SystemCallError) in
                isSame = try tree.read(path) == found
            }
            guard isSame else {
                throw BootError(
                    "cannot write \(path)", reason: "another program changed it during the boot",
                    remedy: "start the container again")
            }
            try perform("cannot write", path, as: able[0]) { () throws(SystemCallError) in
                let status = try tree.status(path, links: .refuse)
                if status == nil { try makeDirectory(of: path) }
                // Only these two are made: an image without shadow files goes without.
                try FileReplacement.replace(
                    path, with: planned, mode: status?.mode ?? 0o644, owner: (status?.user ?? 0, status?.group ?? 0),
                    in: tree)
            }
        }
        return .changed
    }

    /// Makes the directory of a file that an image without anything in it lacks.
    private func makeDirectory(of path: FilePath) throws(SystemCallError) {
        let directory = path.parent
        guard let name = directory.lastComponent, try tree.status(directory, links: .refuse) == nil else { return }
        let parent = try tree.openParent(of: directory, links: .refuse)
        try parent.makeDirectory(name, mode: 0o755)
        try parent.open(name, [.readOnly, .directory]).setMode(0o755, path: directory)
    }

    /// Takes the lock of the account files; `false` where there can be none.
    private func lockAccounts() throws(BootError) -> Bool {
        do throws(SystemCallError) {
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
