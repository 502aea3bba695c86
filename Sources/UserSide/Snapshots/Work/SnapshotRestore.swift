internal import Boot
package import Linux
internal import Text

/// The restore at the start, which decides whether the directory may be saved.
extension SnapshotWork {
    /// Brings the directory to what its newest snapshot has, or proves that it is new. What is there already is never lost,
    /// and never written over.
    ///
    /// - Throws: why neither is so; nothing is saved then.
    package func begin() throws(SnapshotFailure) {
        let directory = try SnapshotDirectory(snapshot.directory, waiting: 10_000_000_000)
        directory.removeLeftovers()
        let known = try directory.readState()
        if let known, known.phase != .incomplete {
            guard known.repository == snapshot.repository else {
                throw SnapshotFailure(
                    "\(snapshot.directory.shown()) belongs to the repository \(known.repository.shown()), and "
                        + "\(snapshot.repository.shown()) is configured; nothing is restored or saved: move its files away, "
                        + "or use another directory")
            }
            return try goOn(known, directory)
        }
        do throws(SnapshotFailure) {
            try decide(directory)
        } catch {
            // What was begun after the restore can be gone on with.
            if let now = try directory.readState(), now.phase != .incomplete { throw error }
            var state = SnapshotState(.incomplete, repository: snapshot.repository, host: host)
            state.reason = error.text
            // The error itself matters more than that it cannot be noted.
            try? directory.write(state)
            throw error
        }
    }

    /// A directory whose state is known.
    private func goOn(_ known: SnapshotState, _ directory: borrowing SnapshotDirectory) throws(SnapshotFailure) {
        var state = known
        if state.phase == .replacing {
            try directory.moveAside(to: SnapshotPlaces.replaced)
            state.phase = .placing
            try directory.write(state)
        }
        if state.phase == .placing {
            try finishPlacing(&state, directory)
            return tell("restored \(state.snapshot.prefix(8)) to \(snapshot.directory.shown()), which was begun before")
        }
        guard state.host != host else {
            let words = state.snapshot.isEmpty ? "it was new" : "it comes from \(state.snapshot.prefix(8))"
            return tell("\(snapshot.directory.shown()) is as this pod has left it; \(words)")
        }
        try takeOver(state, directory)
    }

    /// A directory that another pod has left on the node's disk.
    private func takeOver(_ known: SnapshotState, _ directory: borrowing SnapshotDirectory) throws(SnapshotFailure) {
        let engine = try engine(cache: directory.place(SnapshotPlaces.cache))
        let saved = own(try engine.snapshots())
        var state = known
        state.host = host
        let place = snapshot.directory.shown()
        guard let newest = saved.last, known.snapshot.isEmpty || !newest.id.hasPrefix(known.snapshot.prefix(8)) else {
            try directory.write(state)
            return tell("\(place) is as pod \(known.host.shown()) has left it on this node")
        }
        let survey = TreeSurvey(of: snapshot.directory, excluding: snapshot.exclude)
        // One that was new, and still has nothing, has no work of anybody.
        let hasNothing = try directory.names().isEmpty && known.snapshot.isEmpty
        guard hasNothing || !hasChanged(survey, since: known) else {
            try directory.write(state)
            return warn(
                "\(place) has work of pod \(known.host.shown()) that only this node has, and "
                    + "\(newest.words) is newer: the directory stays, and is added to the repository as a snapshot; "
                    + "`entrypointctl snapshot restore --at \(newest.shortID) --to DIR` brings the other")
        }
        // All that is here stands in the repository.
        try bring(newest, engine, directory, replaces: true)
    }

    /// A directory of which nothing is known.
    private func decide(_ directory: borrowing SnapshotDirectory) throws(SnapshotFailure) {
        let engine = try engine(cache: directory.place(SnapshotPlaces.cache))
        let saved = own(try existing(engine))
        let names = try directory.names()
        guard let newest = saved.last else {
            let state = SnapshotState(.fresh, repository: snapshot.repository, host: host)
            try directory.write(state)
            return tell(
                "\(snapshot.directory.shown()) is new: \(snapshot.repository.shown()) answers, and has no snapshot of it"
            )
        }
        guard names.isEmpty else {
            let shown = names.prefix(3).map { $0.string.shown(limit: 40) }.joined(separator: ", ")
            let rest = names.count > 3 ? " and \(names.count - 3) more" : ""
            throw SnapshotFailure(
                "\(snapshot.directory.shown()) has files that no snapshot explains (\(shown)\(rest)), and the repository has "
                    + "\(newest.words); move the files away, or keep them with `entrypointctl snapshot restore --keep`")
        }
        try bring(newest, engine, directory, replaces: false)
    }

    /// The snapshots of the repository, which is made where it is missing and may be made.
    private func existing(_ engine: any SnapshotEngine) throws(SnapshotFailure) -> [SavedSnapshot] {
        do throws(SnapshotFailure) {
            return try engine.snapshots()
        } catch {
            guard error.kind == .noRepository, snapshot.create else { throw error }
            try engine.initialise()
            tell("made the repository \(snapshot.repository.shown())")
            return try engine.snapshots()
        }
    }

    /// Restores a snapshot beside the user's files, and moves it to its place.
    private func bring(
        _ saved: SavedSnapshot, _ engine: any SnapshotEngine, _ directory: borrowing SnapshotDirectory, replaces: Bool
    ) throws(SnapshotFailure) {
        let began = Clock.monotonic
        try directory.remove(SnapshotPlaces.staging)
        let staging = try directory.place(SnapshotPlaces.staging)
        do throws(SnapshotFailure) {
            try fetch(saved, engine, to: staging, path: nil, began: began)
        } catch {
            try? directory.remove(SnapshotPlaces.staging)
            throw error
        }
        var state = SnapshotState(replaces ? .replacing : .placing, repository: snapshot.repository, host: host)
        (state.snapshot, state.base, state.time) = (saved.id, saved.id, saved.time)
        try directory.write(state)
        if replaces {
            try directory.moveAside(to: SnapshotPlaces.replaced)
            state.phase = .placing
            try directory.write(state)
        }
        try finishPlacing(&state, directory)
        let much = [
            saved.files.map { Int(clamping: $0).counted("file") }, saved.bytes.map { SizeText.bytes($0) },
        ].compactMap { $0 }
        tell(
            "restored \(saved.words) to \(snapshot.directory.shown()) in \(TimeText.seconds(Clock.monotonic - began))"
                + (much.isEmpty ? "" : ": \(much.joined(separator: ", "))"))
    }

    private func finishPlacing(
        _ state: inout SnapshotState, _ directory: borrowing SnapshotDirectory
    ) throws(SnapshotFailure) {
        try directory.moveUp(from: SnapshotPlaces.staging)
        try? directory.remove(SnapshotPlaces.replaced)
        // Times of changes are as coarse as the kernel's ticks.
        Clock.sleep(nanoseconds: 2 * SnapshotWork.tick)
        state.phase = .restored
        state.host = host
        state.cleanSince = Clock.realTime
        state.mark = TreeSurvey.mark(of: try directory.names())
        try directory.write(state)
    }

    /// Writes the content of a snapshot into an empty directory, with progress and within the time that a restore has.
    func fetch(
        _ saved: SavedSnapshot, _ engine: any SnapshotEngine, to directory: FilePath, path: String?, began: UInt64
    ) throws(SnapshotFailure) {
        var progress = WorkProgress("restoring \(saved.shortID)", on: .error, write: show)
        defer { progress.finish() }
        var isOverdue = false
        do throws(SnapshotFailure) {
            try engine.restore(saved, to: directory, path: path) { done, total in
                progress.tell(done, of: total)
                isOverdue = Clock.monotonic - began > snapshot.restoreTimeout
                return isOverdue
            }
        } catch {
            guard isOverdue else { throw error }
            throw SnapshotFailure(
                "cannot restore \(saved.words): it was not there after \(TimeText.seconds(snapshot.restoreTimeout)); "
                    + "restoreTimeout gives it longer")
        }
    }

    /// Nanoseconds by which the time of a change may lag behind the clock.
    static let tick: UInt64 = 10_000_000

    /// Whether anything may have changed since the directory was the same as its snapshot. What is not understood is a
    /// change.
    func hasChanged(_ survey: TreeSurvey, since state: SnapshotState) -> Bool {
        guard state.cleanSince > Self.tick, survey.isWhole else { return true }
        return survey.latestChange >= state.cleanSince - Self.tick || survey.mark != state.mark
    }
}

/// What people restore.
extension SnapshotWork {
    /// Writes a snapshot, or a part of it, into a directory of its own.
    ///
    /// - Parameters:
    ///   - text: which snapshot; `nil` for the newest one.
    ///   - target: the directory, which must not exist or be empty.
    ///   - path: a part of the snapshot; `nil` for all.
    /// - Throws: why it is not there.
    package func restore(at text: String?, to target: FilePath, path: String?) throws(SnapshotFailure) {
        let began = Clock.monotonic
        let engine = try engineForReader()
        let saved = try find(text, in: own(try engine.snapshots()))
        let directory = try Self.openTarget(target)
        let part = path.map { $0.hasPrefix("/") ? $0 : "/" + $0 }
        // Whoever looks finds nothing, or all of it.
        let staging: FilePath.Component = ".entrypoint-snapshot.restore"
        do throws(SystemCallError) {
            try directory.makeDirectory(staging, mode: 0o700)
        } catch {
            throw SnapshotFailure("cannot restore to \(target.shown())", error)
        }
        do throws(SnapshotFailure) {
            try fetch(saved, engine, to: target.appending(staging), path: part, began: began)
            do throws(SystemCallError) {
                let source = try directory.openDirectory(staging)
                let names = try source.names()
                guard !names.isEmpty || part == nil else {
                    throw SystemCallError(
                        call: "restore", path: part.map { FilePath($0) }, errno: .noSuchFileOrDirectory)
                }
                for name in names { try source.moveWhole(name, to: directory) }
                try directory.removeDirectory(staging)
            } catch {
                guard error.call == "restore" else {
                    throw SnapshotFailure("cannot restore to \(target.shown())", error)
                }
                throw SnapshotFailure("\(saved.words) has no \(part?.shown() ?? "")")
            }
        } catch {
            try? directory.removeTree(staging)
            throw error
        }
        tell(
            "restored \(path.map { "\($0.shown()) of " } ?? "")\(saved.words) to \(target.shown()) in "
                + TimeText.seconds(Clock.monotonic - began))
    }

    private static func openTarget(_ target: FilePath) throws(SnapshotFailure) -> Directory {
        do throws(SystemCallError) {
            let tree = FileTree()
            if try tree.status(target, links: .follow) == nil, let name = target.lastComponent {
                try tree.openParent(of: target, links: .follow).makeDirectory(name, mode: 0o700)
            }
            let directory = try tree.openDirectory(target, links: .follow)
            guard try directory.names().isEmpty else {
                throw SystemCallError(call: "restore", path: target, errno: .directoryNotEmpty)
            }
            return directory
        } catch {
            throw SnapshotFailure("cannot restore to \(target.shown())", error)
        }
    }

    /// Lets the files of the directory be what is saved next, although no snapshot explains them. Nothing is removed from the
    /// repository.
    ///
    /// - Throws: why they may not.
    package func keep() throws(SnapshotFailure) {
        let directory = try SnapshotDirectory(snapshot.directory)
        if let known = try directory.readState(), known.maySave, known.repository == snapshot.repository {
            return tell("\(snapshot.directory.shown()) is saved already")
        }
        if let phase = try directory.readState()?.phase, phase == .placing || phase == .replacing {
            throw SnapshotFailure(
                "a restore of \(snapshot.directory.shown()) is half done; `entrypointctl snapshot restore` ends it")
        }
        let engine = try engine(cache: directory.place(SnapshotPlaces.cache))
        let newest = own(try engine.snapshots()).last
        try directory.remove(SnapshotPlaces.staging)
        var state = SnapshotState(newest == nil ? .fresh : .restored, repository: snapshot.repository, host: host)
        state.snapshot = newest?.id ?? ""
        (state.base, state.time) = (state.snapshot, newest?.time ?? "")
        try directory.write(state)
        tell(
            "the files of \(snapshot.directory.shown()) are saved from now on"
                + (newest.map { ", after \($0.words)" } ?? ""))
    }
}
