package import Boot
package import Linux
package import Programs
internal import Text

/// Whole archives of tar and zstd, through rclone. An archive counts once its mark stands beside it: a program that is
/// killed leaves an object that looks complete.
package struct ArchiveEngine: SnapshotEngine {
    private let snapshot: Snapshot
    private let rclone: RcloneRun

    package init(_ snapshot: Snapshot, _ keys: SnapshotKeys, _ caller: EnvironmentBlock) {
        self.snapshot = snapshot
        rclone = RcloneRun(snapshot, keys, caller)
    }

    private static let ending = ".tar.zst"
    private static let mark = ".ok"

    private var action: String { "cannot open \(snapshot.repository.shown())" }

    /// The names and sizes of all objects.
    private func objects() throws(SnapshotFailure) -> [(name: String, size: UInt64)] {
        let lines = try rclone.run(
            [.rclone(["lsjson", "--no-mimetype", "--files-only", rclone.remote])], action: action,
            limit: RcloneRun.patience)
        guard let json = try? JSON(reading: lines.joinedLines, fractions: true),
            let items = json.items
        else { throw SnapshotFailure("\(action): what rclone prints is not understood") }
        return items.compactMap { item in
            guard let name = item["Name"]?.string, let size = item["Size"]?.integer(UInt64.self) else { return nil }
            return (name, size)
        }
    }

    package func snapshots() throws(SnapshotFailure) -> [SavedSnapshot] {
        // rclone tells a prefix without objects from nothing at all by no more than this mark.
        let objects: [(name: String, size: UInt64)]
        do throws(SnapshotFailure) {
            objects = try self.objects()
        } catch {
            let isMissing = error.text.contains("directory not found")
            throw isMissing
                ? SnapshotFailure("\(action): there is none; `entrypointctl snapshot init` makes it", .noRepository)
                : error
        }
        guard objects.contains(where: { $0.name == Self.repositoryMark }) else {
            throw SnapshotFailure(
                "\(action): there is none; `entrypointctl snapshot init` makes it, once, or `create: true` at the first start",
                .noRepository)
        }
        var saved: [SavedSnapshot] = []
        for (name, _) in objects.sorted(by: { $0.name < $1.name }) where name.hasSuffix(Self.mark) {
            let archive = String(name.dropLast(Self.mark.count))
            guard let text = try? rclone.run([.rclone(["cat", "\(rclone.remote)/\(name)"])], action: action),
                let json = try? JSON(reading: text.joinedLines),
                let id = json["id"]?.string, let time = json["time"]?.string, let host = json["host"]?.string,
                let size = json["size"]?.integer(UInt64.self),
                objects.contains(where: { $0.name == archive && $0.size == size })
            else { throw SnapshotFailure("\(action): the archive \(archive.shown()) is not what its mark says") }
            var one = SavedSnapshot(id: id, time: time, host: host)
            one.tags = json["tags"]?.items?.compactMap { $0.string } ?? []
            one.files = json["files"]?.integer()
            one.bytes = json["bytes"]?.integer()
            saved.append(one)
        }
        return saved
    }

    private static let repositoryMark = "entrypoint-archives"

    package func initialise() throws(SnapshotFailure) {
        let action = "cannot make \(snapshot.repository.shown())"
        if let objects = try? objects(), objects.contains(where: { $0.name == Self.repositoryMark }) {
            throw SnapshotFailure("\(action): there is one already")
        }
        try put("1\n", at: Self.repositoryMark, action)
    }

    /// Writes a small object, which is there as a whole or not at all.
    private func put(_ text: String, at name: String, _ action: String) throws(SnapshotFailure) {
        _ = try rclone.run(
            [
                RcloneRun.Part(name: "printf", arguments: ["%s", text], package: "coreutils"),
                .rclone(["rcat", "\(rclone.remote)/\(name)"]),
            ], action: action, limit: RcloneRun.patience * 2)
    }

    package func restore(
        _ saved: SavedSnapshot, to directory: FilePath, path: String?, progress: (UInt64, UInt64?) -> Bool
    ) throws(SnapshotFailure) {
        let parts = path.map { ["./\($0.drop { $0 == "/" })"] } ?? []
        _ = try withoutActuallyEscaping(progress) { progress throws(SnapshotFailure) in
            try rclone.run(
                [
                    .rclone(["cat", "\(rclone.remote)/\(SnapshotID.name(of: saved.id))\(Self.ending)"]),
                    RcloneRun.Part(name: "zstd", arguments: ["-q", "-d", "-c"], package: "zstd"),
                    RcloneRun.Part(
                        name: "tar",
                        arguments: [
                            "-C", directory.string, "--xattrs", "--xattrs-include=user.*", "--acls", "-x", "-p", "-f",
                            "-",
                        ] + parts, package: "tar"),
                ], action: "cannot restore \(saved.words)",
                tick: { process in progress(process.bytesWritten ?? 0, saved.bytes) })
        }
    }

    package func save(_ directory: FilePath, _ request: SaveRequest) throws(SnapshotFailure) -> SaveResult {
        let action = "cannot save to \(snapshot.repository.shown())"
        let time = Timestamps.utc(nanoseconds: Clock.realTime)
        let id = SnapshotID.make(time: time, host: request.host)
        let name = "\(SnapshotID.name(of: id))\(Self.ending)"
        let excluded =
            (["./\(SnapshotPlaces.prefix)*", "./lost+found"]
            + snapshot.exclude.map { $0.hasPrefix("**/") ? String($0.dropFirst(3)) : $0 })
            .flatMap { ["--exclude", $0] }
        _ = try rclone.run(
            [
                RcloneRun.Part(
                    name: "tar",
                    arguments: ["-C", directory.string, "--xattrs", "--acls", "--numeric-owner", "--sparse"] + excluded
                        + ["-c", "-f", "-", "."], package: "tar",
                    // A file has changed while it was read, as files do where somebody works.
                    allowed: [1]),
                RcloneRun.Part(name: "zstd", arguments: ["-q", "-3", "-c"], package: "zstd"),
                .rclone(["rcat", "--s3-chunk-size", "16M", "\(rclone.remote)/\(name)"]),
            ], action: action, limit: request.limit)
        guard let object = try objects().first(where: { $0.name == name }) else {
            throw SnapshotFailure("\(action): the archive is not there afterwards")
        }
        let survey = TreeSurvey(of: directory, excluding: snapshot.exclude)
        let mark = JSON.object([
            ("id", .string(id)), ("time", .string(time)), ("host", .string(request.host)),
            ("tags", .array(request.tags.map { .string($0) })), ("size", .number(object.size)),
            ("files", .number(survey.files)), ("bytes", .number(survey.bytes)),
        ])
        try put(mark.text, at: name + Self.mark, action)
        var result = SaveResult()
        (result.id, result.files, result.bytes, result.bytesAdded) = (id, survey.files, survey.bytes, object.size)
        return result
    }

    package func differences(_ one: String, _ other: String, _ take: (String) -> Void) throws(SnapshotFailure) {
        throw SnapshotFailure("archives cannot be compared; restore both with --to, and compare the directories")
    }

    package func forget(_ keep: Snapshot.Keep, tag: String) throws(SnapshotFailure) {
        guard let last = keep.numbers.first(where: { $0.name == "last" }), keep.numbers.count == 1 else {
            throw SnapshotFailure("of archives only the last ones are kept: keep: {last: N}", .settings)
        }
        let saved = try snapshots().filter { $0.tags.contains(tag) }
        try remove(Array(saved.dropLast(Int(last.count))))
    }

    package func remove(_ snapshots: [SavedSnapshot]) throws(SnapshotFailure) {
        for saved in snapshots {
            // Without its mark it is none, whatever happens then.
            let archive = SnapshotID.name(of: saved.id) + Self.ending
            for name in [archive + Self.mark, archive] {
                _ = try rclone.run(
                    [.rclone(["deletefile", "\(rclone.remote)/\(name)"])], action: "cannot remove \(saved.words)")
            }
        }
    }
}
