package import Boot
internal import Linux
package import Text

/// How it is with a directory that snapshots keep, as far as the directory itself tells.
package struct SnapshotStatusOf: Sendable {
    package let snapshot: Snapshot
    package let state: SnapshotState?
    /// Why the state cannot be understood; empty where it can.
    package let problem: String

    package init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        do throws(SnapshotFailure) {
            (state, problem) = (try SnapshotDirectory.state(of: snapshot.directory), "")
        } catch {
            (state, problem) = (nil, error.text)
        }
    }

    /// Whether the directory is saved, and its last save has not failed.
    package var isGood: Bool { state?.maySave == true && state?.last?.failure.isEmpty != false }

    package var json: JSON {
        .object([
            ("name", .string(snapshot.name)), ("directory", .string(snapshot.directory.string)),
            ("repository", .string(snapshot.repository)), ("state", .string(state?.phase.rawValue ?? "unknown")),
            ("isSaved", .bool(state?.maySave == true)), ("snapshot", .string(state?.snapshot ?? "")),
            ("problem", .string(problem.isEmpty ? state?.reason ?? "" : problem)),
            ("lastSave", state?.last?.json ?? .null),
        ])
    }

    /// Some lines for people.
    package func text(now: UInt64) -> String {
        var lines = ["\(snapshot.name): \(snapshot.directory.shown()) in \(snapshot.repository.shown())"]
        switch state?.phase {
        case nil: lines.append("  not saved: \(problem.isEmpty ? "it was never restored" : problem)")
        case .fresh: lines.append("  saved: it was new when the container began")
        case .restored:
            lines.append("  saved: it comes from \(state?.snapshot.prefix(8) ?? "")")
        case .placing, .replacing: lines.append("  not saved: its restore is not complete")
        case .incomplete: lines.append("  not saved: \(state?.reason ?? "")")
        }
        if let state { lines.append("  last save: \(SnapshotText.last(state, now: now))") }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// Snapshots for people.
package enum SnapshotText {
    /// How the last save went.
    package static func last(_ state: SnapshotState, now: UInt64 = Clock.realTime) -> String {
        guard let last = state.last else { return "none yet" }
        let ago = TimeText.seconds((now - min(last.ended, now)) / 1_000_000_000 * 1_000_000_000)
        guard last.failure.isEmpty else { return "failed \(ago) ago: \(last.failure)" }
        let unreadable =
            last.unreadable > 0
            ? ", without \(Int(clamping: last.unreadable).counted("file")) that could not be read" : ""
        return "\(state.snapshot.prefix(8)), \(ago) ago, in \(TimeText.seconds(last.duration)): "
            + "\(Int(clamping: last.files).counted("file")), \(SizeText.bytes(last.bytes))\(unreadable)"
    }

    /// A table of snapshots.
    package static func table(of saved: [SavedSnapshot]) -> TextTable {
        var table = TextTable(["id", "made", "by", "files", "size"])
        for one in saved {
            table.add([
                .init(one.shortID), .init(one.shortTime), .init(one.host.shown(limit: 60)),
                .init(one.files.map { "\($0)" } ?? "-"), .init(one.bytes.map { SizeText.bytes($0) } ?? "-"),
            ])
        }
        return table
    }
}
