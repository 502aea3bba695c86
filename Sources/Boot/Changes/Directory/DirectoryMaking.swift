import Linux
internal import Text

/// How directories are made: either complete at once, or where only their maker can reach them. Nothing is changed
/// later by a directory's name.
extension DirectoryChange {
    /// Makes a directory and the missing ones above it.
    func makeMissing(on bench: Workbench) throws(BootError) {
        var missing: [FilePath] = [path]
        var parent = path.parent
        while parent.lastComponent != nil, try look(at: parent, on: bench) == nil {
            missing.append(parent)
            parent = parent.parent
        }
        var made: [FilePath] = []
        for path in missing.reversed() {
            // A directory deeper down may be anybody's: nothing is put there with the seed user's rights.
            let named = bench.seedPlaces.named(path.parent, for: self.path, made: made)
            let isOwn = try makeOne(path, named, on: bench)
            // A directory that another process has made in the meantime may be anybody's.
            if isOwn { made.append(path) }
        }
    }

    /// Makes one directory, as the first actor who is permitted to.
    ///
    /// - Parameter named: what image policy says about the place where the seed user works; `nil` for no restriction.
    /// - Returns: whether it was made here, and not by another container that was faster.
    private func makeOne(
        _ path: FilePath, _ named: [SeedDirectory]?, on bench: Workbench
    ) throws(BootError) -> Bool {
        let able = bench.able.filter { $0 != .seed || named?.isEmpty != true }
        if able.isEmpty {
            throw BootError(
                .scratchSeedDirectory, "cannot create \(path.shown())",
                reason: "the seed user may only work in the directories that the image names",
                remedy: "name \(path.parent.shown()) in scratch.seedDirectories")
        }
        var attempts: [Attempt] = []
        var refusal: String?
        let mounts = named == nil || !able.contains(.seed) ? nil : Self.seedMounts(on: bench)
        for actor in able {
            do throws(SystemCallError) {
                let making = try bench.actors.acting(as: actor) { () throws(SystemCallError) in
                    try make(path, as: actor, on: bench) { parent in
                        guard actor == .seed, let named, let mounts else { return nil }
                        return bench.seedPlaces.refusal(of: parent, named, mounts)
                    }
                }
                if case .refused(let reason) = making {
                    refusal = reason
                    break
                }
                bench.identity = bench.actors.words(actor)
                if path == self.path { tell(madeBy: actor, on: bench) }
                return making == .made
            } catch {
                attempts.append(Attempt(as: bench.actors.words(actor), error))
                // Another actor is tried only if this one was not permitted.
                guard error.errno == .permissionDenied || error.errno == .notPermitted else { break }
            }
        }
        throw bench.failure("cannot create", path, attempts, isOnVolume: place.isOnVolume, remedy: refusal)
    }

    /// Notes the mode of a directory as it was made, if it differs from the planned mode.
    func tell(madeBy actor: Actor, on bench: Workbench) {
        if mode(by: actor) != made.mode { bench.performed = .directory(made(by: actor)) }
    }

    /// The result of making a directory.
    private enum Making: Equatable {
        case made
        /// Another container of the same user was faster; what it made is checked like any other directory.
        case found
        /// Nothing may be made there, for this reason.
        case refused(String)
    }

    /// Makes one directory as the current actor.
    ///
    /// - Parameter refusal: why nothing may be made in a directory, which it receives open.
    private func make(
        _ path: FilePath, as actor: Actor, on bench: Workbench, unless refusal: (borrowing Directory) -> String?
    ) throws(SystemCallError) -> Making {
        guard let name = path.lastComponent else { return .found }
        let parent = try bench.tree.openParent(of: path, links: Actors.links(actor))
        if let reason = refusal(parent) { return .refused(reason) }
        let above = try parent.status()
        let wanted = wanted(at: path, by: actor, above, umask: bench.actors.workUmask)
        let inherited = above.mode.rawValue & 0o2000
        let isRightAtOnce =
            actor != .root && wanted.mode.rawValue & 0o2000 == inherited
            && wanted.group == (inherited == 0 ? CurrentProcess.effectiveGroup : above.group)
        do throws(SystemCallError) {
            if isRightAtOnce {
                try Self.makeAtOnce(name, in: parent, wanted, on: bench)
            } else {
                try Self.makeWhole(name, in: parent, above, wanted, as: actor, on: bench)
            }
        } catch  where error.errno == .fileExists {
            return .found
        }
        return .made
    }

    /// How a directory is to be made.
    private struct Wanted {
        let path: FilePath
        let mode: ModeBits
        /// The owner of a directory that root makes; other actors own what they make.
        let user: UInt32
        let group: UInt32
    }

    private func wanted(at path: FilePath, by actor: Actor, _ above: FileStatus, umask: ModeBits) -> Wanted {
        let isTarget = path == self.path
        let mode = isTarget ? mode(by: actor) : mode(ofParent: path, by: actor, umask: umask)
        // A directory inherits its parent's set-group-ID bit (inode(7)), which stays, and then also the group.
        return Wanted(
            path: path, mode: ModeBits(rawValue: mode.rawValue | above.mode.rawValue & 0o2000),
            user: isTarget ? made.owner ?? 0 : 0, group: actor != .root || isTarget ? made.group : 0)
    }

    /// The mode that an actor gives to a missing directory above the wanted one.
    private func mode(ofParent parent: FilePath, by actor: Actor, umask: ModeBits) -> ModeBits {
        // Above a home, root's directories are like all of root's; other actors' are like the wanted one.
        if actor == .root { return 0o755 }
        let like = ModeBits(rawValue: made.mode.rawValue & 0o777)
        // Other members of the group also pass here: if it were closed, only the first of them could ever boot.
        guard actor == .user, place.own.contains(where: { parent.starts(with: $0) }) else {
            return ModeBits(rawValue: like.rawValue | 0o770)
        }
        return like.masked(by: umask)
    }

    /// Makes a directory that is right from the start, so that a boot that is killed here locks nobody out. Then checks
    /// what the file system has made of it.
    private static func makeAtOnce(
        _ name: FilePath.Component, in parent: borrowing Directory, _ wanted: Wanted, on bench: Workbench
    ) throws(SystemCallError) {
        // The wanted mode already takes the umask into account.
        let umask = CurrentProcess.setUmask(0)
        defer { CurrentProcess.setUmask(umask) }
        try parent.makeDirectory(name, mode: wanted.mode)
        guard let made = try? parent.status(name), made.kind == .directory else { return }
        let shown = wanted.path.shown()
        if made.group != wanted.group {
            bench.note(
                .filesOwner,
                "\(shown) belongs to group \(made.group), not to \(wanted.group); correct it with "
                    + "chgrp \(wanted.group) \(shown)")
        }
        if made.mode != wanted.mode {
            bench.note(
                .filesMode,
                "\(shown) has mode \(made.mode.octal), not \(wanted.mode.octal); correct it with "
                    + "chmod \(wanted.mode.octal) \(shown)")
        }
    }

    /// Makes a directory under another name first, where nobody else can replace it: what is changed is what was made.
    /// A boot that is killed in between must not leave a home that belongs to root, and nobody else may see a shared
    /// directory that is not yet open to the whole group: no later boot would correct either.
    private static func makeWhole(
        _ name: FilePath.Component, in parent: borrowing Directory, _ above: FileStatus, _ wanted: Wanted,
        as actor: Actor, on bench: Workbench
    ) throws(SystemCallError) {
        if Staging.isSafe(above) {
            let temporary = TemporaryName.make(for: name)
            try make(temporary, in: parent, wanted, as: actor, on: bench)
            do throws(SystemCallError) {
                try parent.move(temporary, to: name, in: parent)
            } catch {
                _ = try? parent.removeDirectory(temporary)
                throw error
            }
        } else {
            let staging: Staging
            do throws(SystemCallError) {
                staging = try Staging(for: name, in: parent)
            } catch  where error.errno == .staleNFSFileHandle && actor != .root {
                // The file system knows no owners, or somebody exchanges directories: nothing is changed, but noted.
                try Self.makeAtOnce(name, in: parent, wanted, on: bench)
                return
            }
            do throws(SystemCallError) {
                try make(name, in: staging.directory, wanted, as: actor, on: bench)
                var remains: SystemCallError?
                try staging.moveOut(name, in: parent, remains: &remains)
            } catch {
                _ = try? staging.directory.removeDirectory(name)
                staging.remove(from: parent)
                throw error
            }
        }
        guard let directory = try? bench.tree.openDirectory(parent.path, links: Actors.links(actor)),
            let made = (try? directory.status(name)) ?? nil
        else { return }
        Leftovers.remove(for: name, in: directory, now: made.modified)
    }

    /// Makes a directory where nobody else can replace it.
    private static func make(
        _ name: FilePath.Component, in maker: borrowing Directory, _ wanted: Wanted, as actor: Actor,
        on bench: Workbench
    ) throws(SystemCallError) {
        try maker.makeDirectory(name, mode: 0o700)
        do throws(SystemCallError) {
            let directory = try maker.openDirectory(name)
            let made = try directory.status()
            guard made.user == CurrentProcess.effectiveUser else {
                throw SystemCallError(call: "mkdirat", path: wanted.path, errno: .staleNFSFileHandle)
            }
            if actor == .root {
                // The mode is set while root owns it, because another user's directory needs one more capability.
                try directory.setMode(wanted.mode)
                try directory.setOwner(user: wanted.user, group: wanted.group)
            } else {
                try settle(directory, made, wanted, on: bench)
            }
        } catch {
            // The next boot would take a half-made directory for somebody else's.
            _ = try? maker.removeDirectory(name)
            throw error
        }
    }

    /// Gives a directory that the actor owns its group and mode.
    private static func settle(
        _ directory: borrowing Directory, _ made: FileStatus, _ wanted: Wanted, on bench: Workbench
    ) throws(SystemCallError) {
        if made.group != wanted.group {
            do throws(SystemCallError) {
                try directory.setOwner(user: nil, group: wanted.group)
            } catch {
                bench.note(
                    .filesOwner,
                    "\(wanted.path.shown()) belongs to group \(made.group), not to \(wanted.group): \(error.reason)",
                    error)
            }
        }
        // The mode follows the group: outside the directory's group, chmod(2) clears the set-group-ID bit.
        try directory.setMode(wanted.mode)
    }
}

// Where the seed user works.
extension DirectoryChange {
    /// The mounts as they are now, as root sees them: the actor may not be able to look.
    private static func seedMounts(on bench: Workbench) -> SeedPlaces.Mounts {
        let (actors, tree) = (bench.actors, bench.tree)
        let mounts = try? actors.acting(as: .root) { () throws(SystemCallError) in
            let root = try tree.open("/", [.pathOnly, .directory], links: .refuse).mount
            return SeedPlaces.Mounts(all: Mount.all(of: tree), root: root)
        }
        return mounts ?? SeedPlaces.Mounts(all: [], root: 0)
    }

    /// Why the seed user would make nothing at a place, as far as a dry run can see.
    func seedRefusal(at parent: FilePath, _ named: [SeedDirectory], on bench: Workbench) -> String? {
        let mounts = Self.seedMounts(on: bench)
        do throws(SystemCallError) {
            return try bench.actors.acting(as: .seed) { () throws(SystemCallError) in
                bench.seedPlaces.refusal(
                    of: try bench.tree.openParent(of: parent.appending("x"), links: .refuse), named, mounts)
            }
        } catch {
            // The attempt will show the error, and an observer cannot see everything.
            return nil
        }
    }
}
