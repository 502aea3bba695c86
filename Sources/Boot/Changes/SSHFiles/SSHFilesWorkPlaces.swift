import Linux
internal import Text

/// Where the work is done: ssh's directory, unless that outlives the container.
extension SSHFilesWork {
    /// Makes ssh's directory, or checks the one that is there.
    func ensureDirectory() throws(BootError) {
        let path = directory
        var looked = try bench.look(at: path)
        if looked == nil {
            hasChanged = true
            if bench.isDryRun {
                try bench.foreseeMaking(path)
                bench.ledger.expect(path)
                return
            }
            if try makeDirectory() { return }
            looked = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
                try bench.tree.entryStatus(path)
            }
        }
        guard let entry = looked else {
            throw BootError(.filesBusy, "cannot use \(path.shown())", reason: "another program keeps changing it")
        }
        isLink = entry.kind == .link
        let found = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
            isLink ? try bench.tree.status(path, links: .follow) : entry
        }
        guard let status = found else {
            throw BootError(
                .filesSymbolicLink, "cannot use \(path.shown())",
                reason: "it is a symbolic link to something that does not exist",
                remedy: "remove it, or make its target")
        }
        guard status.kind == .directory else {
            throw BootError(
                .filesWrongKind, "cannot use \(path.shown())",
                reason: "it is \(status.kind.words), and a directory is expected",
                remedy: "move it away")
        }
        // Whoever owns the directory, or the link to it, decides whom ssh trusts.
        if let owner = [status.user, entry.user].first(where: {
            !([0, bench.actors.userID] + change.owners).contains($0)
        }) {
            throw BootError(
                .filesForeignOwner, "cannot use \(path.shown())",
                reason:
                    "it belongs to user \(owner), who could change what ssh of user \(bench.actors.userID) believes",
                remedy: "move it away")
        }
        if status.isWritableByOthers {
            bench.note(
                .filesMode,
                "\(path.shown()) has mode \(status.mode.octal): others can change its files, and ssh may refuse them; "
                    + "correct it with chmod 700 \(path.shown())")
        }
    }

    /// Notes where sshd does not read who may log in, because others could change it (sshd_config(5), StrictModes; sshd
    /// looks at the directories from the file up to the home, or up to the root where a link leads out of the home).
    func checkLogin() {
        guard change.files.contains(where: { $0.name == .authorizedKeys }), !bench.isExpected(directory.parent) else {
            return
        }
        var places = [directory.parent]
        if isLink,
            let target = asUser({ () throws(SystemCallError) in
                try bench.tree.linkTarget(directory, links: .follow)
            }), target.isAbsolute
        {
            var place = target.parent
            while place.lastComponent != nil {
                places.append(place)
                place = place.parent
            }
        }
        for place in places {
            guard
                let status = asUser({ () throws(SystemCallError) in
                    try bench.tree.status(place, links: .follow)
                })
            else { continue }
            checkOwner(place, status)
            guard status.isWritableByOthers else { continue }
            bench.note(
                .filesMode,
                "\(place.shown()) has mode \(status.mode.octal): others can change who may log in, and sshd may refuse "
                    + "the keys; correct it with chmod go-w \(place.shown()), or set StrictModes no for sshd")
        }
    }

    /// Notes that sshd does not read a file because of its owner, or because of that of a directory above it.
    func checkOwner(_ path: FilePath, _ status: FileStatus) {
        guard status.user != 0, status.user != bench.actors.userID else { return }
        bench.note(
            .filesForeignOwner,
            "\(path.shown()) belongs to user \(status.user), neither to root nor to user \(bench.actors.userID), and sshd "
                + "refuses the keys; correct its owner, or set StrictModes no for sshd")
    }

    /// What the user finds, if anything.
    private func asUser<Result>(_ look: () throws(SystemCallError) -> Result?) -> Result? {
        (try? bench.actors.acting(as: bench.actor, look)) ?? nil
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
}
