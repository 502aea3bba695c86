package import Boot
internal import Linux
package import Programs
internal import Text

/// The work with one snapshot, whoever asks for it.
package struct SnapshotWork {
    package let snapshot: Snapshot
    let environment: EnvironmentBlock
    /// The pod, as snapshots name it.
    package let host: String
    /// Tells what was done.
    let tell: (String) -> Void
    /// Tells what needs attention.
    let warn: (String) -> Void
    /// Receives progress, as ``WorkProgress`` writes it.
    let show: (String) -> Void

    /// - Parameters:
    ///   - environment: the caller's environment.
    ///   - tell: receives what was done, a line each.
    ///   - warn: receives what needs attention, a line each.
    ///   - show: receives progress, as ``WorkProgress`` writes it.
    package init(
        _ snapshot: Snapshot, _ environment: EnvironmentBlock, tell: @escaping (String) -> Void,
        warn: @escaping (String) -> Void, show: @escaping (String) -> Void
    ) {
        self.snapshot = snapshot
        self.environment = environment
        self.tell = tell
        self.warn = warn
        self.show = show
        host = Self.host(environment)
        // The engine's programs are told first, and what they were doing is undone.
        _ = Signals.block(EngineRun.interruptions)
    }

    /// What distinguishes the pod from others: its uid, or its name.
    private static func host(_ environment: EnvironmentBlock) -> String {
        for name in ["POD_UID", "POD_NAME", "HOSTNAME"] {
            guard let value = environment.value(name), let text = String(validating: value, as: UTF8.self) else {
                continue
            }
            return text
        }
        let name = (try? FileTree().read("/proc/sys/kernel/hostname")) ?? nil
        return String(decoding: (name ?? []).filter { $0 != .newline }, as: UTF8.self)
    }

    /// The tag of the snapshots of this directory.
    package var tag: String { SnapshotTag.name + snapshot.name }

    /// What keeps the snapshots, with the secrets as they are now.
    ///
    /// - Throws: which secret cannot be read.
    func engine(cache: FilePath) throws(SnapshotFailure) -> any SnapshotEngine {
        let keys = try SnapshotKeys(of: snapshot, environment)
        switch snapshot.engine {
        case .restic: return ResticEngine(snapshot, keys, cache: cache, environment)
        case .archive: return ArchiveEngine(snapshot, keys, environment)
        case .mirror: return MirrorEngine(snapshot, keys, environment)
        }
    }

    /// The engine for whoever does not work on the directory: its cache is there if it is, and otherwise gone afterwards.
    func engineForReader() throws(SnapshotFailure) -> any SnapshotEngine {
        let cache = snapshot.directory.appending(SnapshotPlaces.cache)
        let tree = FileTree()
        if (try? tree.checkAccess(cache, [.write, .execute])) != nil { return try engine(cache: cache) }
        let temporary = FilePath("/tmp/.entrypoint-snapshot-\(CurrentProcess.effectiveUser)")
        if let parent = try? tree.openParent(of: temporary, links: .follow), let name = temporary.lastComponent {
            try? parent.makeDirectory(name, mode: 0o700)
            if let status = (try? parent.status(name)) ?? nil, status.kind == .directory,
                status.user == CurrentProcess.effectiveUser, status.mode.rawValue & 0o077 == 0
            {
                return try engine(cache: temporary)
            }
        }
        throw SnapshotFailure("cannot make \(temporary.shown()) for the repository's metadata; remove what is there")
    }

    /// The snapshots of this directory among all of a repository, the oldest one first.
    func own(_ all: [SavedSnapshot]) -> [SavedSnapshot] { all.filter { $0.tags.contains(tag) } }

    /// The snapshots of this directory, the oldest one first.
    ///
    /// - Throws: why it is not known which there are.
    package func list() throws(SnapshotFailure) -> [SavedSnapshot] { own(try engineForReader().snapshots()) }

    /// The snapshot that people name.
    ///
    /// - Parameter text: an id or its beginning, a time (RFC 3339, or its beginning), or `nil` for the newest one.
    /// - Throws: that there is none.
    package func find(_ text: String?, in all: [SavedSnapshot]) throws(SnapshotFailure) -> SavedSnapshot {
        guard let newest = all.last else {
            throw SnapshotFailure("\(snapshot.repository.shown()) has no snapshot of \(snapshot.directory.shown())")
        }
        guard let text else { return newest }
        let byID = all.filter { $0.id.hasPrefix(text) }
        if text.utf8.count >= 4, byID.count == 1 { return byID[0] }
        if byID.count > 1, text.utf8.count >= 4 {
            throw SnapshotFailure("\(text.shown()) is the beginning of several ids")
        }
        let wanted = text.replacing(" ", with: "T")
        // At a time, the directory was what its newest snapshot until then has.
        if wanted.utf8.count >= 10, wanted.utf8.prefix(4).allSatisfy({ $0.isDigit }),
            let found = all.last(where: { $0.time.prefix(wanted.count) <= wanted })
        {
            return found
        }
        throw SnapshotFailure(
            "there is no snapshot \(text.shown()); `entrypointctl snapshot list` has ids and times (\(newest.words) is the "
                + "newest)")
    }
}
