import Linux
import SystemPackage
internal import Text

extension Apply {
    /// Sees to it that ssh's directory has the files of the pod's secret, and none that an earlier boot wrote and whose
    /// variable is gone.
    mutating func apply(_ change: SSHFilesChange, by able: [Actor]) throws(BootError) -> Outcome {
        // After this nobody needs the keys any more.
        defer { if mode == .boot { for file in change.files { file.content.erase() } } }
        let directory = change.directory
        if change.mounts.contains(where: { $0.point == directory }) {
            return .skipped(change.mountWords(directory, change.files))
        }
        var work = SSHWork(change, directory, as: able[0])
        try ensureDirectory(&work)
        if try outlivesContainer(work) {
            work.memory = try memoryDirectory(change.mounts)
        } else {
            work.manifest = try readManifest(work)
        }
        work.recorded = work.manifest
        for name in change.possibleNames {
            do throws(BootError) {
                try apply(name, &work)
            } catch let error where error.attempts.last?.error.errno == .resourceBusy {
                notes.append(
                    change.mountWords(directory.appending(name.text), change.files.filter { $0.name == name }))
            }
        }
        try record(&work)
        let verbs = mode == .dryRun ? ("writes", "removes") : ("wrote", "removed")
        if !work.written.isEmpty { add(remark: "\(verbs.0) \(work.written.joined(separator: ", "))") }
        if !work.removed.isEmpty { add(remark: "\(verbs.1) \(work.removed.joined(separator: ", "))") }
        return work.hasChanged ? .changed : .already
    }

    /// The state of the work in ssh's directory.
    struct SSHWork {
        let change: SSHFilesChange
        let directory: FilePath
        let actor: Actor
        /// Where the files themselves are when the directory outlives the container; links lead there.
        var memory: FilePath?
        var manifest = SSHManifest()
        /// The manifest that the file has.
        var recorded = SSHManifest()
        /// Whether the directory is the user's link to another one.
        var isLink = false
        var hasChanged = false
        var written: [String] = []
        var removed: [String] = []

        init(_ change: SSHFilesChange, _ directory: FilePath, as actor: Actor) {
            self.change = change
            self.directory = directory
            self.actor = actor
        }

        /// The content that a name is to have, if it is a file.
        func content(_ name: SSHFileName) -> Secret? { change.files.first { $0.name == name }?.content }

        mutating func note(written text: String) {
            hasChanged = true
            written.append(text)
        }

        mutating func note(removed name: SSHFileName) {
            hasChanged = true
            removed.append(name.text)
        }
    }

    /// Makes ssh's directory, or checks the one that is there.
    private mutating func ensureDirectory(_ work: inout SSHWork) throws(BootError) {
        let path = work.directory
        guard let entry = try look(at: path, as: work.actor) else {
            work.hasChanged = true
            if mode == .dryRun {
                expected.append(path)
                return
            }
            try perform("cannot create", path, as: work.actor) { () throws(SystemCallError) in
                guard let name = path.lastComponent else { return }
                do throws(SystemCallError) {
                    try tree.openParent(of: path, links: .follow).makeDirectory(name, mode: 0o700)
                } catch  where error.errno == .fileExists {
                    // Another container of the same home was faster.
                }
            }
            return
        }
        work.isLink = entry.kind == .link
        let found = try perform("cannot look at", path, as: work.actor) { () throws(SystemCallError) in
            work.isLink ? try tree.status(path, links: .follow) : entry
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
        if status.isWritableByOthers {
            notes.append(
                "\(path.shown()) has mode \(status.mode.octal): others can change its files, and ssh may refuse them; "
                    + "correct it with chmod 700 \(path.shown())")
        }
    }

    /// Whether what is written into the directory may be there after the container's end.
    private func outlivesContainer(_ work: SSHWork) throws(BootError) -> Bool {
        // Wherever it leads: the user has taken the keys somewhere else.
        if work.isLink { return true }
        // Also where it is memory now: on the same path the next pod may have a disk.
        if Mount.holding(work.directory, in: work.change.mounts)?.point != "/" { return true }
        // A home that is a link to a volume lies on another device than the container's root.
        var place = work.directory
        // A dry run asks for the directory that it would be made in.
        while mode == .dryRun, try look(at: place, as: work.actor) == nil, place.lastComponent != nil {
            place = place.parent
        }
        let devices = try perform("cannot look at", place, as: work.actor) { () throws(SystemCallError) in
            (try tree.status(place, links: .follow)?.device, try tree.status("/", links: .follow)?.device)
        }
        return devices.0 != devices.1
    }

    /// Whether others than root can put something else in the place of what is in a directory (inode(7), the sticky bit).
    private func isExchangeable(_ place: FilePath) -> Bool {
        let found = try? actors.acting(as: actors.has(.root) ? .root : .user) { () throws(SystemCallError) in
            try tree.status(place, links: .refuse)
        }
        guard let status = found ?? nil else { return false }
        return status.user != 0 || status.letsOthersRename
    }

    /// A directory that is gone with the container, for the user alone.
    private mutating func memoryDirectory(_ mounts: [Mount]) throws(BootError) -> FilePath {
        let maker: Actor = actors.has(.root) ? .root : .user
        let holders = Paths.memory.map { ($0, Mount.holding($0, in: mounts)) }
        // A container's root is not memory but ends with it, too.
        let ending = holders.filter { $0.1?.isMemory == true } + holders.filter { $0.1?.point == "/" }
        // Where others may exchange the directory, they choose whom ssh believes; such a place comes last, and is told of.
        let exchangeable = ending.filter { isExchangeable($0.0) }
        let places = ending.filter { place in !exchangeable.contains { $0.0 == place.0 } } + exchangeable
        var failure = BootError(
            "cannot keep keys off the volume of the home", reason: "neither /run nor /dev/shm ends with the container",
            remedy: "mount an emptyDir with medium: Memory at /dev/shm")
        for (place, _) in places {
            let path = place.appending("entrypoint-ssh-\(actors.userID)")
            let wanted = DirectoryChange(
                path: path, mode: 0o700, owner: actors.userID, group: actors.groupID, use: .write)
            do throws(BootError) {
                let user = identity
                defer { identity = user }
                if try ensure(wanted, by: [maker]) == .changed && maker != .user {
                    add(
                        remark:
                            "\(mode == .dryRun ? "creates" : "created") \(path.shown()) (\(wanted.mode.octal)) as "
                            + actors.words(maker))
                }
                if mode == .dryRun { return path }
                let status = try perform("cannot look at", path, as: .user) { () throws(SystemCallError) in
                    try tree.status(path, links: .refuse)
                }
                if let status, status.kind == .directory, status.user == actors.userID,
                    status.mode.rawValue & 0o077 == 0
                {
                    if exchangeable.contains(where: { $0.0 == place }) {
                        notes.append(
                            "others can exchange \(path.shown()), which has the keys: \(place.shown()) is not root's, or lacks the "
                                + "sticky bit")
                    }
                    return path
                }
                failure = BootError(
                    "cannot use \(path.shown())", reason: "it is not the user's alone", remedy: "remove it")
            } catch {
                failure = error
            }
        }
        throw failure
    }
}

extension SSHFilesChange {
    /// What is said of a mount that is in the way of some files: nothing is written into what the pod has mounted.
    fileprivate func mountWords(_ path: FilePath, _ files: [File]) -> String {
        let place = "\(path.shown()) is a mount and is left alone"
        if files.isEmpty { return place }
        let (verb, them) = files.count == 1 ? ("is", "it") : ("are", "them")
        let variables = files.map(\.variable).joined(separator: ", ")
        return "\(place), so that \(variables) \(verb) not used; unset \(them), or mount nothing there"
    }
}
