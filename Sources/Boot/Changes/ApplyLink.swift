import Linux
import SystemPackage
internal import Text

extension Apply {
    /// What is found where a link should be.
    private enum Found {
        case nothing
        case link(to: FilePath)
        case other(FileStatus)
    }

    /// Others may work in the same home: each round looks anew, and this many are enough for any of them.
    private static let mostRounds = 16

    /// Sees to it that a link leads to its target, which exists if it is to be made.
    mutating func apply(_ change: LinkChange, by able: [Actor]) throws(BootError) -> Outcome {
        let place = Place(change, actor: able[0])
        // A home that lies in the persistent directory needs no link.
        if place.path == place.target {
            performed = change.withoutLink
            return try makeTarget(place) ? .changed : .already
        }
        for _ in 0..<Self.mostRounds {
            let found = try find(place)
            if case .link(place.target) = found { return try makeTarget(place) ? .changed : .already }
            let target = try lookAtTarget(place)
            if case .other(let status) = found {
                if let target, target.isSame(as: status) { return .already }
                if try isMountPoint(place.path) {
                    return .skipped("\(place.path.shown()) is a mount or holds one, and is left alone")
                }
                if mode == .dryRun { return wouldClear(place, status, target) }
                guard try clear(place, status, target) else { return .already }
                // Whoever was faster, what is there now decides.
                continue
            }
            if change.mode == nil && target == nil && !isPlanned(place.target) {
                return .unneeded("there is no \(place.target.shown())")
            }
            if mode == .dryRun {
                expected.append(place.target)
                return .changed
            }
            try makeTarget(place)
            if try make(place, replacing: found) { return .changed }
        }
        throw BootError("cannot link \(place.path.shown())", reason: "another program keeps changing it")
    }

    /// A link at work, and who acts.
    struct Place {
        let path: FilePath
        let target: FilePath
        let kind: LinkChange.Kind
        let targetMode: ModeBits?
        let owners: [UInt32]?
        let actor: Actor
        /// What a link leads to that only shows whether two directories are one.
        static let probe: FilePath = "probe"

        init(_ change: LinkChange, actor: Actor) {
            path = change.path
            target = change.target
            kind = change.kind
            targetMode = change.mode
            owners = change.owners
            self.actor = actor
        }

        func error(_ reason: String, _ remedy: String) -> BootError {
            BootError("cannot link \(path.shown()) to \(target.shown())", reason: reason, remedy: remedy)
        }
    }

    private func find(_ place: Place) throws(BootError) -> Found {
        if mode == .dryRun && isExpected(place.path) { return .nothing }
        return try perform("cannot look at", place.path, as: place.actor) { () throws(SystemCallError) in
            if let target = try tree.linkTarget(place.path, links: .follow) { return .link(to: target) }
            guard let status = try tree.entryStatus(place.path) else { return .nothing }
            // Between the two calls it may have become a link; the next round will tell.
            return status.kind == .link ? .link(to: "") : .other(status)
        }
    }

    /// Whether a target was found or made by an earlier change, or would be.
    private func isPlanned(_ target: FilePath) -> Bool {
        present.contains(target) || expected.contains(target)
    }

    /// What the target is, its own links followed; `nil` when there is none.
    private func lookAtTarget(_ place: Place) throws(BootError) -> FileStatus? {
        if mode == .dryRun && isExpected(place.target) { return nil }
        func status(_ body: () throws(SystemCallError) -> FileStatus?) throws(BootError) -> FileStatus? {
            try perform("cannot look at", place.target, as: place.actor) { () throws(SystemCallError) in
                do throws(SystemCallError) {
                    return try body()
                } catch {
                    // To the reader both questions are one.
                    throw SystemCallError(call: "stat", path: error.path, errno: error.errno)
                }
            }
        }
        // One question where there is no link, as each takes its time on a file server.
        guard let entry = try status({ () throws(SystemCallError) in try tree.entryStatus(place.target) }) else {
            return nil
        }
        let target =
            entry.kind == .link
            ? try status { () throws(SystemCallError) in try tree.status(place.target, links: .follow) } : entry
        guard let status = target else {
            throw place.error(
                "that is a symbolic link to something that does not exist", "remove it, or make its target")
        }
        guard (status.kind == .directory) == (place.kind == .directory) else {
            throw place.error("that is \(status.kind.words), and a \(place.kind.rawValue) is expected", "move it away")
        }
        guard let owners = place.owners else { return status }
        // Whoever owns a link can let it lead elsewhere.
        if let owner = [status.user, entry.user].first(where: { !owners.contains($0) }) {
            throw place.error(
                "that belongs to user \(owner), whose files there could run as user \(actors.userID)",
                "look at it, and move it away")
        }
        return status
    }

    /// Sees to it that the target exists; `false` when nothing had to be made.
    @discardableResult
    private mutating func makeTarget(_ place: Place) throws(BootError) -> Bool {
        if isPlanned(place.target) { return false }
        guard try lookAtTarget(place) == nil, let wanted = place.targetMode else { return false }
        if mode == .dryRun {
            expected.append(place.target)
            return true
        }
        let isMade = try perform("cannot create", place.target, as: place.actor) { () throws(SystemCallError) in
            guard let name = place.target.lastComponent else { return false }
            let parent = try tree.openParent(of: place.target, links: .follow)
            do throws(SystemCallError) {
                switch place.kind {
                case .directory: try parent.makeDirectory(name, mode: wanted)
                case .file: try parent.open(name, [.writeOnly, .create, .exclusive], mode: wanted).close()
                }
                return true
            } catch  where error.errno == .fileExists {
                return false
            }
        }
        if !isMade { _ = try lookAtTarget(place) }
        present.append(place.target)
        return isMade
    }

    private func removeStale(beside place: Place) {
        Leftovers.remove(
            beside: place.path, Leftovers.Proof(links: [place.target, Place.probe]), in: tree,
            progress: keepWatchWaiting)
    }

    /// Makes the link; `false` when something else has come into its place.
    private mutating func make(_ place: Place, replacing found: Found) throws(BootError) -> Bool {
        let isMade = try perform("cannot link", place.path, as: place.actor) { () throws(SystemCallError) in
            guard let name = place.path.lastComponent else { return true }
            let parent = try tree.openParent(of: place.path, links: .follow)
            guard case .link = found else {
                do throws(SystemCallError) {
                    try parent.makeLink(name, to: place.target)
                    removeStale(beside: place)
                    return true
                } catch  where error.errno == .fileExists {
                    return false
                }
            }
            let temporary = TemporaryName.make(for: name)
            do throws(SystemCallError) {
                try parent.makeLink(temporary, to: place.target)
                try parent.replace(name, in: parent, with: temporary)
                removeStale(beside: place)
                return true
            } catch {
                _ = try? parent.remove(temporary)
                // A directory has taken the place of the link.
                if error.errno == .isDirectory { return false }
                throw error
            }
        }
        if case .link(let old) = found, isMade { add(remark: "it was a link to \(old.shown())") }
        return isMade
    }
}
