package import Boot
package import Linux
package import Programs
internal import Text

/// restic, of which all commands are the same since 0.14.
///
/// What was measured of it decides what is believed: newer versions try again for a quarter of an hour where a server
/// does not answer, an empty list of snapshots with exit code 0 is no proof while something stands on standard error, and
/// exit code 12 means nothing once a signal was sent.
package struct ResticEngine: SnapshotEngine {
    private let snapshot: Snapshot
    private let keys: SnapshotKeys
    private let environment: [CString]
    private let programs: [FilePath]
    private let cache: FilePath
    /// Nanoseconds that the repository may take to answer.
    private static let patience: UInt64 = 12_000_000_000

    /// - Parameters:
    ///   - cache: where metadata is kept, so that not every run asks for all of it.
    ///   - caller: the caller's environment.
    package init(_ snapshot: Snapshot, _ keys: SnapshotKeys, cache: FilePath, _ caller: EnvironmentBlock) {
        self.snapshot = snapshot
        self.keys = keys
        self.cache = cache
        let path = caller.value("PATH") ?? Array(CommandSearch.defaultPath.utf8)
        programs = CommandSearch.candidates(for: Array("restic".utf8), path: path)
        // Nothing is inherited: a variable of the user's could send everything elsewhere.
        var values: [(String, [UInt8])] = [
            ("PATH", path), ("HOME", Array(cache.string.utf8)), ("LANG", Array("C.UTF-8".utf8)),
            ("TZ", Array("UTC".utf8)),
            ("RESTIC_REPOSITORY", Array(snapshot.repository.utf8)), ("RESTIC_PASSWORD", Array(keys.password.utf8)),
            ("RESTIC_CACHE_DIR", Array(cache.string.utf8)), ("RESTIC_PROGRESS_FPS", Array("1".utf8)),
            ("AWS_ACCESS_KEY_ID", Array(keys.accessKey.utf8)), ("AWS_SECRET_ACCESS_KEY", Array(keys.secretKey.utf8)),
        ]
        if !keys.sessionToken.isEmpty { values.append(("AWS_SESSION_TOKEN", Array(keys.sessionToken.utf8))) }
        for name in ["TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"] {
            if let value = caller.value(name) { values.append((name, value)) }
        }
        environment = values.map { CString(Array("\($0.0)=".utf8) + $0.1) }
    }

    // MARK: Runs

    /// What a run has said.
    private struct Said {
        var outcome: EngineRun.Outcome
        var output: [[UInt8]] = []
        var errors: [String] = []
        /// Whether it was ended because its last error is one that does not go away.
        var isHopeless = false

        /// The lines of standard error without those about attempts that have succeeded at last.
        var complaints: [String] {
            errors.filter { !$0.contains("returned error, retrying") && !$0.contains("operation successful after") }
        }
    }

    /// - Parameter hasRegion: whether the region is given; without it restic asks for it, and finds that there is no bucket.
    private func flags(hasRegion: Bool = true) -> [String] {
        var flags: [String] = []
        if snapshot.isRemote {
            flags += ["-o", "s3.bucket-lookup=\(snapshot.addressing == .path ? "path" : "dns")"]
            if !snapshot.region.isEmpty, hasRegion { flags += ["-o", "s3.region=\(snapshot.region)"] }
            if snapshot.transfers > 0 { flags += ["-o", "s3.connections=\(snapshot.transfers)"] }
        }
        if let file = snapshot.credentials.certificateFile { flags += ["--cacert", file.string] }
        if snapshot.packSize > 0 { flags += ["--pack-size", "\(snapshot.packSize)"] }
        return flags
    }

    private func run(
        _ arguments: [String], in directory: FilePath? = nil, limit: UInt64? = patience, hasRegion: Bool = true,
        isInBackground: Bool = false, keepsOutput: Bool = true, output: @escaping ([UInt8]) -> Void = { _ in },
        tick: @escaping (EngineProcess) -> Bool = { _ in false }
    ) throws(SnapshotFailure) -> Said {
        let variables = isInBackground ? environment + [CString(Array("GOGC=20".utf8))] : environment
        var run = EngineRun(
            programs: programs, arguments: ["restic"] + flags(hasRegion: hasRegion) + arguments,
            environment: variables, directory: directory)
        // The user's work comes first, but not at the end, when it is over.
        run.nice = isInBackground ? 10 : nil
        var (lines, errors, isHopeless): ([[UInt8]], [String], Bool) = ([], [], false)
        var watch = EngineRun.Watch(limit: limit, patience: RcloneRun.stillness)
        watch.interval = 200_000_000
        watch.output = { line in
            if keepsOutput { lines.append(line) }
            output(line)
        }
        watch.errors = { line in
            let line = line.drop { $0 == "\u{1B}" }
            if errors.count >= 200 { errors.removeFirst() }
            errors.append(String(line))
            if ResticFailure.isHopeless(String(line)) { isHopeless = true }
        }
        watch.tick = { isHopeless || tick($0) }
        do throws(SystemCallError) {
            let outcome = try run.run(watch)
            return Said(outcome: outcome, output: lines, errors: errors, isHopeless: isHopeless)
        } catch {
            let reason = error.errno == .noSuchFileOrDirectory ? "there is no such program" : error.reason
            throw SnapshotFailure("cannot run restic: \(reason); the image needs the package restic", .settings)
        }
    }

    private func check(_ said: Said, _ action: String, allowing codes: [Int32] = []) throws(SnapshotFailure) {
        if said.outcome.isDone { return }
        if case .exited(let code) = said.outcome.end, codes.contains(code), !said.outcome.isOverdue { return }
        throw ResticFailure(
            code: said.outcome.end.code,
            // Where nothing else is said, why it tried again is the reason.
            lines: said.outcome.isOverdue || said.complaints.isEmpty ? said.errors : said.complaints,
            wasSignalled: said.outcome.isOverdue || said.outcome.interruption != nil, isOverdue: said.outcome.isOverdue,
            isHopeless: said.isHopeless, interruption: said.outcome.interruption
        ).failure(action, snapshot)
    }

    private var place: String { snapshot.repository.shown() }

    // MARK: What there is

    package func snapshots() throws(SnapshotFailure) -> [SavedSnapshot] {
        do throws(SnapshotFailure) {
            return try provenSnapshots()
        } catch {
            guard error.kind == .corrupt else { throw error }
            clearCache()
            return try provenSnapshots()
        }
    }

    /// Removes the cache's content: some versions keep what they have read before they find that it is damaged.
    private func clearCache() { Self.empty(cache) }

    private static func empty(_ path: FilePath) {
        guard let directory = try? FileTree().openDirectory(path, links: .follow) else { return }
        for name in (try? directory.names()) ?? [] { try? directory.removeTree(name) }
    }

    private func provenSnapshots() throws(SnapshotFailure) -> [SavedSnapshot] {
        let action = "cannot open the repository \(place)"
        for attempt in 0..<2 {
            let said = try run(["--no-lock", "snapshots", "--json"])
            try check(said, action)
            let found = try Self.read(said.output, action)
            if !found.isEmpty, said.complaints.isEmpty { return found }
            // Nothing, or not all: only a listing of the names proves it.
            let proof = try run(["--no-lock", "list", "snapshots"])
            try check(proof, action)
            let names = proof.output.filter { !$0.isEmpty }.count
            if proof.complaints.isEmpty, names == found.count { return found }
            // Another pod may have saved meanwhile.
            if attempt == 1 {
                throw SnapshotFailure(
                    "\(action): it names \(names) snapshots, and \(found.count) of them can be read: "
                        + (said.complaints.last ?? proof.complaints.last ?? "no reason is given"), .corrupt)
            }
        }
        return []
    }

    private static func read(_ lines: [[UInt8]], _ action: String) throws(SnapshotFailure) -> [SavedSnapshot] {
        do throws(FormatError) {
            let json = try JSON(reading: lines.joinedLines, fractions: true)
            if json == .null { return [] }
            guard let items = json.items else { throw FormatError("expected a list") }
            return try items.map { item throws(FormatError) in
                guard let id = item["id"]?.string, let time = item["time"]?.string else {
                    throw FormatError("a snapshot without id or time")
                }
                var saved = SavedSnapshot(id: id, time: time, host: item["hostname"]?.string ?? "")
                saved.tags = item["tags"]?.items?.compactMap { $0.string } ?? []
                saved.files = item["summary"]?["total_files_processed"]?.integer()
                saved.bytes = item["summary"]?["total_bytes_processed"]?.integer()
                for tag in saved.tags where tag.hasPrefix(SnapshotTag.size) {
                    let numbers = tag.dropFirst(SnapshotTag.size.count).split(separator: "-").map { UInt64($0) }
                    guard numbers.count == 2 else { continue }
                    saved.bytes = saved.bytes ?? numbers[0]
                    saved.files = saved.files ?? numbers[1]
                }
                return saved
            }
        } catch {
            throw SnapshotFailure("\(action): what restic prints is not understood: \(error.expected)")
        }
    }

    package func initialise() throws(SnapshotFailure) {
        let action = "cannot make the repository \(place)"
        if snapshot.isRemote, !snapshot.createBucket {
            // restic makes a bucket that is missing, and cannot be told not to.
            let said = try run(["--no-lock", "cat", "config"], hasRegion: false)
            let text = said.errors.joined(separator: " ")
            if text.contains("bucket does not exist") || text.contains("NoSuchBucket") {
                throw SnapshotFailure("\(action): the bucket does not exist; make it, or set createBucket: true")
            }
            if said.outcome.isDone { throw SnapshotFailure("\(action): there is one already") }
            do throws(SnapshotFailure) {
                try check(said, action)
            } catch {
                guard error.kind == .noRepository else { throw error }
            }
        }
        try check(try run(["init"], limit: Self.patience * 2), action)
    }

    // MARK: Restore

    package func restore(
        _ saved: SavedSnapshot, to directory: FilePath, path: String?, progress: (UInt64, UInt64?) -> Bool
    ) throws(SnapshotFailure) {
        do throws(SnapshotFailure) {
            try restoreOnce(saved, to: directory, path: path, progress: progress)
        } catch {
            guard error.kind == .corrupt else { throw error }
            clearCache()
            Self.empty(directory)
            try restoreOnce(saved, to: directory, path: path, progress: progress)
        }
    }

    private func restoreOnce(
        _ saved: SavedSnapshot, to directory: FilePath, path: String?, progress: (UInt64, UInt64?) -> Bool
    ) throws(SnapshotFailure) {
        var arguments = ["--no-lock", "restore", saved.id, "--target", directory.string, "--json"]
        if let path { arguments += ["--include", path] }
        var (written, total): (UInt64, UInt64?) = (0, saved.bytes)
        let said = try withoutActuallyEscaping(progress) { progress throws(SnapshotFailure) in
            try run(
                arguments, limit: nil, keepsOutput: false,
                output: { line in
                    guard let json = try? JSON(reading: line, fractions: true),
                        json["message_type"]?.string == "status"
                    else { return }
                    written = json["bytes_restored"]?.integer() ?? written
                    total = json["total_bytes"]?.integer() ?? total
                },
                tick: { process in
                    // Older versions say nothing.
                    if let bytes = process.bytesWritten { written = max(written, bytes) }
                    return progress(total.map { min(written, $0) } ?? written, total)
                })
        }
        try check(said, "cannot restore \(saved.words)")
        if said.complaints.contains(where: { $0.contains("ignoring error for") }) {
            throw SnapshotFailure("cannot restore all of \(saved.words)", .corrupt)
        }
    }

    // MARK: Save

    package func save(_ directory: FilePath, _ request: SaveRequest) throws(SnapshotFailure) -> SaveResult {
        try unlocking { () throws(SnapshotFailure) in
            do throws(SnapshotFailure) {
                return try saveOnce(directory, request)
            } catch {
                // Somebody has removed the snapshot that it is compared with.
                guard request.parent != nil, error.text.contains("no matching ID") else { throw error }
                var alone = request
                alone.parent = nil
                return try saveOnce(directory, alone)
            }
        }
    }

    private func saveOnce(_ directory: FilePath, _ request: SaveRequest) throws(SnapshotFailure) -> SaveResult {
        var arguments = ["backup", "--json", "--host", request.host]
        for tag in request.tags { arguments += ["--tag", tag] }
        // Of two snapshots the later one is the newest, also where the clock of the node before was ahead.
        let now = Timestamps.utc(nanoseconds: Clock.realTime)
        var result = SaveResult()
        if request.parentTime > now {
            result.time = SnapshotTime.after(request.parentTime)
            arguments += ["--time", SnapshotTime.local(result.time)]
        } else {
            result.time = now
        }
        if let parent = request.parent { arguments += ["--parent", parent] }
        if request.isAfterRestore { arguments.append("--ignore-inode") }
        let here = directory.string.reduce(into: "") { text, character in
            if "*?[\\".contains(character) { text.append("\\") }
            text.append(character)
        }
        for pattern in ["\(here)/\(SnapshotPlaces.prefix)*", "\(here)/lost+found"] + snapshot.exclude {
            arguments += ["--exclude", pattern]
        }
        arguments.append(".")
        let said = try run(
            arguments, in: directory, limit: request.limit, isInBackground: request.isInBackground, keepsOutput: false,
            output: { line in
                guard let json = try? JSON(reading: line, fractions: true),
                    json["message_type"]?.string == "summary"
                else { return }
                result.id = json["snapshot_id"]?.string ?? ""
                result.newFiles = json["files_new"]?.integer() ?? 0
                result.changedFiles = json["files_changed"]?.integer() ?? 0
                result.files = json["total_files_processed"]?.integer() ?? 0
                result.bytes = json["total_bytes_processed"]?.integer() ?? 0
                result.bytesAdded = json["data_added"]?.integer() ?? 0
            })
        // With 3 there is a snapshot, and some files could not be read.
        try check(said, "cannot save to \(place)", allowing: result.id.isEmpty ? [] : [3])
        guard !result.id.isEmpty else {
            throw SnapshotFailure("cannot save to \(place): restic names no snapshot that it made")
        }
        for line in said.errors {
            guard let json = try? JSON(reading: Array(line.utf8), fractions: true), let item = json["item"]?.string
            else {
                continue
            }
            result.unreadable.append(item)
        }
        return result
    }

    // MARK: The rest

    package func differences(_ one: String, _ other: String, _ take: (String) -> Void) throws(SnapshotFailure) {
        let said = try run(["--no-lock", "diff", one, other], limit: nil)
        try check(said, "cannot compare \(one) with \(other)")
        for line in said.output { take(line.shown(limit: 4096)) }
    }

    package func forget(_ keep: Snapshot.Keep, tag: String) throws(SnapshotFailure) {
        var arguments = ["forget", "--tag", tag, "--group-by", "", "--prune"]
        for (name, count) in keep.numbers { arguments += ["--keep-\(name)", "\(count)"] }
        try unlocking { () throws(SnapshotFailure) in
            try check(try run(arguments, limit: nil), "cannot remove old snapshots from \(place)")
        }
    }

    package func remove(_ snapshots: [SavedSnapshot]) throws(SnapshotFailure) {
        try check(
            try run(["forget", "--prune"] + snapshots.map { $0.id }, limit: nil),
            "cannot remove snapshots from \(place)")
    }

    /// Does something, and does it once more without locks that nobody holds any more where one is in the way.
    private func unlocking<Result>(_ body: () throws(SnapshotFailure) -> Result) throws(SnapshotFailure) -> Result {
        do throws(SnapshotFailure) {
            return try body()
        } catch {
            guard error.kind == .locked else { throw error }
            _ = try run(["unlock"])
            return try body()
        }
    }
}
