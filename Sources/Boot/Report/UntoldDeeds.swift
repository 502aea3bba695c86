import Linux
internal import Text

/// What the steps of a boot have done, until the log tells it.
///
/// In the start that makes the persistent home, each step has a line. In later ones, in new containers, the account, the
/// home and what is in it are made again as ever: all of that is one line.
struct UntoldDeeds {
    /// Something that was done.
    private struct Entry {
        let step: String
        let deed: Deed
        let isBySeed: Bool
        let remark: String
    }

    /// Whether the boot makes the persistent home.
    private enum Start { case unknown, first, later }

    /// What outlives the container, the persistent home first.
    private let persistent: [FilePath]
    private var start: Start
    /// What the step at work has done.
    private var summary: StepSummary?
    /// What was done in the container itself, which is told when the start is known, or in the end.
    private var routine: [Entry] = []

    init(persistent: [FilePath] = []) {
        self.persistent = persistent
        start = persistent.isEmpty ? .first : .unknown
    }

    /// Finds out from an event which start it is.
    ///
    /// - Returns: the lines that can be told now.
    mutating func decide(by event: Event) -> [StepSummary] {
        guard start == .unknown, event.change.planned.change.path == persistent.first else { return [] }
        start = event.outcome == .already ? .later : .first
        guard start == .first else { return [] }
        var summaries: [StepSummary] = []
        for entry in routine {
            if summaries.last?.step != entry.step { summaries.append(StepSummary(of: entry.step)) }
            summaries[summaries.count - 1].add(entry.deed, isBySeed: entry.isBySeed, remark: entry.remark)
        }
        routine = []
        return summaries
    }

    /// Adds a change that was made.
    ///
    /// - Returns: the lines that can be told now.
    mutating func add(_ event: Event) -> [StepSummary] {
        let change = event.change.planned.change
        let entry = Entry(
            step: event.change.step, deed: change.kind.deed,
            isBySeed: event.identity.hasPrefix(Actor.seed.rawValue), remark: event.remark)
        let isPersistent = change.path.map { path in persistent.contains { path.starts(with: $0) } } ?? false
        if start != .first && !isPersistent {
            routine.append(entry)
            return []
        }
        let finished = finishStep(before: entry.step)
        var summary = self.summary ?? StepSummary(of: entry.step)
        summary.add(entry.deed, isBySeed: entry.isBySeed, remark: entry.remark)
        self.summary = summary
        return finished.map { [$0] } ?? []
    }

    /// The line about the step at work, unless it is this one.
    mutating func finishStep(before step: String?) -> StepSummary? {
        guard let finished = summary, finished.step != step else { return nil }
        summary = nil
        return finished
    }

    /// The lines that are left in the end.
    mutating func finish() -> [StepSummary] {
        var lines = finishStep(before: nil).map { [$0] } ?? []
        if let first = routine.first {
            let isOneStep = routine.allSatisfy { $0.step == first.step }
            var summary = StepSummary(of: isOneStep ? first.step : "prepared")
            for entry in routine { summary.add(entry.deed, isBySeed: entry.isBySeed, remark: entry.remark) }
            lines.append(summary)
        }
        routine = []
        return lines
    }
}
