import Linux
internal import Text

/// The account files have their planned text.
package struct AccountsChange: Equatable, Sendable {
    package let accounts: PlannedAccounts

    package init(_ accounts: PlannedAccounts) {
        self.accounts = accounts
    }
}

extension AccountsChange: CheckedChange {
    var goal: String {
        accounts.differences.isEmpty ? "account files are as planned" : done(by: "")
    }

    func done(by identity: String) -> String { accounts.differences.map { $0.text }.joined(separator: "; ") }

    var deed: Deed { .other(AccountDifference.summary(of: accounts.differences)) }

    var subject: FilePath? { nil }

    /// A file that is not as planned.
    struct PendingFile {
        let path: FilePath
        let found: [UInt8]?
        let planned: [UInt8]?
    }

    func check(on bench: Workbench) throws(BootError) -> Finding<[PendingFile]> {
        let pending = files.filter { $0.found != $0.planned }
        return pending.isEmpty ? .already : .differs(pending)
    }

    func foresee(_ pending: [PendingFile], on bench: Workbench) throws(BootError) {
        for file in pending where file.planned != nil {
            if try mayWrite(file.path, on: bench) { try bench.foreseeReplacing(file.path, makesDirectory: true) }
        }
    }

    func makeTrue(_ pending: [PendingFile], on bench: Workbench) throws(BootError) -> Outcome {
        let isLocked = bench.actor == .root ? try Self.lock(on: bench) : false
        defer { if isLocked { AccountLock.release() } }
        var hasWritten = false
        for file in pending {
            guard let planned = file.planned, try mayWrite(file.path, on: bench) else { continue }
            try write(file.path, planned, found: file.found, on: bench)
            hasWritten = true
        }
        return hasWritten ? .changed : .already
    }

    /// Whether a file may be written; a note says why one is left out that the user can be looked up without.
    private func mayWrite(_ path: FilePath, on bench: Workbench) throws(BootError) -> Bool {
        do throws(BootError) {
            try bench.checkIsImages("cannot write", path)
            return true
        } catch  where error.attempts.isEmpty && path != Paths.passwd {
            bench.note(error)
            return false
        }
    }

    /// Each file with what was found and what is planned, in the order of writing: groups before their members, and the
    /// passwords before the entries that refer to them.
    private var files: [PendingFile] {
        let (found, planned) = (accounts.found, accounts.planned)
        return [
            PendingFile(path: Paths.gshadow, found: found.gshadow, planned: planned.gshadow),
            PendingFile(path: Paths.group, found: found.group, planned: planned.group),
            PendingFile(path: Paths.shadow, found: found.shadow, planned: planned.shadow),
            PendingFile(path: Paths.passwd, found: found.passwd, planned: planned.passwd),
        ]
    }

    /// Writes an account file, unless it has changed since it was read.
    private func write(
        _ path: FilePath, _ planned: [UInt8], found: [UInt8]?, on bench: Workbench
    ) throws(BootError) {
        let tree = bench.tree
        var isSame = false
        try bench.perform("cannot read", path) { () throws(SystemCallError) in
            isSame = try tree.read(path) == found
        }
        guard isSame else {
            throw BootError(
                .identityAccountsChanged, "cannot write \(path)", reason: "another program changed it during the boot",
                remedy: "start the container again")
        }
        try bench.perform("cannot write", path) { () throws(SystemCallError) in
            let status = try tree.status(path, links: .refuse)
            if status == nil { try Self.makeDirectory(of: path, in: tree) }
            // Only passwd and group are created: an image without shadow files stays without them.
            try FileReplacement.replace(
                path, with: planned, mode: status?.mode ?? 0o644, owner: (status?.user ?? 0, status?.group ?? 0),
                in: tree)
        }
    }

    /// Makes the directory of a file, which an empty image lacks.
    private static func makeDirectory(of path: FilePath, in tree: FileTree) throws(SystemCallError) {
        let directory = path.parent
        guard let name = directory.lastComponent, try tree.status(directory, links: .refuse) == nil else { return }
        // The mode is right from the start, because nothing is changed later by its name.
        let umask = CurrentProcess.setUmask(0o022)
        defer { CurrentProcess.setUmask(umask) }
        try tree.openParent(of: directory, links: .refuse).makeDirectory(name, mode: 0o755)
    }

    /// Takes the lock of the account files; returns `false` where there can be no lock.
    private static func lock(on bench: Workbench) throws(BootError) -> Bool {
        let (actors, tree) = (bench.actors, bench.tree)
        do throws(SystemCallError) {
            // What the pod has mounted in its place may be anybody's, or a pipe that would block the boot.
            if actors.isElevated, try tree.isOnRootMount(AccountLock.path) == false { return false }
            // It is waited for as long as lckpwdf(3) says, and the error names it.
            bench.stopWatching()
            defer { bench.keepWatchWaiting() }
            try actors.acting(as: .root) { () throws(SystemCallError) in try AccountLock.acquire() }
            return true
        } catch  where [.readOnlyFileSystem, .permissionDenied, .noSuchFileOrDirectory].contains(error.errno) {
            // If the lock file cannot be made, no other program can have taken the lock.
            return false
        } catch {
            throw BootError(
                .identityAccountsLocked, "cannot lock the account files",
                attempts: [Attempt(as: actors.words(.root), error)],
                remedy: "another program probably holds \(error.path ?? ""): end it, and start the container again")
        }
    }
}
