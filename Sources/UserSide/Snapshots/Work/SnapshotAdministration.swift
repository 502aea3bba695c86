internal import Boot
internal import Linux
internal import Text

/// What is done with a repository by hand.
extension SnapshotWork {
    /// Makes the repository.
    ///
    /// - Throws: why it was not made.
    package func initialise() throws(SnapshotFailure) {
        try engineForReader().initialise()
        tell("made the repository \(snapshot.repository.shown())")
    }

    /// Gives each line of what differs between two snapshots.
    ///
    /// - Parameter other: the newest one where it is `nil`.
    /// - Throws: why they cannot be compared.
    package func differences(
        _ one: String, _ other: String?, _ take: (String) -> Void
    ) throws(SnapshotFailure) {
        let engine = try engineForReader()
        let saved = own(try engine.snapshots())
        try engine.differences(find(one, in: saved).id, find(other, in: saved).id, take)
    }

    /// Removes all snapshots of the directory.
    ///
    /// - Throws: why some are left.
    package func purge() throws(SnapshotFailure) {
        let directory = try SnapshotDirectory(snapshot.directory)
        let engine = try engine(cache: directory.place(SnapshotPlaces.cache))
        let saved = own(try engine.snapshots())
        var state = SnapshotState(.incomplete, repository: snapshot.repository, host: host)
        state.reason = "its snapshots were removed; `entrypointctl snapshot restore --keep` begins anew"
        // First: nobody may add to what is being removed.
        try directory.write(state)
        try engine.remove(saved)
        tell("removed \(saved.count.counted("snapshot")) of \(snapshot.directory.shown())")
    }

    /// The state of the directory; `nil` for none.
    ///
    /// - Throws: why it cannot be understood.
    package func state() throws(SnapshotFailure) -> SnapshotState? {
        try SnapshotDirectory.state(of: snapshot.directory)
    }

    /// Takes over what rclone has mirrored to an address, such as the sidecar that this program replaces.
    ///
    /// - Throws: why it is not there.
    package func takeOverMirror(at address: String) throws(SnapshotFailure) {
        let began = Clock.monotonic
        let directory = try SnapshotDirectory(snapshot.directory)
        guard try directory.names().isEmpty else {
            throw SnapshotFailure("\(snapshot.directory.shown()) is not empty; move its files away")
        }
        let engine = try engine(cache: directory.place(SnapshotPlaces.cache))
        if let newest = own(try engine.snapshots()).last {
            throw SnapshotFailure("\(snapshot.repository.shown()) has \(newest.words) already; restore that one")
        }
        guard address != snapshot.repository else {
            throw SnapshotFailure(
                "a mirror and a repository have addresses of their own; give --from-mirror the mirror's")
        }
        var source = snapshot
        source.repository = address
        let mirror = MirrorEngine(source, try SnapshotKeys(of: snapshot, environment), environment)
        try directory.remove(SnapshotPlaces.staging)
        let staging = try directory.place(SnapshotPlaces.staging)
        var progress = WorkProgress("taking over", on: .error, write: show)
        defer { progress.finish() }
        try mirror.restoreForeign(to: staging) { done, total in
            progress.tell(done, of: total)
            return false
        }
        let survey = TreeSurvey(of: staging, excluding: [])
        guard survey.files > 0 else {
            throw SnapshotFailure("there is nothing at \(address.shown()) that could be taken over")
        }
        try directory.moveUp(from: SnapshotPlaces.staging)
        // Nothing of it is saved yet.
        try directory.write(SnapshotState(.fresh, repository: snapshot.repository, host: host))
        tell(
            "took over \(Int(clamping: survey.files).counted("file")), \(SizeText.bytes(survey.bytes)), in "
                + TimeText.seconds(Clock.monotonic - began))
    }
}
