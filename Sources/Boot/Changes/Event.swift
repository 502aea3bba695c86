/// What came of a change.
package enum Outcome: Equatable, Sendable {
    /// It was true before.
    case already
    /// It was made true; in a dry run: it would be.
    case changed
    /// It was not tried, because of the reason.
    case skipped(String)
    /// There is nothing to make true here, because of the reason, and nothing is amiss.
    case unneeded(String)
    /// It could not be made true, and the boot goes on.
    case failed(BootError)
}

/// What was done for a change.
package struct Event: Sendable {
    package let change: StepChange
    package let outcome: Outcome
    /// As whom, in words.
    package let identity: String
    /// What differs and matters, although nothing was changed because of it; with the remedy.
    package let notes: [String]
    /// What was done beyond the goal, in a clause; empty when the goal says all.
    package let remark: String
    package let microseconds: Int64
    /// Which of the plan's changes it is, from 0.
    package var position = 0
}

extension Outcome {
    /// Whether there was nothing to do, and nothing is amiss.
    var isWell: Bool {
        switch self {
        case .already, .unneeded: true
        case .changed, .skipped, .failed: false
        }
    }
}
