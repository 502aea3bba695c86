internal import Boot
internal import Linux
internal import Programs
internal import Text

/// rclone, tar and zstd, for the engines that use them.
struct RcloneRun {
    private let snapshot: Snapshot
    private let environment: [CString]
    private let path: [UInt8]
    /// The place of the snapshots, as rclone names it.
    let remote: String

    /// Nanoseconds that the storage may take to answer.
    static let patience: UInt64 = 12_000_000_000
    /// Nanoseconds for which nothing may move.
    static let stillness: UInt64 = 12_000_000_000

    init(_ snapshot: Snapshot, _ keys: SnapshotKeys, _ caller: EnvironmentBlock) {
        self.snapshot = snapshot
        path = caller.value("PATH") ?? Array(CommandSearch.defaultPath.utf8)
        let address = Self.address(of: snapshot.repository)
        remote = address.map { ":s3:\($0.path)" } ?? snapshot.repository
        // Nothing is inherited: a variable of the user's could send everything elsewhere.
        var values: [(String, String)] = [
            ("HOME", "/nonexistent"), ("LANG", "C.UTF-8"), ("RCLONE_CONFIG", "/dev/null"),
        ]
        if let address {
            values += [
                ("RCLONE_S3_PROVIDER", "Other"), ("RCLONE_S3_ENDPOINT", address.endpoint),
                ("RCLONE_S3_ACCESS_KEY_ID", keys.accessKey), ("RCLONE_S3_SECRET_ACCESS_KEY", keys.secretKey),
                ("RCLONE_S3_REGION", snapshot.region),
                ("RCLONE_S3_FORCE_PATH_STYLE", snapshot.addressing == .path ? "true" : "false"),
                ("RCLONE_S3_NO_CHECK_BUCKET", snapshot.createBucket ? "false" : "true"),
                ("RCLONE_S3_ENV_AUTH", "false"),
            ]
            if !keys.sessionToken.isEmpty { values.append(("RCLONE_S3_SESSION_TOKEN", keys.sessionToken)) }
        }
        if let file = snapshot.credentials.certificateFile { values.append(("RCLONE_CA_CERT", file.string)) }
        var entries = values.map { CString(Array("\($0.0)=\($0.1)".utf8)) }
        entries.append(CString(Array("PATH=".utf8) + path))
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"] {
            if let value = caller.value(name) { entries.append(CString(Array("\(name)=".utf8) + value)) }
        }
        environment = entries
    }

    /// The endpoint and the bucket with its prefix of an address of object storage; `nil` for a directory.
    static func address(of repository: String) -> (endpoint: String, path: String)? {
        guard repository.hasPrefix("s3:") else { return nil }
        let rest = repository.dropFirst(3)
        let scheme = ["https://", "http://"].first { rest.hasPrefix($0) }
        let parts = rest.dropFirst(scheme?.count ?? 0).split(separator: "/", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return ("\(scheme ?? "https://")\(parts[0])", String(parts[1]))
    }

    /// A program of a pipeline.
    struct Part {
        let name: String
        let arguments: [String]
        /// The package that has it.
        let package: String
        /// The exit codes besides 0 that are no failure.
        var allowed: [Int32] = []

        static func rclone(_ arguments: [String]) -> Part {
            Part(
                name: "rclone", arguments: ["--retries", "3", "--contimeout", "5s"] + arguments, package: "rclone")
        }
    }

    /// Runs programs, each of which reads what the one before it writes.
    ///
    /// - Parameters:
    ///   - limit: nanoseconds that they may take.
    ///   - tick: is called with the first one that runs; whether all are to end.
    /// - Returns: the output of the last one.
    /// - Throws: which one has failed, and its last words.
    func run(
        _ parts: [Part], action: String, in directory: FilePath? = nil, limit: UInt64? = nil,
        tick: @escaping (EngineProcess) -> Bool = { _ in false }
    ) throws(SnapshotFailure) -> [[UInt8]] {
        var processes: [(part: Part, process: EngineProcess)] = []
        var input: CInt?
        defer { if let input { OpenFiles.close(input) } }
        for (index, part) in parts.enumerated() {
            var pipe: (reading: CInt, writing: CInt)?
            do throws(SystemCallError) {
                if index < parts.count - 1 { pipe = try OpenFiles.makePipe() }
                let run = EngineRun(
                    programs: CommandSearch.candidates(for: Array(part.name.utf8), path: path),
                    arguments: [part.name] + part.arguments, environment: environment, directory: directory,
                    input: input,
                    output: pipe?.writing)
                processes.append((part, try run.start()))
            } catch {
                for (_, process) in processes { Signals.send(.kill, to: .group(process.id)) }
                if let pipe { for end in [pipe.reading, pipe.writing] { OpenFiles.close(end) } }
                let reason = error.errno == .noSuchFileOrDirectory ? "there is no such program" : error.reason
                throw SnapshotFailure(
                    "cannot run \(part.name): \(reason); the image needs the package \(part.package)", .settings)
            }
            if let pipe { OpenFiles.close(pipe.writing) }
            if let input { OpenFiles.close(input) }
            input = pipe?.reading
        }
        return try wait(for: &processes, action, limit, tick)
    }

    private func wait(
        for processes: inout [(part: Part, process: EngineProcess)], _ action: String, _ limit: UInt64?,
        _ tick: @escaping (EngineProcess) -> Bool
    ) throws(SnapshotFailure) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var errors = [[String]](repeating: [], count: processes.count)
        var outcomes = [EngineRun.Outcome?](repeating: nil, count: processes.count)
        // All are looked at in turn: one whose words nobody reads would wait for ever.
        while outcomes.contains(where: { $0 == nil }) {
            for index in processes.indices where outcomes[index] == nil {
                var watch = EngineRun.Watch(limit: limit, patience: index == 0 ? Self.stillness : nil)
                watch.interval = 200_000_000
                watch.tick = index == processes.count - 1 ? tick : { _ in false }
                let isLast = index == processes.count - 1
                watch.output = { if isLast { lines.append($0) } }
                watch.errors = { errors[index].append($0) }
                outcomes[index] = processes[index].process.step(watch)
                guard let outcome = outcomes[index], !Self.isGood(outcome, processes[index].part) else { continue }
                for other in processes.indices where outcomes[other] == nil { processes[other].process.stop() }
            }
            guard let signal = EngineProcess.nextInterruption(within: 10_000_000) else { continue }
            for index in processes.indices where outcomes[index] == nil { processes[index].process.interrupt(signal) }
        }
        try check(outcomes.compactMap { $0 }, processes.map { $0.part }, errors, action)
        return lines
    }

    private static func isGood(_ outcome: EngineRun.Outcome, _ part: Part) -> Bool {
        if outcome.isDone { return true }
        if case .exited(let code) = outcome.end { return part.allowed.contains(code) && !outcome.isOverdue }
        return false
    }

    /// - Throws: which one has failed, and its last words; of several, the last one that says something of its own.
    private func check(
        _ outcomes: [EngineRun.Outcome], _ parts: [Part], _ errors: [[String]], _ action: String
    ) throws(SnapshotFailure) {
        if let signal = outcomes.compactMap({ $0.interruption }).first {
            throw SnapshotFailure("\(action): interrupted", .interrupted(signal))
        }
        let bad = outcomes.indices.filter { !Self.isGood(outcomes[$0], parts[$0]) }
        guard let worst = bad.last(where: { outcomes[$0].end != .signaled(.interrupt) }) ?? bad.last else { return }
        let said = errors[worst].last { !$0.contains("Broken pipe") } ?? "exit code \(outcomes[worst].end.code)"
        let overdue = outcomes[worst].isOverdue ? "it does not answer in time: " : ""
        throw SnapshotFailure("\(action): \(overdue)\(said.shown(limit: 300)) (\(parts[worst].name))")
    }
}
