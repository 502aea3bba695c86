import Linux
import SystemPackage
internal import Text

/// How directories are made: with all that they are to be, or where nobody but their maker can reach them. Nothing is changed
/// by its name afterwards.
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
            // A directory deeper down may be anybody's, the seed user's own among them: with the seed user's rights nothing is put there.
            let named = bench.seedPlaces.named(path.removingLastComponent(), for: self.path, made: made)
            let isOwn = try makeOne(path, named, on: bench)
            // What another one has made there meanwhile may be anybody's.
            if isOwn { made.append(path) }
        }
    }

    /// Makes one directory as the first actor who may.
    ///
    /// - Parameter named: what image policy says of the place where the seed user works; `nil` for anything.
    /// - Returns: whether it was made, and not found where another container was faster.
    private func makeOne(
        _ path: FilePath, _ named: [SeedDirectory]?, on bench: Workbench
    ) throws(BootError) -> Bool {
        let able = bench.able.filter { $0 != .seed || named?.isEmpty != true }
        if able.isEmpty {
            throw BootError(
                "cannot create \(path.shown())",
                reason: "the seed user may only work in the directories that the "
                    + "image names",
                remedy: "name \(path.removingLastComponent().shown()) in scratch.seedDirectories")
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
                // Only what was not permitted may succeed as somebody else.
                guard error.errno == .permissionDenied || error.errno == .notPermitted else { break }
            }
        }
        throw bench.failure("cannot create", path, attempts, isOnVolume: place.isOnVolume, remedy: refusal)
    }

    /// Notes the mode of a directory as it was made, where that is not the one that was planned.
    func tell(madeBy actor: Actor, on bench: Workbench) {
        if mode(by: actor) != made.mode { bench.performed = .directory(made(by: actor)) }
    }

    /// What came of making a directory.
    private enum Making: Equatable {
        case made
        /// Another container of the same user was faster; what it made is checked like any other.
        case found
        /// Nothing may be made there, for the reason.
        case refused(String)
    }

    /// Makes one directory as the actor that the process is.
    ///
    /// - Parameter refusal: why nothing may be made in a directory, which it is told as it was opened.
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

    /// What a directory is to be.
    private struct Wanted {
        let path: FilePath
        let mode: ModeBits
        /// Of one that root makes; others own what they make.
        let user: UInt32
        let group: UInt32
    }

    private func wanted(at path: FilePath, by actor: Actor, _ above: FileStatus, umask: ModeBits) -> Wanted {
        let isTarget = path == self.path
        let mode = isTarget ? mode(by: actor) : mode(ofParent: path, by: actor, umask: umask)
        // A directory inherits the set-group-ID bit of its parent (inode(7)), which stays, and then its group.
        return Wanted(
            path: path, mode: ModeBits(rawValue: mode.rawValue | above.mode.rawValue & 0o2000),
            user: isTarget ? made.owner ?? 0 : 0, group: actor != .root || isTarget ? made.group : 0)
    }

    /// The mode that an actor gives to a missing directory above it.
    private func mode(ofParent parent: FilePath, by actor: Actor, umask: ModeBits) -> ModeBits {
        // Root's above a home are like all of root's; others' are like the one that is wanted.
        if actor == .root { return 0o755 }
        let like = ModeBits(rawValue: made.mode.rawValue & 0o777)
        // Others of the group pass there, too: were it closed, none but the first of them could ever boot.
        guard actor == .user, place.own.contains(where: { parent.starts(with: $0) }) else {
            return ModeBits(rawValue: like.rawValue | 0o770)
        }
        return like.masked(by: umask)
    }

    /// Makes a directory that is right from the start, so that a boot that is killed here locks nobody out, and looks at what
    /// the file system has made of it.
    private static func makeAtOnce(
        _ name: FilePath.Component, in parent: borrowing Directory, _ wanted: Wanted, on bench: Workbench
    ) throws(SystemCallError) {
        // It has been considered.
        let umask = CurrentProcess.setUmask(0)
        defer { CurrentProcess.setUmask(umask) }
        try parent.makeDirectory(name, mode: wanted.mode)
        guard let made = try? parent.status(name), made.kind == .directory else { return }
        let shown = wanted.path.shown()
        if made.group != wanted.group {
            bench.note(
                "\(shown) belongs to group \(made.group), not to \(wanted.group); correct it with "
                    + "chgrp \(wanted.group) \(shown)")
        }
        if made.mode != wanted.mode {
            bench.note(
                "\(shown) has got mode \(made.mode.octal), not \(wanted.mode.octal); correct it with "
                    + "chmod \(wanted.mode.octal) \(shown)")
        }
    }

    /// Makes a directory under another name first, where nobody else can exchange it: what is changed is what was made. A boot
    /// that is killed in between must not leave a home that belongs to root, and no other shall see a shared directory that is
    /// not yet open to all of the group. No later boot would change either.
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
                // A file system that knows no owners, or somebody who exchanges directories: nothing is changed, and told.
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

    /// Makes a directory where nobody else can exchange it.
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
                // While it is root's: the mode of somebody else's needs one more capability.
                try directory.setMode(wanted.mode)
                try directory.setOwner(user: wanted.user, group: wanted.group)
            } else {
                try settle(directory, made, wanted, on: bench)
            }
        } catch {
            // Half made, it would be taken for somebody else's by the next boot.
            _ = try? maker.removeDirectory(name)
            throw error
        }
    }

    /// Gives a directory of the actor's own its group and mode.
    private static func settle(
        _ directory: borrowing Directory, _ made: FileStatus, _ wanted: Wanted, on bench: Workbench
    ) throws(SystemCallError) {
        if made.group != wanted.group {
            do throws(SystemCallError) {
                try directory.setOwner(user: nil, group: wanted.group)
            } catch {
                bench.note(
                    "\(wanted.path.shown()) belongs to group \(made.group), not to \(wanted.group): \(error.reason) "
                        + "(\(error.symbol))")
            }
        }
        // After the group: the kernel takes the set-group-ID bit from who is not in the directory's group (chmod(2)).
        try directory.setMode(wanted.mode)
    }
}

// Where the seed user works.
extension DirectoryChange {
    /// The mounts as they are now, seen as root: whoever acts may not be able to look.
    private static func seedMounts(on bench: Workbench) -> SeedPlaces.Mounts {
        let (actors, tree) = (bench.actors, bench.tree)
        let mounts = try? actors.acting(as: .root) { () throws(SystemCallError) in
            let root = try tree.open("/", [.pathOnly, .directory], links: .refuse).mount
            return SeedPlaces.Mounts(all: Mount.all(of: tree), root: root)
        }
        return mounts ?? SeedPlaces.Mounts(all: [], root: 0)
    }

    /// Why the seed user would make nothing at a place, as a dry run can see it.
    func seedRefusal(at parent: FilePath, _ named: [SeedDirectory], on bench: Workbench) -> String? {
        let mounts = Self.seedMounts(on: bench)
        do throws(SystemCallError) {
            return try bench.actors.acting(as: .seed) { () throws(SystemCallError) in
                bench.seedPlaces.refusal(
                    of: try bench.tree.openParent(of: parent.appending("x"), links: .refuse), named, mounts)
            }
        } catch {
            // Trying it will tell, and an observer cannot see all.
            return nil
        }
    }
}
