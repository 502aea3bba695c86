package import Linux

/// Something that is worth a warning, in a clause or two.
package struct Note: Equatable, Sendable {
    /// What people are told.
    package let text: String
    /// The text with the system calls that failed, for those who know them.
    package let whole: String
    /// What has the same effect on other changes, if that is known.
    package let cause: BootError.Cause?

    /// - Parameter detail: the system call and the error's symbol; empty where there are none.
    package init(_ text: String, detail: String = "") {
        self.text = text
        whole = detail.isEmpty ? text : "\(text) (\(detail))"
        cause = nil
    }

    /// A failure that is not the end of a change, and what came of it.
    init(_ error: BootError, consequence: String = "") {
        let rest = consequence.isEmpty ? "" : "; \(consequence)"
        text = error.brief + rest
        whole = error.message + rest
        cause = error.cause
    }
}

/// The result of a change.
package enum Outcome: Equatable, Sendable {
    /// It was true before.
    case already
    /// It was made true; in a dry run, it would be.
    case changed
    /// It was not tried, for this reason.
    case skipped(String)
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
