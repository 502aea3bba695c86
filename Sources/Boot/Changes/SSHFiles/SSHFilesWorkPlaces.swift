import Linux
internal import Text

/// Where the work is done: ssh's directory, and one in memory.
extension SSHFilesWork {
    /// Makes ssh's directory, or checks the one that is there.
    func ensureDirectory() throws(BootError) {
        let path = directory
        var looked = try bench.look(at: path)
        if looked == nil {
            hasChanged = true
            if bench.isDryRun {
                bench.ledger.expect(path)
                return
            }
            if try makeDirectory() { return }
            looked = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
                try bench.tree.entryStatus(path)
            }
        }
        guard let entry = looked else {
            throw BootError("cannot use \(path.shown())", reason: "another program keeps changing it")
        }
        isLink = entry.kind == .link
        let found = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
            isLink ? try bench.tree.status(path, links: .follow) : entry
        }
        guard let status = found else {
            throw BootError(
                "cannot use \(path.shown())", reason: "it is a symbolic link to something that does not exist",
                remedy: "remove it, or make its target")
        }
        guard status.kind == .directory else {
            throw BootError(
                "cannot use \(path.shown())", reason: "it is \(status.kind.words), and a directory is expected",
                remedy: "move it away")
        }
        // Whoever owns the directory, or the link to it, decides whom ssh trusts.
        if let owner = [status.user, entry.user].first(where: {
            !([0, bench.actors.userID] + change.owners).contains($0)
        }) {
            throw BootError(
                "cannot use \(path.shown())",
                reason:
                    "it belongs to user \(owner), who could change what ssh of user \(bench.actors.userID) believes",
                remedy: "move it away")
        }
        if status.isWritableByOthers {
            bench.note(
                "\(path.shown()) has mode \(status.mode.octal): others can change its files, and ssh may refuse them; "
                    + "correct it with chmod 700 \(path.shown())")
        }
    }

    /// Makes ssh's directory; `false` where another container of the same home, or somebody else, was faster.
    private func makeDirectory() throws(BootError) -> Bool {
        let path = directory
        return try bench.perform("cannot create", path) { () throws(SystemCallError) in
            guard let name = path.lastComponent else { return false }
            do throws(SystemCallError) {
                try bench.tree.openParent(of: path, links: .follow).makeDirectory(name, mode: 0o700)
                return true
            } catch  where error.errno == .fileExists {
                return false
            }
        }
    }

    /// Whether what is written into the directory may still exist after the container's end.
    func outlivesContainer() throws(BootError) -> Bool {
        // Wherever the link leads, the user has moved the keys somewhere else.
        if isLink { return true }
        if isOnRootMount { return false }
        // This also counts if it is memory now: the next pod may have a disk at the same path.
        if Mount.holding(directory, in: mounts)?.point != "/" { return true }
        // A home that is a link to a volume lies on another device than the container's root.
        var place = directory
        // A dry run checks the directory in which it would be made.
        while bench.isDryRun, try bench.look(at: place) == nil, place.lastComponent != nil {
            place = place.parent
        }
        let devices = try bench.perform("cannot look at", place) { () throws(SystemCallError) in
            (try bench.tree.status(place, links: .follow)?.device, try bench.tree.status("/", links: .follow)?.device)
        }
        return devices.0 != devices.1
    }

    /// Whether anyone but root can replace what is in a directory (inode(7), the sticky bit).
    private func isExchangeable(_ place: FilePath) -> Bool {
        let found = try? bench.actors.acting(as: bench.actors.has(.root) ? .root : .user) {
            () throws(SystemCallError) in
            try bench.tree.status(place, links: .refuse)
        }
        guard let status = found ?? nil else { return false }
        return status.user != 0 || status.letsOthersRename
    }

    /// A directory for the user alone that is gone when the container ends.
    func memoryDirectory() throws(BootError) -> FilePath {
        let holders = Paths.memory.map { ($0, Mount.holding($0, in: mounts)) }
        // A container's root directory is not memory, but also ends with it.
        let ending = holders.filter { $0.1?.isMemory == true } + holders.filter { $0.1?.point == "/" }
        // Whoever can replace the directory chooses whom ssh trusts. Such a place comes last, and a note says so.
        let exchangeable = ending.map { $0.0 }.filter(isExchangeable)
        let places = ending.map { $0.0 }.filter { !exchangeable.contains($0) } + exchangeable
        var failure = BootError(
            "cannot keep keys off the volume of the home", reason: "neither /run nor /dev/shm ends with the container",
            remedy: "mount an emptyDir with medium: Memory at /dev/shm")
        for place in places {
            do throws(BootError) {
                let path = try makeMemoryDirectory(in: place)
                if exchangeable.contains(place) && !bench.isDryRun {
                    bench.note(
                        "others can exchange \(path.shown()), which has the keys: \(place.shown()) is not root's, or "
                            + "lacks the sticky bit")
                }
                return path
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func makeMemoryDirectory(in place: FilePath) throws(BootError) -> FilePath {
        let actors = bench.actors
        let path = place.appending("entrypoint-ssh-\(actors.userID)")
        let maker: Actor = actors.has(.root) ? .root : .user
        let part = Workbench(forPartOf: bench, by: [maker])
        defer { bench.takeNotes(of: part) }
        let wanted = DirectoryChange(
            at: DirectoryChange.Place(path),
            made: DirectoryChange.Form(mode: 0o700, owner: actors.userID, group: actors.groupID), use: .write)
        if try wanted.ensure(on: part) == .changed && maker != .user {
            bench.add(
                remark: "\(bench.isDryRun ? "creates" : "created") \(path.shown()) (\(wanted.made.mode.octal)) as "
                    + actors.words(maker))
        }
        if bench.isDryRun { return path }
        let status = try bench.perform("cannot look at", path, as: .user) { () throws(SystemCallError) in
            try bench.tree.status(path, links: .refuse)
        }
        guard let status, status.kind == .directory, status.user == actors.userID, status.mode.rawValue & 0o077 == 0
        else {
            throw BootError("cannot use \(path.shown())", reason: "it is not the user's alone", remedy: "remove it")
        }
        return path
    }
}
