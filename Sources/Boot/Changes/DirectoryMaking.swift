import Linux
import SystemPackage
internal import Text

/// How directories are made: with all that they are to be, or where nobody but their maker can reach them. Nothing is changed
/// by its name afterwards.
extension Apply {
    /// Makes a directory and the missing ones above it.
    mutating func makeMissing(_ change: DirectoryChange, by able: [Actor]) throws(BootError) {
        var missing: [FilePath] = [change.path]
        var parent = change.path.parent
        while parent.lastComponent != nil, try look(at: parent, as: able[0], isOnVolume: change.isOnVolume) == nil {
            missing.append(parent)
            parent = parent.parent
        }
        var made: [FilePath] = []
        for path in missing.reversed() {
            // A directory deeper down may be anybody's, the seed user's own among them: with the seed user's rights nothing is put there.
            let named = seedPlaces.named(path.removingLastComponent(), for: change.path, made: made)
            let isOwn = try makeOne(path, change, by: able.filter { $0 != .seed || named?.isEmpty != true }, named)
            // What another one has made there meanwhile may be anybody's.
            if isOwn { made.append(path) }
        }
    }

    /// Makes one directory as the first actor who may.
    ///
    /// - Parameter named: what image policy says of the place where the seed user works; `nil` for anything.
    /// - Returns: whether it was made, and not found where another container was faster.
    private mutating func makeOne(
        _ path: FilePath, _ change: DirectoryChange, by able: [Actor], _ named: [SeedDirectory]?
    ) throws(BootError) -> Bool {
        if able.isEmpty {
            throw BootError(
                "cannot create \(path.shown())",
                reason: "the seed user may only work in the directories that the "
                    + "image names",
                remedy: "name \(path.removingLastComponent().shown()) in scratch.seedDirectories")
        }
        var attempts: [Attempt] = []
        var refusal: String?
        let mounts = named == nil || !able.contains(.seed) ? nil : seedMounts()
        let places = seedPlaces
        for actor in able {
            do throws(SystemCallError) {
                let making = try actors.acting(as: actor) { () throws(SystemCallError) in
                    try make(path, change, as: actor) { parent in
                        guard actor == .seed, let named, let mounts else { return nil }
                        return places.refusal(of: parent, named, mounts)
                    }
                }
                if case .refused(let reason) = making {
                    refusal = reason
                    break
                }
                identity = actors.words(actor)
                if path == change.path { tell(change, madeBy: actor) }
                return making == .made
            } catch {
                attempts.append(Attempt(as: actors.words(actor), error))
                // Only what was not permitted may succeed as somebody else.
                guard error.errno == .permissionDenied || error.errno == .notPermitted else { break }
            }
        }
        throw failure("cannot create", path, attempts, isOnVolume: change.isOnVolume, remedy: refusal)
    }

    /// Notes the mode of a directory as it was made, where that is not the one that was planned.
    mutating func tell(_ change: DirectoryChange, madeBy actor: Actor) {
        if change.mode(by: actor) != change.mode { performed = .directory(change.made(by: actor)) }
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
    private mutating func make(
        _ path: FilePath, _ change: DirectoryChange, as actor: Actor, unless refusal: (borrowing Directory) -> String?
    ) throws(SystemCallError) -> Making {
        guard let name = path.lastComponent else { return .found }
        let parent = try tree.openParent(of: path, links: Actors.links(actor))
        if let reason = refusal(parent) { return .refused(reason) }
        let above = try parent.status()
        let isTarget = path == change.path
        let mode =
            isTarget ? change.mode(by: actor) : change.mode(ofParent: path, by: actor, umask: actors.workUmask)
        // A directory inherits the set-group-ID bit of its parent (inode(7)), which stays, and then its group.
        let inherited = above.mode.rawValue & 0o2000
        let wanted = Wanted(
            mode: ModeBits(rawValue: mode.rawValue | inherited), user: isTarget ? change.owner ?? 0 : 0,
            group: actor != .root || isTarget ? change.group : 0)
        let isRightAtOnce =
            actor != .root && wanted.mode.rawValue & 0o2000 == inherited
            && wanted.group == (inherited == 0 ? CurrentProcess.effectiveGroup : above.group)
        do throws(SystemCallError) {
            if isRightAtOnce {
                try makeAtOnce(name, in: parent, wanted, path)
            } else {
                try makeWhole(name, in: parent, above, wanted, path, as: actor)
            }
        } catch  where error.errno == .fileExists {
            return .found
        }
        return .made
    }

    /// What a directory is to be.
    private struct Wanted {
        let mode: ModeBits
        /// Of one that root makes; others own what they make.
        let user: UInt32
        let group: UInt32
    }

    /// Makes a directory that is right from the start, so that a boot that is killed here locks nobody out, and looks at what
    /// the file system has made of it.
    private mutating func makeAtOnce(
        _ name: FilePath.Component, in parent: borrowing Directory, _ wanted: Wanted, _ path: FilePath
    ) throws(SystemCallError) {
        // It has been considered.
        let umask = CurrentProcess.setUmask(0)
        defer { CurrentProcess.setUmask(umask) }
        try parent.makeDirectory(name, mode: wanted.mode)
        guard let made = try? parent.status(name), made.kind == .directory else { return }
        let shown = path.shown()
        if made.group != wanted.group {
            notes.append(
                "\(shown) belongs to group \(made.group), not to \(wanted.group); correct it with "
                    + "chgrp \(wanted.group) \(shown)")
        }
        if made.mode != wanted.mode {
            notes.append(
                "\(shown) has got mode \(made.mode.octal), not \(wanted.mode.octal); correct it with "
                    + "chmod \(wanted.mode.octal) \(shown)")
        }
    }

    /// Makes a directory under another name first, where nobody else can exchange it: what is changed is what was made. A boot
    /// that is killed in between must not leave a home that belongs to root, and no other shall see a shared directory that is
    /// not yet open to all of the group. No later boot would change either.
    private mutating func makeWhole(
        _ name: FilePath.Component, in parent: borrowing Directory, _ above: FileStatus, _ wanted: Wanted,
        _ path: FilePath, as actor: Actor
    ) throws(SystemCallError) {
        if Staging.isSafe(above) {
            let temporary = TemporaryName.make(for: name)
            try make(temporary, in: parent, wanted, path, as: actor)
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
                try makeAtOnce(name, in: parent, wanted, path)
                return
            }
            do throws(SystemCallError) {
                try make(name, in: staging.directory, wanted, path, as: actor)
                var remains: SystemCallError?
                try staging.moveOut(name, in: parent, remains: &remains)
            } catch {
                _ = try? staging.directory.removeDirectory(name)
                staging.remove(from: parent)
                throw error
            }
        }
        guard let directory = try? tree.openDirectory(parent.path, links: Actors.links(actor)),
            let made = (try? directory.status(name)) ?? nil
        else { return }
        Leftovers.remove(for: name, in: directory, now: made.modified)
    }

    /// Makes a directory where nobody else can exchange it.
    private mutating func make(
        _ name: FilePath.Component, in maker: borrowing Directory, _ wanted: Wanted, _ path: FilePath, as actor: Actor
    ) throws(SystemCallError) {
        try maker.makeDirectory(name, mode: 0o700)
        do throws(SystemCallError) {
            let directory = try maker.openDirectory(name)
            let made = try directory.status()
            guard made.user == CurrentProcess.effectiveUser else {
                throw SystemCallError(call: "mkdirat", path: path, errno: .staleNFSFileHandle)
            }
            if actor == .root {
                // While it is root's: the mode of somebody else's needs one more capability.
                try directory.setMode(wanted.mode)
                try directory.setOwner(user: wanted.user, group: wanted.group)
            } else {
                try settle(directory, made, wanted, path)
            }
        } catch {
            // Half made, it would be taken for somebody else's by the next boot.
            _ = try? maker.removeDirectory(name)
            throw error
        }
    }

    /// Gives a directory of the actor's own its group and mode.
    private mutating func settle(
        _ directory: borrowing Directory, _ made: FileStatus, _ wanted: Wanted, _ path: FilePath
    ) throws(SystemCallError) {
        if made.group != wanted.group {
            do throws(SystemCallError) {
                try directory.setOwner(user: nil, group: wanted.group)
            } catch {
                notes.append(
                    "\(path.shown()) belongs to group \(made.group), not to \(wanted.group): \(error.reason) "
                        + "(\(error.symbol))")
            }
        }
        // After the group: the kernel takes the set-group-ID bit from who is not in the directory's group (chmod(2)).
        try directory.setMode(wanted.mode)
    }
}
