internal import Boot
internal import Linux
internal import Text

/// Saves.
extension SnapshotWork {
    /// Who asks for a save.
    package enum SaveReason: Equatable, Sendable {
        /// A person.
        case person
        /// The service, again and again.
        case periodic
        /// The end of the container.
        case final
    }

    /// Nanoseconds between two looks for snapshots of other pods, and between two removals of old ones.
    private static let checkInterval: UInt64 = 300_000_000_000
    private static let pruneInterval: UInt64 = 86_400_000_000_000

    /// Adds a snapshot of the directory, if anything has changed since the last one.
    ///
    /// - Throws: why there is none. The directory is not saved unless it was restored or is proved to be new.
    package func save(_ reason: SaveReason) throws(SnapshotFailure) {
        // The run before may still be ending.
        let patience: UInt64 = reason == .final ? 10_000_000_000 : reason == .person ? 60_000_000_000 : 0
        guard try SnapshotDirectory.state(of: snapshot.directory) != nil else {
            throw SnapshotFailure(
                "\(snapshot.directory.shown()) is not saved: it was never restored or proved to be new; "
                    + "`entrypointctl snapshot restore` does that")
        }
        let directory = try SnapshotDirectory(snapshot.directory, waiting: patience)
        guard var state = try directory.readState(), state.maySave else {
            let why = (try? directory.readState())??.reason ?? ""
            throw SnapshotFailure(
                "\(snapshot.directory.shown()) is not saved: it is neither restored nor proved to be new"
                    + (why.isEmpty ? "" : " (\(why))"))
        }
        guard state.repository == snapshot.repository else {
            throw SnapshotFailure(
                "\(snapshot.directory.shown()) is not saved: it belongs to the repository \(state.repository.shown())")
        }
        let began = Clock.realTime
        let survey = TreeSurvey(of: snapshot.directory, excluding: snapshot.exclude)
        if !hasChanged(survey, since: state) || survey.mark == TreeSurvey.mark(of: []) {
            return tellUnchanged(survey, state, reason)
        }
        let engine = try engine(cache: directory.place(SnapshotPlaces.cache))
        do throws(SnapshotFailure) {
            let result = try add(survey, to: engine, state, reason)
            note(result, survey, began, reason, &state)
            try directory.write(state)
            tellSaved(result, state, reason)
        } catch {
            var last = SnapshotState.Save()
            (last.failure, last.isFinal) = (error.text, reason == .final)
            (last.ended, last.duration) = (Clock.realTime, Clock.realTime - min(began, Clock.realTime))
            state.last = last
            try? directory.write(state)
            throw error
        }
        guard reason != .final else { return }
        do throws(SnapshotFailure) {
            try lookAfter(engine, &state, directory, reason)
        } catch {
            // What was saved is saved.
            warn(error.text)
        }
    }

    private func add(
        _ survey: TreeSurvey, to engine: any SnapshotEngine, _ state: SnapshotState, _ reason: SaveReason
    ) throws(SnapshotFailure) -> SaveResult {
        var request = SaveRequest(
            host: host, tags: [tag, "\(SnapshotTag.size)\(survey.bytes)-\(survey.files)"])
        if !state.snapshot.isEmpty { request.parent = state.snapshot }
        request.isAfterRestore = !state.isSavedHere && !state.snapshot.isEmpty && state.cleanSince > 0
        request.parentTime = state.time
        request.isInBackground = reason == .periodic
        // The result is noted before whoever waits for the end loses patience.
        if reason == .final { request.limit = max(snapshot.finalTimeout, 5_000_000_000) - 4_000_000_000 }
        return try engine.save(snapshot.directory, request)
    }

    private func note(
        _ result: SaveResult, _ survey: TreeSurvey, _ began: UInt64, _ reason: SaveReason, _ state: inout SnapshotState
    ) {
        var last = SnapshotState.Save()
        (last.ended, last.isFinal) = (Clock.realTime, reason == .final)
        last.duration = last.ended - min(began, last.ended)
        (last.files, last.bytes, last.bytesAdded) = (result.files, result.bytes, result.bytesAdded)
        last.unreadable = UInt64(result.unreadable.count)
        state.last = last
        state.phase = .restored
        state.snapshot = result.id
        state.time = result.time
        state.isSavedHere = true
        // What could not be read is tried again.
        state.cleanSince = result.unreadable.isEmpty ? began : 0
        state.mark = survey.mark
    }

    private func tellUnchanged(_ survey: TreeSurvey, _ state: SnapshotState, _ reason: SaveReason) {
        if reason == .periodic { return }
        if survey.mark == TreeSurvey.mark(of: []), !state.snapshot.isEmpty {
            return warn(
                "\(snapshot.directory.shown()) is empty, and \(state.snapshot.prefix(8)) stays the newest snapshot")
        }
        tell(
            state.snapshot.isEmpty
                ? "\(snapshot.directory.shown()) has nothing to save yet"
                : "\(snapshot.directory.shown()) has not changed since \(state.snapshot.prefix(8))")
    }

    private func tellSaved(_ result: SaveResult, _ state: SnapshotState, _ reason: SaveReason) {
        if !result.unreadable.isEmpty {
            let names = result.unreadable.prefix(3).map { $0.shown(limit: 200) }.joined(separator: ", ")
            warn(
                "\(result.unreadable.count.counted("file")) could not be read, and "
                    + "\(result.unreadable.count == 1 ? "is" : "are") not in \(state.snapshot.prefix(8)): \(names)")
        }
        let duration = state.last?.duration ?? 0
        tell(
            "saved \(snapshot.directory.shown()) as \(state.snapshot.prefix(8)) in \(TimeText.seconds(duration)): "
                + (snapshot.engine == .restic
                    ? "\(Int(clamping: result.newFiles)) new and \(Int(clamping: result.changedFiles)) changed of "
                    : "")
                + "\(Int(clamping: result.files).counted("file")), \(SizeText.bytes(result.bytesAdded)) added")
    }

    /// Looks for what other pods have saved, and removes old snapshots, each now and then.
    private func lookAfter(
        _ engine: any SnapshotEngine, _ state: inout SnapshotState, _ directory: borrowing SnapshotDirectory,
        _ reason: SaveReason
    ) throws(SnapshotFailure) {
        let now = Clock.realTime
        if now - min(state.checked, now) > Self.checkInterval {
            let saved = own(try engine.snapshots())
            // What other pods have saved since this directory was restored.
            let first = saved.firstIndex { !state.base.isEmpty && $0.id.hasPrefix(state.base) }.map { $0 + 1 } ?? 0
            let mine = saved.last { $0.id.hasPrefix(state.snapshot) }
            if let other = saved[first...].last(where: { $0.host != host }), other.id != state.told {
                warn(
                    "another pod saves this directory, too: \(other.words)"
                        + (mine.map { ", and \($0.words) is this pod's" } ?? "")
                        + "; both stay, and the next pod gets the newest one")
                state.told = other.id
            }
            if let mine { (state.snapshot, state.time) = (mine.id, mine.time) }
            state.checked = now
            try directory.write(state)
        }
        guard let keep = snapshot.keep, reason == .periodic, now - min(state.pruned, now) > Self.pruneInterval else {
            return
        }
        try engine.forget(keep, tag: tag)
        state.pruned = Clock.realTime
        try directory.write(state)
    }
}
