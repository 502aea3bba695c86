import Linux
internal import Text

/// What is looked at before a directory is used: what is there, whose it is, and what the user can do there.
extension DirectoryChange {
    /// The status of a directory, or `nil` when there is nothing at the path.
    func look(at path: FilePath, on bench: Workbench) throws(BootError) -> FileStatus? {
        try lookWithLink(at: path, on: bench).status
    }

    /// The status of a directory, and of the link that leads to it, if the path is a link and the actor follows it.
    func lookWithLink(
        at path: FilePath, on bench: Workbench
    ) throws(BootError) -> (status: FileStatus?, link: FileStatus?) {
        if bench.isExpected(path) { return (nil, nil) }
        let actor = bench.actor
        var found: FileStatus?
        var link: FileStatus?
        do throws(SystemCallError) {
            found = try bench.actors.acting(as: actor) { () throws(SystemCallError) in
                if Actors.links(actor) == .refuse { return try bench.tree.status(path, links: .refuse) }
                // A path that is not a link costs only one call to the server.
                let entry = try bench.tree.entryStatus(path)
                guard entry?.kind == .link else { return entry }
                link = entry
                return try bench.tree.status(path, links: .follow)
            }
        } catch let first {
            // The reader need not know which of the two calls failed.
            let call = first.call == "lstat" ? "stat" : first.call
            let error = SystemCallError(call: call, path: first.path, errno: first.errno)
            let attempt = Attempt(as: bench.actors.words(actor), error)
            guard error.errno == .permissionDenied, actor == .user else {
                throw bench.failure("cannot look at", path, [attempt], isOnVolume: place.isOnVolume)
            }
            // Nobody else can help: the user could not reach what a seed made there.
            throw BootError(
                place.isOnVolume ? .scratchPermissionDenied : .filesPermissionDenied, "cannot look at \(path.shown())",
                attempts: [attempt],
                remedy: "every directory above it must let this user pass, and some servers know only the primary group"
            )
        }
        if let found { bench.ledger.note(path, device: found.device) }
        guard let found, found.kind != .directory else { return (found, link) }
        if found.kind == .link {
            throw BootError(
                .filesSymbolicLink, "cannot use \(path.shown())",
                reason: "it is a symbolic link, which root does not follow")
        }
        throw BootError(
            .filesWrongKind, "cannot use \(path.shown())",
            reason: "it is \(found.kind.words), and a directory is expected",
            remedy: "move it away or choose another path")
    }

    /// Checks that a file in the directory, or a link with its name, belongs to somebody who may own the directory: its
    /// owner can read what is written there.
    func checkOwnersOfFiles(on bench: Workbench) throws(BootError) {
        guard let owners = trust.owners else { return }
        for name in trust.files {
            let file = path.appending(name)
            guard let status = try bench.look(at: file), !owners.contains(status.user) else { continue }
            throw BootError(
                .filesForeignOwner, "cannot use \(file.shown())",
                reason:
                    "it belongs to user \(status.user), who could read what user \(bench.actors.userID) writes there",
                remedy: "move it away")
        }
    }

    /// Checks that a directory, and a link to it, belongs to somebody who may put files there that run as the user.
    ///
    /// - Parameter path: the directory itself, or one above it.
    func checkOwner(
        at path: FilePath, _ status: FileStatus, _ link: FileStatus?, on bench: Workbench
    ) throws(BootError) {
        guard let owners = trust.owners else { return }
        let (owner, what): (UInt32, String)
        if !owners.contains(status.user) {
            (owner, what) = (status.user, link == nil ? "it" : "it is a symbolic link to a directory that")
        } else if let link, !owners.contains(link.user) {
            // Whoever owns the link can point it elsewhere.
            (owner, what) = (link.user, "it is a symbolic link that")
        } else {
            return
        }
        throw foreignOwner(owner, of: path, what, isLink: link != nil, on: bench)
    }

    /// The error about a directory of somebody else's.
    ///
    /// - Parameter what: what belongs to the owner, in words.
    private func foreignOwner(
        _ owner: UInt32, of path: FilePath, _ what: String, isLink: Bool, on bench: Workbench
    ) -> BootError {
        let user = bench.actors.userID
        // Anyone who followed the advice would follow a link, too.
        let correction =
            isLink ? "remove the link" : "its owner or root can run chown \(user):\(made.group) \(path.shown())"
        let remedy =
            "\(correction), or the image's configuration can permit the owner: scratch.homeOwners: [\(owner)]"
        let whose = owner == 0 ? "root" : "user \(owner)\(Self.name(ofUser: owner, on: bench))"
        // A volume with a directory of the user's name has rarely got it from somebody else of that name.
        guard place.isOnVolume, path == self.path, !isLink, (try? ValueFormats.accountID(String(owner))) != nil
        else {
            return BootError(
                path == self.path && place.isOnVolume ? .scratchForeignOwner : .filesForeignOwner,
                "cannot use \(path.shown())",
                reason: "\(what) belongs to \(whose), whose files there could run as user \(user)", remedy: remedy)
        }
        let variable = PodVariables.userID.name
        return BootError(
            .scratchForeignOwner, "cannot use \(path.shown())",
            reason: "\(what) belongs to \(whose), and \(variable) is \(user)",
            remedy:
                "probably \(variable) must be \(owner); if \(user) is right, files of the owner's there could run as "
                + "user \(user): \(remedy)")
    }

    /// The name of a user of the image, in parentheses; empty for a system account, whose id means somebody else on a
    /// file server.
    private static func name(ofUser user: UInt32, on bench: Workbench) -> String {
        guard user >= 1000, let passwd = (try? bench.tree.read(Paths.passwd)) ?? nil,
            let entry = AccountText<UserEntry>(passwd).first(withID: user)?.entry
        else { return "" }
        return " (\(entry.name.shownName))"
    }

    /// Checks who owns the directories above one, within the user's own tree: the owner of any of them can replace what
    /// is in it. A directory that cannot be looked at is reported when it is used.
    func checkOwnersAbove(on bench: Workbench) throws(BootError) {
        // What is above the user's own place belongs to the pod.
        guard trust.owners != nil, !place.own.contains(self.path) else { return }
        var path = self.path.parent
        while place.own.contains(where: { path != $0 && path.starts(with: $0) }) {
            // The owner of a link that leads nowhere yet decides what will be there.
            if let (status, link) = try? lookWithLink(at: path, on: bench), let found = status ?? link {
                try checkOwner(at: path, found, link, on: bench)
            }
            path = path.parent
        }
    }

    /// Checks that the user can use the directory as planned.
    func checkUse(_ status: FileStatus?, on bench: Workbench) throws(BootError) {
        // The rights of another user say nothing about the user's.
        if bench.actors.isObserver && !bench.actors.isUser { return }
        let access: FileTree.Access
        switch use {
        case .none: return
        case .enter: access = .execute
        case .write: access = [.write, .execute]
        }
        if let status, isPlainlyUsable(status, on: bench) { return }
        do throws(SystemCallError) {
            try bench.actors.acting(as: .user) { () throws(SystemCallError) in try bench.tree.checkAccess(path, access)
            }
        } catch {
            let action = use == .enter ? "cannot enter" : "cannot write in"
            var remedy: String?
            if error.errno == .noSuchFileOrDirectory {
                throw BootError(
                    .filesSymbolicLink, "cannot use \(path.shown())",
                    reason: "it is a symbolic link that leads nowhere",
                    remedy: "remove it, or make the directory that it leads to")
            }
            if error.errno == .permissionDenied, let status, isLink(on: bench) {
                // Anyone who followed the advice below would follow the link, too.
                remedy =
                    "it is a symbolic link to a directory that has mode \(status.mode.octal) and belongs to "
                    + "\(status.user):\(status.group)"
            } else if error.errno == .permissionDenied, let status {
                remedy =
                    "it has mode \(status.mode.octal) and belongs to \(status.user):\(status.group): its owner can run "
                    + "chgrp \(made.group) \(path.shown()) && chmod \(made.seedMode.octal) "
                    + path.shown()
            }
            throw bench.failure(
                action, path, [Attempt(as: bench.actors.words(.user), error)], isOnVolume: place.isOnVolume,
                remedy: remedy)
        }
    }

    /// Whether the user owns a directory and nothing is known to be in the way: then the file server need not be asked.
    /// The first directory on a device has shown whether anything can be written there at all.
    private func isPlainlyUsable(_ status: FileStatus, on bench: Workbench) -> Bool {
        guard status.user == bench.actors.userID, status.mode.contains(0o700) else { return false }
        return use == .enter || bench.ledger.isWritable(device: status.device)
    }

    /// Whether the last component of the path is a link, as far as the user can tell.
    private func isLink(on bench: Workbench) -> Bool {
        let status = try? bench.actors.acting(as: .user) { () throws(SystemCallError) in
            try bench.tree.status(path, links: .refuse)
        }
        return status?.kind == .link
    }

    /// Notes that nothing more can be stored in an existing directory: the user is told before it is too late.
    func tellFull(on bench: Workbench) {
        guard place.needsSpace else { return }
        let isFull = try? bench.actors.acting(as: .user) { () throws(SystemCallError) in try bench.tree.isFull(path) }
        guard isFull == true else { return }
        let error = bench.failure(
            "nothing can be stored in", path,
            [
                Attempt(as: bench.actors.words(.user), SystemCallError(call: "statvfs", path: path, errno: .noSpace))
            ], isOnVolume: place.isOnVolume)
        bench.note(error)
    }

    /// Notes how an existing directory differs from one that the boot would make, where that matters to somebody.
    func compare(with status: FileStatus, on bench: Workbench) {
        let path = path.shown()
        if let owner = made.owner, status.user != owner {
            bench.note(
                .filesOwner,
                "\(path) belongs to user \(status.user), not to \(owner), and is left as it is; correct it with "
                    + "chown \(owner):\(made.group) \(path)")
        }
        if made.isShared && !status.mode.contains(ModeBits(rawValue: made.mode.rawValue & 0o2070)) {
            bench.note(
                .filesMode,
                "\(path) has mode \(status.mode.octal): others of group \(status.group) cannot share all of it; its owner "
                    + "(\(status.user)) can correct it with chmod \(made.mode.octal) \(path)")
        }
        // What lies in a closed directory is not worth a note.
        let isOpen =
            place.isOnVolume && status.mode.rawValue & 0o007 & ~made.mode.rawValue != 0 && use == .write
            && status.user == bench.actors.userID
        let whose = status.user == bench.actors.userID ? "" : "its owner (\(status.user)) can "
        if made.mode.contains(0o1000) && status.mode.rawValue & 0o1020 == 0o020 {
            let corrected = ModeBits(rawValue: status.mode.rawValue & (isOpen ? ~0o007 : ~0) | 0o1000)
            bench.note(
                .filesMode,
                "\(path) has mode \(status.mode.octal): others of group \(status.group) can move the user's files away; "
                    + "\(whose)correct it with chmod \(corrected.octal) \(path)")
        }
        if trust.startup != nil && status.mode.rawValue & 0o033 != 0 {
            bench.note(
                .filesMode,
                "\(path) has mode \(status.mode.octal): others can enter it or change what shells run; "
                    + "\(whose)correct it with chmod 700 \(path)")
        }
        if isOpen {
            bench.note(
                .filesMode,
                "\(path) has mode \(status.mode.octal): everyone can enter it; correct it with "
                    + "chmod o-rwx \(path)")
        }
    }
}
