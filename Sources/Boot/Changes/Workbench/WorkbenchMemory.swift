import Linux
internal import Text

/// What must not outlive the container.
extension Workbench {
    /// A directory for the user alone that is gone when the container ends.
    ///
    /// - Parameters:
    ///   - name: the beginning of its name; the user's id follows.
    ///   - content: what is kept there, in words that follow "the".
    ///   - mounts: the container's mounts.
    /// - Returns: the directory, and whether it is new.
    func memoryDirectory(
        _ name: String, for content: String, mounts: [Mount]
    ) throws(BootError) -> (path: FilePath, isMade: Bool) {
        let holders = Paths.memory.map { ($0, Mount.holding($0, in: mounts)) }
        // A container's root directory is not memory, but also ends with it.
        let ending = holders.filter { $0.1?.isMemory == true } + holders.filter { $0.1?.point == "/" }
        // Whoever can replace the directory can read what is written there. Such a place comes last, and a note says so.
        let exchangeable = ending.map { $0.0 }.filter(isExchangeable)
        let places = ending.map { $0.0 }.filter { !exchangeable.contains($0) } + exchangeable
        var failure = BootError(
            .filesNoMemory, "cannot keep \(content) off the volume of the home",
            reason: "neither /run nor /dev/shm ends with the container",
            remedy: "mount an emptyDir with medium: Memory at /dev/shm")
        for place in places {
            do throws(BootError) {
                let path = place.appending("\(name)-\(actors.userID)")
                let isMade = try makeMemoryDirectory(path)
                if exchangeable.contains(place) && !isDryRun {
                    note(
                        .filesReplaceable,
                        "others can replace \(path.shown()), which holds the \(content): \(place.shown()) is not root's, or "
                            + "lacks the sticky bit")
                }
                return (path, isMade)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Whether anyone but root can replace what is in a directory (inode(7), the sticky bit).
    private func isExchangeable(_ place: FilePath) -> Bool {
        let found = try? actors.acting(as: actors.has(.root) ? .root : .user) { () throws(SystemCallError) in
            try tree.status(place, links: .refuse)
        }
        guard let status = found ?? nil else { return false }
        return status.user != 0 || status.letsOthersRename
    }

    private func makeMemoryDirectory(_ path: FilePath) throws(BootError) -> Bool {
        let maker: Actor = actors.has(.root) ? .root : .user
        let part = Workbench(forPartOf: self, by: [maker])
        defer { takeNotes(of: part) }
        let wanted = DirectoryChange(
            at: DirectoryChange.Place(path),
            made: DirectoryChange.Form(mode: 0o700, owner: actors.userID, group: actors.groupID), use: .write)
        let isMade = try wanted.ensure(on: part) == .changed
        if isMade && maker != .user {
            add(
                remark: "\(isDryRun ? "creates" : "created") \(path.shown()) (\(wanted.made.mode.octal)) as "
                    + actors.words(maker))
        }
        if isDryRun { return isMade }
        let status = try perform("cannot look at", path, as: .user) { () throws(SystemCallError) in
            try tree.status(path, links: .refuse)
        }
        guard let status, status.kind == .directory, status.user == actors.userID, status.mode.rawValue & 0o077 == 0
        else {
            throw BootError(
                .filesForeignOwner, "cannot use \(path.shown())", reason: "it is not the user's alone",
                remedy: "remove it")
        }
        return isMade
    }
}
