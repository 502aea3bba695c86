internal import Boot
internal import Linux
internal import Text

/// What is asked about directories that outlive their pod.
enum SnapshotChecks {
    private static let second: UInt64 = 1_000_000_000
    /// Nanoseconds of the end that are kept for KILL.
    private static let kept = 2 * second

    /// Whether each directory is saved, and whether the end has time for one more save: one and a half times as long as the
    /// last one took.
    static func saving(_ facts: ContainerFacts) -> [Finding] {
        facts.snapshots.flatMap { snapshot in
            let status = SnapshotStatusOf(snapshot)
            let place = "\(snapshot.directory.shown()) (\(snapshot.name))"
            guard let state = status.state, state.maySave else {
                let reason = status.problem.isEmpty ? status.state?.reason ?? "" : status.problem
                return [
                    Finding.fail(
                        "\(place) is not saved: \(reason.isEmpty ? "it was never restored or proved to be new" : reason)",
                        remedy: "do what the message says, then: entrypointctl snapshot restore")
                ]
            }
            guard let last = state.last else { return [.ok("\(place) is saved; nothing had to be yet")] }
            if !last.failure.isEmpty {
                return [
                    .warn("the last save of \(place) failed: \(last.failure)", remedy: "entrypointctl snapshot save")
                ]
            }
            return [time(of: last, place, snapshot, facts)]
        }
    }

    private static func time(
        of last: SnapshotState.Save, _ place: String, _ snapshot: Snapshot, _ facts: ContainerFacts
    ) -> Finding {
        let needed = last.duration + last.duration / 2
        let has = min(snapshot.finalTimeout, facts.grace - min(kept, facts.grace))
        let words = "the last save of \(place) took \(TimeText.seconds(last.duration))"
        guard needed > has else { return .ok("\(words), and the one at the end may take \(TimeText.seconds(has))") }
        let seconds = (needed + second - 1) / second
        return .warn(
            "\(words), and the one at the end may take \(TimeText.seconds(has))",
            remedy:
                "set finalTimeout: \(seconds), ENTRYPOINT_GRACE=\(seconds + 2) and terminationGracePeriodSeconds: "
                + "\(seconds + 7) or more in the pod spec")
    }
}
