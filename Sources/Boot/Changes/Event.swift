package import Linux

/// The result of a change.
package enum Outcome: Equatable, Sendable {
    /// It was true before.
    case already
    /// It was made true; in a dry run, it would be.
    case changed
    /// It was not tried, for this reason, which is worth a warning.
    case skipped(MessageIdentifier, String)
    /// It was not tried, because this place cannot be used, which is told by itself.
    case blocked(by: FilePath)
    /// It was not tried, because of all who could make it nobody is there, for this reason.
    case unable(String)
    /// Nothing needed to be made true here, for this reason, and nothing is wrong.
    case unneeded(String)
    /// It could not be made true, and the boot goes on.
    case failed(BootError)
}

/// What was done for a change.
package struct Event: Sendable {
    package let change: StepChange
    package let outcome: Outcome
    /// The identity that did it, in words.
    package let identity: String
    /// What differs and matters although nothing was changed because of it, with the remedy.
    package let notes: [Note]
    /// What was done beyond the goal, in a clause; empty when the goal says everything.
    package let remark: String
    /// When the work on it began (``Clock/monotonic``).
    package var began: UInt64 = 0
    /// How long it took.
    package let microseconds: Int64
    /// The index of the change in the plan.
    package var position = 0
}

extension Outcome {
    /// Whether there was nothing to do, and nothing is wrong.
    var isWell: Bool {
        switch self {
        case .already, .unneeded: true
        case .changed, .skipped, .blocked, .unable, .failed: false
        }
    }
}
