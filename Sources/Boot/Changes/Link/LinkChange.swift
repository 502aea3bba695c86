package import Linux
internal import Text

/// A link in the home leads to where things are kept. What was in its place is also kept.
package struct LinkChange: Equatable, Sendable {
    /// What the link leads to.
    package enum Kind: String, Sendable { case file, directory }

    /// The link.
    package let path: FilePath
    /// The link's target; absolute.
    package let target: FilePath
    package let kind: Kind
    /// The mode, before the umask, of a target that is made; `nil` when a missing target means that no link is made.
    package let mode: ModeBits?
    /// Who may own an existing target, because the user's programs run what is in it; `nil` for anybody.
    package let owners: [UInt32]?

    package init(_ path: FilePath, to target: FilePath, _ kind: Kind, mode: ModeBits?, owners: [UInt32]? = nil) {
        self.path = path
        self.target = target
        self.kind = kind
        self.mode = mode
        self.owners = owners
    }
}

extension LinkChange: CheckedChange {
    var goal: String { "link \(path.shown()) to \(target.shown())" }

    func done(by identity: String) -> String { "linked \(path.shown()) to \(target.shown()) as \(identity)" }

    var deed: Deed { .linked(path, to: target) }

    var subject: FilePath? { path }

    var needed: [FilePath] { [path, target] }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? {
        .link(LinkChange(resolve(path), to: resolve(target), kind, mode: mode, owners: owners))
    }

    /// What remains of the change if the link's place is its own target: the target exists.
    private var withoutLink: Change {
        guard kind == .directory else { return .firstFile(FirstFileChange(path: target, mode: mode ?? 0o666)) }
        return .directory(
            DirectoryChange(
                at: DirectoryChange.Place(target), made: DirectoryChange.Form(mode: mode ?? 0o777, group: 0), use: .none
            ))
    }
}

// Checking.
extension LinkChange {
    /// What is to be done.
    enum Difference {
        /// The link is right, or not needed, and its target does not exist.
        case noTarget
        /// Something else is in the link's place.
        case obstacle(FileStatus, target: FileStatus?)
        /// There is no link, or one that leads elsewhere.
        case noLink(leadsTo: FilePath?, makesTarget: Bool)
    }

    func check(on bench: Workbench) throws(BootError) -> Finding<Difference> {
        // A home that lies in the persistent directory needs no link.
        if path == target { bench.performed = withoutLink }
        let entry = path == target ? .link(to: target) : try look(on: bench)
        if case .link(target) = entry { return try isTargetToBeMade(on: bench) ? .differs(.noTarget) : .already }
        let found = try lookAtTarget(on: bench)
        if case .other(let status) = entry {
            if let found, found.isSame(as: status) { return .already }
            if bench.isMountPoint(path) {
                return .skipped(.filesMount, "\(path.shown()) is a mount or holds one, and is left alone")
            }
            return .differs(.obstacle(status, target: found))
        }
        let isMissing = found == nil && !bench.ledger.isPresentOrExpected(target)
        if mode == nil && isMissing { return .unneeded("there is no \(target.shown())") }
        guard case .link(let other) = entry else {
            return .differs(.noLink(leadsTo: nil, makesTarget: isMissing))
        }
        return .differs(.noLink(leadsTo: other, makesTarget: isMissing))
    }

    /// What is where the link should be.
    private enum Entry {
        case nothing
        case link(to: FilePath)
        case other(FileStatus)
    }

    private func look(on bench: Workbench) throws(BootError) -> Entry {
        if bench.isExpected(path) { return .nothing }
        return try bench.perform("cannot look at", path) { () throws(SystemCallError) in
            if let target = try bench.tree.linkTarget(path, links: .follow) { return .link(to: target) }
            guard let status = try bench.tree.entryStatus(path) else { return .nothing }
            // It may have become a link between the two calls; the next round will show.
            return status.kind == .link ? .link(to: "") : .other(status)
        }
    }

    /// Whether there is no target, but one must be made.
    private func isTargetToBeMade(on bench: Workbench) throws(BootError) -> Bool {
        if bench.ledger.isPresentOrExpected(target) { return false }
        return try lookAtTarget(on: bench) == nil && mode != nil
    }

    /// The target's status, after following its own links; `nil` when there is no target.
    private func lookAtTarget(on bench: Workbench) throws(BootError) -> FileStatus? {
        if bench.isExpected(target) { return nil }
        func status(_ body: () throws(SystemCallError) -> FileStatus?) throws(BootError) -> FileStatus? {
            try bench.perform("cannot look at", target) { () throws(SystemCallError) in
                do throws(SystemCallError) {
                    return try body()
                } catch {
                    // The reader need not know which of the two calls failed.
                    throw SystemCallError(call: "stat", path: error.path, errno: error.errno)
                }
            }
        }
        // A path that is not a link costs only one call, because each call to a file server takes time.
        guard let entry = try status({ () throws(SystemCallError) in try bench.tree.entryStatus(target) }) else {
            return nil
        }
        let found =
            entry.kind == .link
            ? try status { () throws(SystemCallError) in try bench.tree.status(target, links: .follow) } : entry
        guard let status = found else {
            throw error(
                .filesSymbolicLink, "that is a symbolic link to something that does not exist",
                "remove it, or make its target")
        }
        guard (status.kind == .directory) == (kind == .directory) else {
            throw error(
                .filesWrongKind, "that is \(status.kind.words), and a \(kind.rawValue) is expected", "move it away")
        }
        guard let owners else { return status }
        // Whoever owns a link can point it elsewhere.
        if let owner = [status.user, entry.user].first(where: { !owners.contains($0) }) {
            throw error(
                .filesForeignOwner,
                "that belongs to user \(owner), whose files there could run as user \(bench.actors.userID)",
                "look at it, and move it away")
        }
        return status
    }

    private func error(_ id: MessageIdentifier, _ reason: String, _ remedy: String) -> BootError {
        BootError(id, "cannot link \(path.shown()) to \(target.shown())", reason: reason, remedy: remedy)
    }
}

// Making it true.
extension LinkChange {
    func foresee(_ difference: Difference, on bench: Workbench) throws(BootError) {
        switch difference {
        case .noTarget: try bench.foreseeMaking(target)
        case .obstacle(let status, let found):
            try bench.foreseeMaking(path, "cannot move away")
            foreseeClearing(status, found, on: bench)
        case .noLink(_, let makesTarget):
            if makesTarget { try bench.foreseeMaking(target) }
            try bench.foreseeMaking(path, "cannot link")
        }
        bench.ledger.expect(target)
    }

    /// Others may work in the same home: each round looks again, and this many rounds are always enough.
    private static let mostRounds = 16

    func makeTrue(_ difference: Difference, on bench: Workbench) throws(BootError) -> Outcome {
        var difference = difference
        for _ in 0..<Self.mostRounds {
            if let outcome = try makeOnce(difference, on: bench) { return outcome }
            let finding = try check(on: bench)
            guard case .differs(let other) = finding else { return finding.outcome }
            difference = other
        }
        throw BootError(.filesBusy, "cannot link \(path.shown())", reason: "another program keeps changing it")
    }

    /// Does what must be done; returns `nil` when what is there now must be checked again.
    private func makeOnce(_ difference: Difference, on bench: Workbench) throws(BootError) -> Outcome? {
        switch difference {
        case .noTarget: return try makeTarget(on: bench) ? .changed : .already
        case .obstacle(let status, let target): return try clear(status, target, on: bench) ? nil : .already
        case .noLink(let other, let makesTarget):
            if makesTarget { try makeTarget(on: bench) }
            return try makeLink(replacing: other, on: bench) ? .changed : nil
        }
    }

    /// Makes the target; returns `false` when another process was faster.
    @discardableResult
    private func makeTarget(on bench: Workbench) throws(BootError) -> Bool {
        let isMade = try bench.perform("cannot create", target) { () throws(SystemCallError) in
            guard let name = target.lastComponent, let mode else { return false }
            let parent = try bench.tree.openParent(of: target, links: .follow)
            do throws(SystemCallError) {
                switch kind {
                case .directory: try parent.makeDirectory(name, mode: mode)
                case .file: try parent.open(name, [.writeOnly, .create, .exclusive], mode: mode).close()
                }
                return true
            } catch  where error.errno == .fileExists {
                return false
            }
        }
        if !isMade { _ = try lookAtTarget(on: bench) }
        bench.ledger.notePresent(target)
        return isMade
    }

    /// Makes the link; returns `false` when something else has taken its place.
    private func makeLink(replacing other: FilePath?, on bench: Workbench) throws(BootError) -> Bool {
        let isMade = try bench.perform("cannot link", path) { () throws(SystemCallError) in
            guard let name = path.lastComponent else { return true }
            let parent = try bench.tree.openParent(of: path, links: .follow)
            guard other != nil else {
                do throws(SystemCallError) {
                    try parent.makeLink(name, to: target)
                    removeLeftovers(on: bench)
                    return true
                } catch  where error.errno == .fileExists {
                    return false
                }
            }
            let temporary = TemporaryName.make(for: name)
            do throws(SystemCallError) {
                try parent.makeLink(temporary, to: target)
                try parent.replace(name, in: parent, with: temporary)
                removeLeftovers(on: bench)
                return true
            } catch {
                _ = try? parent.remove(temporary)
                // A directory has taken the place of the link.
                if error.errno == .isDirectory { return false }
                throw error
            }
        }
        if let other, isMade { bench.add(remark: "it was a link to \(other.shown())") }
        return isMade
    }

    private func removeLeftovers(on bench: Workbench) {
        Leftovers.remove(
            beside: path, Leftovers.Proof(links: [target, LinkEnds.probe]), in: bench.tree,
            progress: bench.keepWatchWaiting)
    }
}
