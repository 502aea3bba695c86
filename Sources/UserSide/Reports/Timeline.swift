import Boot

/// When things happened in a boot, as far as its record tells: what the waterfall and the trace show.
struct Timeline {
    /// Something that took time.
    struct Bar: Equatable {
        /// The step, or what happened before and after all steps.
        let step: String
        /// What must be true, or what was done.
        let what: String
        /// The identity that did it, in words; empty where that is not one.
        let identity: String
        /// An outcome of a change (``BootRecord/Change/outcome``), or ``Timeline/boot`` for what is no change.
        let outcome: String
        /// What was done beyond that, or why it was not made true; empty where there is nothing to tell.
        let rest: String
        /// In microseconds since the boot began.
        let start: Int64
        /// In microseconds.
        let duration: Int64

        var end: Int64 { start + duration }
    }

    /// The outcome of what is no change.
    static let boot = "boot"

    /// What happened, in the order of the boot.
    let bars: [Bar]
    /// How long the boot took, in microseconds; at least 1, and until the end of the last bar.
    let total: Int64
    /// Whether the record tells when each change began. In a report of an earlier version it does not: the changes then
    /// follow one another.
    let isPlaced: Bool

    /// The longest time that is shown, in microseconds (50 days): sums of more bars than a report can have are no overflow.
    private static let limit: Int64 = 1 << 42

    init(_ record: BootRecord) {
        isPlaced = !record.changes.isEmpty && record.changes.allSatisfy { $0.began != nil }
        var bars: [Bar] = []
        var end: Int64 = 0
        for change in record.changes {
            let start = isPlaced ? Self.limited(change.began ?? 0) : end
            let bar = Bar(change, start: start, duration: Self.limited(change.microseconds))
            end = max(end, bar.end)
            bars.append(bar)
        }
        let whole = Self.limited(record.microseconds)
        if isPlaced, let first = bars.first {
            bars.insert(
                Bar(before: "settings, image policy, who is who, and the plan", duration: first.start), at: 0)
            if whole > end { bars.append(Bar(after: end, until: whole, failure: record.failure)) }
        }
        self.bars = bars
        total = max(1, whole, end)
    }

    private static func limited(_ microseconds: Int64) -> Int64 { min(max(0, microseconds), limit) }

    /// Bars of one step that follow one another.
    var groups: [(step: String, bars: [Bar])] {
        var groups: [(step: String, bars: [Bar])] = []
        for bar in bars {
            if groups.last?.step == bar.step {
                groups[groups.count - 1].bars.append(bar)
            } else {
                groups.append((bar.step, [bar]))
            }
        }
        return groups
    }
}

extension Timeline.Bar {
    fileprivate init(_ change: BootRecord.Change, start: Int64, duration: Int64) {
        self.init(
            step: change.step, what: change.goal, identity: change.identity, outcome: change.outcome,
            rest: [change.remark, change.reason].filter { !$0.isEmpty }.joined(separator: "; "), start: start,
            duration: duration)
    }

    /// What happened before the first change.
    fileprivate init(before what: String, duration: Int64) {
        self.init(
            step: "start", what: what, identity: "", outcome: Timeline.boot, rest: "", start: 0, duration: duration)
    }

    /// What happened after the last change that has a result.
    fileprivate init(after start: Int64, until end: Int64, failure: BootRecord.Message?) {
        self.init(
            step: failure?.step ?? "end", what: failure?.text ?? "what later sessions need is kept", identity: "",
            outcome: failure == nil ? Timeline.boot : "failed",
            rest: failure == nil ? "" : "the boot ended because of it",
            start: start, duration: end - start)
    }
}
