package import Boot
package import Linux
package import Programs
internal import Text

/// A copy of the files through rclone, without owners, modes, hard links and empty directories. What a save replaces or
/// removes is moved aside in the storage, and not lost.
package struct MirrorEngine: SnapshotEngine {
    private let snapshot: Snapshot
    private let rclone: RcloneRun

    package init(_ snapshot: Snapshot, _ keys: SnapshotKeys, _ caller: EnvironmentBlock) {
        self.snapshot = snapshot
        rclone = RcloneRun(snapshot, keys, caller)
    }

    private var action: String { "cannot open \(snapshot.repository.shown())" }
    /// What stands beside the files: which pod has saved them, and when. It is written last.
    private var mark: String { "\(rclone.remote)/entrypoint-mirror.json" }
    private var files: String { "\(rclone.remote)/files" }

    package func snapshots() throws(SnapshotFailure) -> [SavedSnapshot] {
        let lines = try rclone.run(
            [.rclone(["lsf", "--max-depth", "1", rclone.remote])], action: action, limit: RcloneRun.patience)
        let names = lines.map { String(decoding: $0, as: UTF8.self) }
        guard names.contains("entrypoint-mirror.json") else {
            guard names.isEmpty else {
                throw SnapshotFailure(
                    "\(action): it has objects that are no mirror of this program; `entrypointctl snapshot restore "
                        + "--from-mirror ADDRESS` takes over what another program has mirrored")
            }
            throw SnapshotFailure(
                "\(action): there is none; `entrypointctl snapshot init` makes it, once, or `create: true` at the first start",
                .noRepository)
        }
        let text = try rclone.run([.rclone(["cat", mark])], action: action, limit: RcloneRun.patience)
        guard let json = try? JSON(reading: text.joinedLines) else {
            throw SnapshotFailure("\(action): what stands in entrypoint-mirror.json is not understood")
        }
        guard let id = json["id"]?.string, let time = json["time"]?.string, let host = json["host"]?.string else {
            return []
        }
        var saved = SavedSnapshot(id: id, time: time, host: host)
        saved.tags = json["tags"]?.items?.compactMap { $0.string } ?? []
        saved.bytes = json["bytes"]?.integer()
        saved.files = json["files"]?.integer()
        return [saved]
    }

    package func initialise() throws(SnapshotFailure) {
        do throws(SnapshotFailure) {
            _ = try snapshots()
        } catch {
            guard error.kind == .noRepository || error.text.contains("directory not found") else { throw error }
            return try put("{}\n")
        }
        throw SnapshotFailure("cannot make \(snapshot.repository.shown()): there is one already")
    }

    private func put(_ text: String) throws(SnapshotFailure) {
        _ = try rclone.run(
            [
                RcloneRun.Part(name: "printf", arguments: ["%s", text], package: "coreutils"), .rclone(["rcat", mark]),
            ], action: "cannot save to \(snapshot.repository.shown())", limit: RcloneRun.patience * 2)
    }

    private var transfers: [String] {
        let count = snapshot.transfers > 0 ? snapshot.transfers : 32
        return ["--transfers", "\(count)", "--checkers", "\(count)"]
    }

    package func restore(
        _ saved: SavedSnapshot, to directory: FilePath, path: String?, progress: (UInt64, UInt64?) -> Bool
    ) throws(SnapshotFailure) {
        let source = path.map { files + $0 } ?? files
        try copy(source, to: directory, "cannot restore \(saved.words)", saved.bytes, progress)
    }

    /// Copies what another program has mirrored, such as the sidecar of rclone that this one replaces.
    func restoreForeign(
        to directory: FilePath, progress: (UInt64, UInt64?) -> Bool
    ) throws(SnapshotFailure) {
        try copy(rclone.remote, to: directory, "cannot take over \(snapshot.repository.shown())", nil, progress)
    }

    private func copy(
        _ source: String, to directory: FilePath, _ action: String, _ bytes: UInt64?,
        _ progress: (UInt64, UInt64?) -> Bool
    ) throws(SnapshotFailure) {
        _ = try withoutActuallyEscaping(progress) { progress throws(SnapshotFailure) in
            try rclone.run(
                [.rclone(["copy", "--links", "--fast-list"] + transfers + [source, directory.string])], action: action,
                tick: { process in progress(process.bytesWritten ?? 0, bytes) })
        }
    }

    package func save(_ directory: FilePath, _ request: SaveRequest) throws(SnapshotFailure) -> SaveResult {
        let time = Timestamps.utc(nanoseconds: Clock.realTime)
        let id = SnapshotID.make(time: time, host: request.host)
        let excluded =
            (["/\(SnapshotPlaces.prefix)*", "/\(SnapshotPlaces.prefix)*/**", "/lost+found/**"]
            + snapshot.exclude.flatMap { [$0, "\($0)/**"] })
            .flatMap { ["--exclude", $0] }
        _ = try rclone.run(
            [
                .rclone(
                    ["sync", "--links", "--fast-list", "--checksum", "--backup-dir", "\(rclone.remote)/replaced/\(id)"]
                        + transfers + excluded + [directory.string, files])
            ], action: "cannot save to \(snapshot.repository.shown())", limit: request.limit)
        let survey = TreeSurvey(of: directory, excluding: snapshot.exclude)
        let mark = JSON.object([
            ("id", .string(id)), ("time", .string(time)), ("host", .string(request.host)),
            ("tags", .array(request.tags.map { .string($0) })), ("files", .number(survey.files)),
            ("bytes", .number(survey.bytes)),
        ])
        try put(mark.text + "\n")
        var result = SaveResult()
        (result.id, result.files, result.bytes) = (id, survey.files, survey.bytes)
        return result
    }

    package func differences(_ one: String, _ other: String, _ take: (String) -> Void) throws(SnapshotFailure) {
        throw SnapshotFailure("a mirror has one state, which cannot be compared with another")
    }

    package func forget(_ keep: Snapshot.Keep, tag: String) throws(SnapshotFailure) {}

    package func remove(_ snapshots: [SavedSnapshot]) throws(SnapshotFailure) {
        _ = try rclone.run([.rclone(["purge", rclone.remote])], action: "cannot remove \(snapshot.repository.shown())")
    }
}
