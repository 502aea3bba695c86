import Linux
import SystemPackage

extension Apply {
    /// Sees to it that a directory exists and can be used, or one of its fallbacks.
    mutating func apply(_ change: DirectoryChange, by able: [Actor]) throws(BootError) -> Outcome {
        do throws(BootError) {
            return try ensure(change, by: able)
        } catch {
            for fallback in change.fallbacks {
                let own = DirectoryChange(
                    path: fallback, mode: ModeBits(rawValue: 0o770).masked(by: actors.workUmask), seedMode: 0o770,
                    own: change.own, group: change.group, use: .write)
                let outcome: Outcome
                do throws(BootError) {
                    outcome = try ensure(own, by: [.user, .seed].filter(actors.has))
                } catch {
                    // The first failure is the one to tell of.
                    continue
                }
                notes.append("\(error.message); \(Text.shown(fallback)) is used instead")
                choose(fallback, for: change.path)
                performed = performed ?? .directory(own)
                return outcome
            }
            throw error
        }
    }

    mutating func ensure(_ change: DirectoryChange, by able: [Actor]) throws(BootError) -> Outcome {
        // The working directory is often the persistent one, and every question to a file server takes its time.
        if writable.contains(change.path) && change.use == .enter { return .already }
        if let status = try look(at: change.path, as: able[0], isOnVolume: change.isOnVolume) {
            try checkUse(of: change, status)
            if change.use == .write { writable.append(change.path) }
            compare(change, with: status)
            return .already
        }
        if mode == .dryRun {
            // A boot would have made it by now.
            if expected.contains(change.path) { return .already }
            try checkMakeable(change, by: able)
            expected.append(change.path)
            return .changed
        }
        try makeMissing(change, by: able)
        try checkUse(of: change, nil)
        return .changed
    }

    /// The status of a directory, or `nil` when there is nothing at the path.
    private mutating func look(
        at path: FilePath, as actor: Actor, isOnVolume: Bool
    ) throws(BootError) -> FileStatus? {
        if mode == .dryRun && expected.contains(where: { path.starts(with: $0) }) { return nil }
        let found: FileStatus?
        do throws(SystemCallError) {
            found = try actors.acting(as: actor) { () throws(SystemCallError) in
                try tree.status(path, links: Actors.links(actor))
            }
        } catch {
            let attempt = Attempt(as: actors.words(actor), error)
            guard error.errno == .permissionDenied, actor == .user else {
                throw failure("cannot look at", path, [attempt], isOnVolume: isOnVolume)
            }
            // Nobody else can help: what a seed made there would be out of the user's reach.
            throw BootError(
                "cannot look at \(Text.shown(path))", attempts: [attempt],
                remedy: "every directory above it must let this user pass, and some servers know only the primary group"
            )
        }
        if let found { devices.append((path, found.device)) }
        guard let found, found.kind != .directory else { return found }
        if found.kind == .link {
            throw BootError(
                "cannot use \(Text.shown(path))", reason: "it is a symbolic link, which root does not follow")
        }
        throw BootError(
            "cannot use \(Text.shown(path))", reason: "it is \(found.kind.words), and a directory is expected",
            remedy: "move it away or choose another path")
    }

    /// Checks that the user can do in the directory what he must.
    private func checkUse(of change: DirectoryChange, _ status: FileStatus?) throws(BootError) {
        // Another one's rights say nothing of the user's.
        if actors.isObserver && !actors.isUser { return }
        let access: FileTree.Access
        switch change.use {
        case .none: return
        case .enter: access = .execute
        case .write: access = [.write, .execute]
        }
        if let status, isPlainlyUsable(status, for: change.use) { return }
        do throws(SystemCallError) {
            try actors.acting(as: .user) { () throws(SystemCallError) in try tree.checkAccess(change.path, access) }
        } catch {
            let action = change.use == .enter ? "cannot enter" : "cannot write in"
            var remedy = remedy(for: error, change.path, isOnVolume: change.isOnVolume)
            if error.errno == .noSuchFileOrDirectory {
                throw BootError(
                    "cannot use \(Text.shown(change.path))", reason: "it is a symbolic link that leads nowhere",
                    remedy: "remove it, or make the directory that it leads to")
            }
            if error.errno == .permissionDenied, let status, isLink(change.path) {
                // Whoever followed the advice below would follow the link, too.
                remedy =
                    "it is a symbolic link to a directory that has mode \(status.mode.octal) and belongs to "
                    + "\(status.user):\(status.group)"
            } else if error.errno == .permissionDenied, let status {
                remedy =
                    "it has mode \(status.mode.octal) and belongs to \(status.user):\(status.group): its owner can run "
                    + "chgrp \(change.group) \(Text.shown(change.path)) && chmod \(change.seedMode.octal) "
                    + Text.shown(change.path)
            }
            throw BootError(
                "\(action) \(Text.shown(change.path))", attempts: [Attempt(as: actors.words(.user), error)],
                remedy: remedy)
        }
    }

    /// Whether a directory is the user's own, and nothing is known that would stand in his way: then a file server need not
    /// be asked. Whether it takes anything at all, the first of its directories has told.
    private func isPlainlyUsable(_ status: FileStatus, for use: DirectoryChange.Use) -> Bool {
        guard status.user == actors.userID, status.mode.contains(0o700) else { return false }
        return use == .enter
            || devices.contains { $0.device == status.device && writable.contains($0.path) }
    }

    /// Whether the last component of a path is a link, as far as the user can tell.
    private func isLink(_ path: FilePath) -> Bool {
        let status = try? actors.acting(as: .user) { () throws(SystemCallError) in
            try tree.status(path, links: .refuse)
        }
        return status?.kind == .link
    }

    /// Notes how a directory that exists differs from one that the boot would make, where that matters to somebody.
    private mutating func compare(_ change: DirectoryChange, with status: FileStatus) {
        let path = Text.shown(change.path)
        if let owner = change.owner, status.user != owner {
            notes.append(
                "\(path) belongs to user \(status.user), not to \(owner), and is left as it is; correct it with "
                    + "chown \(owner):\(change.group) \(path)")
        }
        if change.isShared && !status.mode.contains(ModeBits(rawValue: change.mode.rawValue & 0o2070)) {
            notes.append(
                "\(path) has mode \(status.mode.octal): others of group \(status.group) cannot share all of it; its owner "
                    + "(\(status.user)) can correct it with chmod \(change.mode.octal) \(path)")
        }
        // What lies within a directory that is closed needs no word.
        if change.isOnVolume && status.mode.rawValue & 0o007 & ~change.mode.rawValue != 0 && change.use == .write
            && status.user == actors.userID
        {
            notes.append(
                "\(path) has mode \(status.mode.octal): everyone can enter it; correct it with "
                    + "chmod o-rwx \(path)")
        }
    }

    /// Whether a dry run's directory could be made, and by whom.
    private mutating func checkMakeable(_ change: DirectoryChange, by able: [Actor]) throws(BootError) {
        // An image has none of the volumes that a pod mounts there.
        guard tree.root == "/" else { return }
        var parent = change.path.parent
        while parent.lastComponent != nil, try look(at: parent, as: able[0], isOnVolume: change.isOnVolume) == nil {
            if isExpected(parent) { return }
            parent = parent.parent
        }
        var attempts: [Attempt] = []
        for actor in able where actor != .seed || seedDirectories?.contains(parent) != false {
            identity = actors.words(actor)
            // What another may do is not for an observer to see.
            if actors.isObserver && !(actor == .user && actors.isUser) { return }
            do throws(SystemCallError) {
                try actors.acting(as: actor) { () throws(SystemCallError) in
                    try tree.checkAccess(parent, [.write, .execute])
                }
                tell(change, madeBy: actor)
                return
            } catch {
                attempts.append(Attempt(as: identity, error))
                guard error.errno == .permissionDenied || error.errno == .notPermitted else { break }
            }
        }
        throw failure("cannot create", change.path, attempts, isOnVolume: change.isOnVolume)
    }

    /// Makes a directory and the missing ones above it.
    private mutating func makeMissing(_ change: DirectoryChange, by able: [Actor]) throws(BootError) {
        var missing: [FilePath] = [change.path]
        var parent = change.path.parent
        while parent.lastComponent != nil, try look(at: parent, as: able[0], isOnVolume: change.isOnVolume) == nil {
            missing.append(parent)
            parent = parent.parent
        }
        var made: [FilePath] = []
        for path in missing.reversed() {
            // A directory deeper down may be anybody's, the seed user's own among them: with his rights nothing is put there.
            let parent = path.removingLastComponent()
            let isSeeds = seedDirectories.map { $0.contains(parent) || made.contains(parent) } ?? true
            try makeOne(path, change, by: able.filter { $0 != .seed || isSeeds })
            made.append(path)
        }
    }

    /// Makes one directory as the first actor who may.
    private mutating func makeOne(
        _ path: FilePath, _ change: DirectoryChange, by able: [Actor]
    ) throws(BootError) {
        if able.isEmpty {
            throw BootError(
                "cannot create \(Text.shown(path))",
                reason: "the seed user may only work in the directories that the "
                    + "image names",
                remedy: "name \(Text.shown(path.removingLastComponent())) in scratch.seedDirectories")
        }
        var attempts: [Attempt] = []
        for actor in able {
            do throws(SystemCallError) {
                try actors.acting(as: actor) { () throws(SystemCallError) in
                    try make(path, change, as: actor)
                }
                identity = actors.words(actor)
                if path == change.path { tell(change, madeBy: actor) }
                return
            } catch {
                attempts.append(Attempt(as: actors.words(actor), error))
                // Only what was not permitted may succeed as somebody else.
                guard error.errno == .permissionDenied || error.errno == .notPermitted else { break }
            }
        }
        throw failure("cannot create", path, attempts, isOnVolume: change.isOnVolume)
    }

    /// Notes the mode of a directory as it was made, where that is not the one that was planned.
    private mutating func tell(_ change: DirectoryChange, madeBy actor: Actor) {
        if change.mode(by: actor) != change.mode { performed = .directory(change.made(by: actor)) }
    }

    private mutating func make(
        _ path: FilePath, _ change: DirectoryChange, as actor: Actor
    ) throws(SystemCallError) {
        guard let name = path.lastComponent else { return }
        let isTarget = path == change.path
        let parent = try tree.openParent(of: path, links: Actors.links(actor))
        let mode =
            isTarget
            ? change.mode(by: actor) : change.mode(ofParent: path, by: actor, umask: actors.workUmask)
        do throws(SystemCallError) {
            if actor == .root || isTarget && change.isShared {
                return try makeWhole(name, in: parent, change, mode: mode, isTarget, path, as: actor)
            }
            // The umask has been considered. With these bits from the start, a boot that is killed here locks nobody out.
            let umask = CurrentProcess.setUmask(0)
            defer { CurrentProcess.setUmask(umask) }
            try parent.makeDirectory(name, mode: mode)
        } catch  where error.errno == .fileExists {
            // Another container of the same user was faster; what it made is checked like any other.
            return
        }
        do throws(SystemCallError) {
            try settle(name, in: parent, change, mode: mode, isTarget: isTarget, path, as: actor)
        } catch {
            // Half made, it would be taken for somebody else's by the next boot.
            try? parent.removeDirectory(name)
            throw error
        }
    }

    /// Makes a directory under another name first: a boot that is killed in between must not leave a home that belongs to
    /// root, and no other shall see a shared directory that is not yet open to all of the group. No later boot would change
    /// either.
    private mutating func makeWhole(
        _ name: FilePath.Component, in parent: borrowing Directory, _ change: DirectoryChange, mode: ModeBits,
        _ isTarget: Bool, _ path: FilePath, as actor: Actor
    ) throws(SystemCallError) {
        let temporary = TemporaryName.make(for: name)
        try parent.makeDirectory(temporary, mode: actor == .root ? 0o700 : mode)
        do throws(SystemCallError) {
            try settle(temporary, in: parent, change, mode: mode, isTarget: isTarget, path, as: actor)
            try parent.move(temporary, to: name, in: parent)
        } catch {
            try? parent.removeDirectory(temporary)
            throw error
        }
        // What boots left that were killed here is empty; root removes nothing else, whoever made it.
        guard let directory = try? tree.openDirectory(parent.path, links: Actors.links(actor)) else { return }
        TemporaryName.removeStaleDirectories(for: name, in: directory)
    }

    /// Gives a directory that was just made its mode, owner and group.
    private mutating func settle(
        _ name: FilePath.Component, in parent: borrowing Directory, _ change: DirectoryChange, mode: ModeBits,
        isTarget: Bool, _ path: FilePath, as actor: Actor
    ) throws(SystemCallError) {
        // Not through the path again: whatever took its place meanwhile is not ours to change.
        let directory = try parent.open(name, [.readOnly, .directory])
        let made = try directory.status(path: path)
        // A directory inherits the set-group-ID bit of its parent (inode(7)), which stays.
        let mode = ModeBits(rawValue: mode.rawValue | made.mode.rawValue & 0o2000)
        if actor == .root {
            // In a directory where others may rename things, one of those may have come into its place.
            guard made.user == 0 else { throw SystemCallError(call: "fchown", path: path, errno: .notPermitted) }
            guard try directory.entryNames(path: path).isEmpty else {
                throw SystemCallError(call: "mkdirat", path: path, errno: .fileExists)
            }
            // While it is root's: the mode of somebody else's needs one more capability.
            try directory.setMode(mode, path: path)
            try directory.setOwner(user: isTarget ? change.owner : 0, group: isTarget ? change.group : 0, path: path)
            return
        }
        if made.group != change.group {
            do throws(SystemCallError) {
                try directory.setOwner(user: nil, group: change.group, path: path)
            } catch {
                notes.append(
                    "\(Text.shown(path)) belongs to group \(made.group), not to \(change.group): \(error.reason) "
                        + "(\(error.symbol))")
            }
        }
        // After the group: the kernel takes the set-group-ID bit from who is not in the directory's group (chmod(2)).
        if !made.mode.contains(mode) { try directory.setMode(mode, path: path) }
    }
}
