import Linux
import SystemPackage
internal import Text

extension Apply {
    /// Sees to it that a directory exists and can be used, or one of its fallbacks.
    mutating func apply(_ change: DirectoryChange, by able: [Actor]) throws(BootError) -> Outcome {
        if change.isRoots, let reason = try reasonAgainstRoot(at: change.path) { return .skipped(reason) }
        do throws(BootError) {
            return try ensure(change, by: able)
        } catch {
            for fallback in change.fallbacks {
                // What the plan says of such a place counts here, too.
                let own =
                    plannedDirectories.first { $0.path == fallback && !$0.isLeftToOthers }?.used(for: .write)
                    ?? DirectoryChange(
                        path: fallback, mode: ModeBits(rawValue: 0o770).masked(by: actors.workUmask), seedMode: 0o770,
                        own: change.own, group: change.group, use: .write,
                        // What lies in the home has the same owners.
                        owners: plannedDirectories.first { fallback.starts(with: $0.path) && $0.owners != nil }?.owners
                            .map { $0 + [0] })
                let outcome: Outcome
                do throws(BootError) {
                    outcome = try ensure(own, by: [.user, .seed].filter(actors.has))
                } catch {
                    // The first failure is the one to tell of.
                    continue
                }
                notes.append("\(error.message); \(fallback.shown()) is used instead")
                choose(fallback, for: change.path)
                performed = performed ?? .directory(own)
                return outcome
            }
            throw error
        }
    }

    mutating func ensure(_ change: DirectoryChange, by able: [Actor]) throws(BootError) -> Outcome {
        // Programs find some of these files without the directory.
        defer { tellForeignFiles(of: change) }
        // The working directory is often the persistent one, and every question to a file server takes its time.
        let isAsked = change.owners != nil || change.startup != nil
        if writable.contains(change.path) && change.use == .enter && !isAsked { return .already }
        try checkOwnersAbove(change, by: able[0])
        let (found, link) = try lookWithLink(at: change.path, as: able[0], isOnVolume: change.isOnVolume)
        if let status = found {
            try checkOwner(of: change, status, link)
            try checkUse(of: change, status)
            if change.use == .write { writable.append(change.path) }
            compare(change, with: status)
            return .already
        }
        if change.isLeftToOthers { return .unneeded("there is none") }
        if mode == .dryRun {
            // A boot would have made it by now.
            if expected.contains(change.path) { return .already }
            try checkMakeable(change, by: able)
            expected.append(change.path)
            return .changed
        }
        try makeMissing(change, by: able)
        if change.owners != nil {
            // Another one may have been faster.
            let (found, link) = try lookWithLink(at: change.path, as: able[0], isOnVolume: change.isOnVolume)
            if let found { try checkOwner(of: change, found, link) }
            try checkOwnersAbove(change, by: able[0])
        }
        try checkUse(of: change, nil)
        return .changed
    }

    /// The status of a directory, or `nil` when there is nothing at the path.
    mutating func look(
        at path: FilePath, as actor: Actor, isOnVolume: Bool
    ) throws(BootError) -> FileStatus? {
        try lookWithLink(at: path, as: actor, isOnVolume: isOnVolume).status
    }

    /// Likewise, and the link that leads to the directory, if the path is one and the actor follows it.
    private mutating func lookWithLink(
        at path: FilePath, as actor: Actor, isOnVolume: Bool
    ) throws(BootError) -> (status: FileStatus?, link: FileStatus?) {
        if mode == .dryRun && expected.contains(where: { path.starts(with: $0) }) { return (nil, nil) }
        var found: FileStatus?
        var link: FileStatus?
        do throws(SystemCallError) {
            found = try actors.acting(as: actor) { () throws(SystemCallError) in
                if Actors.links(actor) == .refuse { return try tree.status(path, links: .refuse) }
                // One question to the server for what is no link.
                let entry = try tree.entryStatus(path)
                guard entry?.kind == .link else { return entry }
                link = entry
                return try tree.status(path, links: .follow)
            }
        } catch let first {
            // To the reader both questions are one.
            let call = first.call == "lstat" ? "stat" : first.call
            let error = SystemCallError(call: call, path: first.path, errno: first.errno)
            let attempt = Attempt(as: actors.words(actor), error)
            guard error.errno == .permissionDenied, actor == .user else {
                throw failure("cannot look at", path, [attempt], isOnVolume: isOnVolume)
            }
            // Nobody else can help: what a seed made there would be out of the user's reach.
            throw BootError(
                "cannot look at \(path.shown())", attempts: [attempt],
                remedy: "every directory above it must let this user pass, and some servers know only the primary group"
            )
        }
        if let found { devices.append((path, found.device)) }
        guard let found, found.kind != .directory else { return (found, link) }
        if found.kind == .link {
            throw BootError(
                "cannot use \(path.shown())", reason: "it is a symbolic link, which root does not follow")
        }
        throw BootError(
            "cannot use \(path.shown())", reason: "it is \(found.kind.words), and a directory is expected",
            remedy: "move it away or choose another path")
    }

    /// Checks that a directory, and a link to it, belongs to somebody who may put files there that run as the user.
    private func checkOwner(
        of change: DirectoryChange, _ status: FileStatus, _ link: FileStatus?
    ) throws(BootError) {
        guard let owners = change.owners else { return }
        let path = change.path.shown()
        let (owner, what): (UInt32, String)
        if !owners.contains(status.user) {
            (owner, what) = (status.user, link == nil ? "it" : "it is a symbolic link to a directory that")
        } else if let link, !owners.contains(link.user) {
            // Whoever owns it can let it lead elsewhere.
            (owner, what) = (link.user, "it is a symbolic link that")
        } else {
            return
        }
        // Whoever followed the advice would follow a link, too.
        let correction =
            link != nil ? "remove the link" : "its owner or root can run chown \(actors.userID):\(change.group) \(path)"
        throw BootError(
            "cannot use \(path)",
            reason: "\(what) belongs to user \(owner), whose files there could run as user "
                + "\(actors.userID)",
            remedy: "is NB_UID right? \(correction), or the image's configuration can permit the owner: "
                + "scratch.homeOwners: [\(owner)]")
    }

    /// Checks whose the directories above one are, as far as they are the user's own: who owns one of them can put another
    /// into its place. One that cannot be looked at will be told of when it is to be used.
    private mutating func checkOwnersAbove(_ change: DirectoryChange, by actor: Actor) throws(BootError) {
        // What is above the user's own place is the pod's.
        guard change.owners != nil, !change.own.contains(change.path) else { return }
        var path = change.path.parent
        while change.own.contains(where: { path != $0 && path.starts(with: $0) }) {
            if let (status, link) = try? lookWithLink(at: path, as: actor, isOnVolume: change.isOnVolume), let status {
                try checkOwner(of: change.moved(to: path), status, link)
            }
            path = path.parent
        }
    }

    /// Tells of every file which shells and git run, and which somebody has put there who may not.
    private mutating func tellForeignFiles(of change: DirectoryChange) {
        guard let startup = change.startup else { return }
        let homeFiles = startup.homeFiles.map(resolved).filter { path in
            path.starts(with: startup.volume) && !startup.files.contains(path)
        }
        for path in startup.files + homeFiles {
            let found = try? actors.acting(as: .user) { () throws(SystemCallError) in try tree.entryStatus(path) }
            guard let status = found ?? nil else { continue }
            seen.append((path, status))
            if startup.owners.contains(status.user) { continue }
            if status.kind == .directory {
                notes.append(
                    "\(path.shown()) belongs to user \(status.user), whose files there could run as user "
                        + "\(actors.userID); look at it, and move it away")
                continue
            }
            notes.append(
                "\(path.shown()) belongs to user \(status.user), and what it says runs as user \(actors.userID); "
                    + "look at it, and remove it or run chown -h \(actors.userID):\(change.group) \(path.shown())")
        }
    }

    /// Checks that the user can do in the directory what must be done there.
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
                    "cannot use \(change.path.shown())", reason: "it is a symbolic link that leads nowhere",
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
                    + "chgrp \(change.group) \(change.path.shown()) && chmod \(change.seedMode.octal) "
                    + change.path.shown()
            }
            throw BootError(
                "\(action) \(change.path.shown())", attempts: [Attempt(as: actors.words(.user), error)],
                remedy: remedy)
        }
    }

    /// Whether a directory is the user's own, and nothing is known that would stand in the user's way: then a file server need not
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
        let path = change.path.shown()
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
        let isOpen =
            change.isOnVolume && status.mode.rawValue & 0o007 & ~change.mode.rawValue != 0 && change.use == .write
            && status.user == actors.userID
        let whose = status.user == actors.userID ? "" : "its owner (\(status.user)) can "
        if change.mode.contains(0o1000) && status.mode.rawValue & 0o1020 == 0o020 {
            let corrected = ModeBits(rawValue: status.mode.rawValue & (isOpen ? ~0o007 : ~0) | 0o1000)
            notes.append(
                "\(path) has mode \(status.mode.octal): others of group \(status.group) can move the user's files away; "
                    + "\(whose)correct it with chmod \(corrected.octal) \(path)")
        }
        if change.startup != nil && status.mode.rawValue & 0o033 != 0 {
            notes.append(
                "\(path) has mode \(status.mode.octal): others can enter it or change what shells run; "
                    + "\(whose)correct it with chmod 700 \(path)")
        }
        if isOpen {
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
        for actor in able {
            let named = actor == .seed ? seedPlaces.named(parent, for: change.path, made: []) : nil
            if named?.isEmpty == true { continue }
            identity = actors.words(actor)
            if let named, let refusal = try seedRefusal(at: parent, named) {
                throw failure("cannot create", change.path, attempts, isOnVolume: change.isOnVolume, remedy: refusal)
            }
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
}
