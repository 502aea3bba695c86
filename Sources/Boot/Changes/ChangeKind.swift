import Linux

/// A kind of change: its data, its words, and its work.
///
/// A new kind is one file and one case of ``Change``.
protocol ChangeKind: Sendable {
    /// What must be true, in words that hold before and after: `/scratch/jane is a directory`.
    var goal: String { get }

    /// What was done, with all details.
    ///
    /// - Parameter identity: the identity that did it, in words.
    func done(by identity: String) -> String

    /// What was done, as the log tells it.
    var deed: Deed { get }

    /// The path that the change is about, if there is one.
    var subject: FilePath? { get }

    /// The paths that must be usable for the change to make sense.
    var needed: [FilePath] { get }

    /// Whether a failure means that nothing below the path can be made.
    var blocksWhatLiesBelow: Bool { get }

    /// Whether it is made at every start, because nobody can tell whether it is already true.
    var isMadeAtEveryStart: Bool { get }

    /// Whether it is reported only when something is wrong: as long as all is well, there is nothing to report.
    var isToldWhenAmiss: Bool { get }

    /// The parts of it that nobody else may see.
    var secrets: [Secret] { get }

    /// The same change at another place, after directories above its paths have been replaced by others; `nil` when
    /// none of its paths can move.
    func moved(by resolve: (FilePath) -> FilePath) -> Change?

    /// Makes it true; in a dry run, finds out what that would do.
    ///
    /// - Throws: why it cannot be made true.
    func apply(on bench: Workbench) throws(BootError) -> Outcome
}

extension ChangeKind {
    var deed: Deed { .other(goal) }
    var needed: [FilePath] { subject.map { [$0] } ?? [] }
    var blocksWhatLiesBelow: Bool { false }
    var isMadeAtEveryStart: Bool { false }
    var isToldWhenAmiss: Bool { false }
    var secrets: [Secret] { [] }
    func moved(by resolve: (FilePath) -> FilePath) -> Change? { nil }
}

/// A change of any kind: what ``ChangeKind`` says, for classes, because Embedded Swift has no other values of protocol
/// types.
protocol KindOfChange: AnyObject {
    var goal: String { get }
    func done(by identity: String) -> String
    var deed: Deed { get }
    var subject: FilePath? { get }
    var needed: [FilePath] { get }
    var blocksWhatLiesBelow: Bool { get }
    var isMadeAtEveryStart: Bool { get }
    var isToldWhenAmiss: Bool { get }
    var secrets: [Secret] { get }
    func moved(by resolve: (FilePath) -> FilePath) -> Change?
    func apply(on bench: Workbench) throws(BootError) -> Outcome
}

/// A change of one kind, as one of any kind.
final class Kind<Wrapped: ChangeKind>: KindOfChange {
    private let change: Wrapped

    init(_ change: Wrapped) { self.change = change }

    var goal: String { change.goal }
    func done(by identity: String) -> String { change.done(by: identity) }
    var deed: Deed { change.deed }
    var subject: FilePath? { change.subject }
    var needed: [FilePath] { change.needed }
    var blocksWhatLiesBelow: Bool { change.blocksWhatLiesBelow }
    var isMadeAtEveryStart: Bool { change.isMadeAtEveryStart }
    var isToldWhenAmiss: Bool { change.isToldWhenAmiss }
    var secrets: [Secret] { change.secrets }
    func moved(by resolve: (FilePath) -> FilePath) -> Change? { change.moved(by: resolve) }
    func apply(on bench: Workbench) throws(BootError) -> Outcome { try change.apply(on: bench) }
}

/// What is found where a change is to be made.
enum Finding<Difference> {
    /// The change is true.
    case already
    /// Nothing needs to be made true here, for this reason, and nothing is wrong.
    case unneeded(String)
    /// It is not tried, for this reason.
    case skipped(MessageIdentifier, String)
    /// It is not true; the value says what must be done.
    case differs(Difference)

    /// The outcome of a change for which nothing is done, as in a dry run.
    var outcome: Outcome {
        switch self {
        case .already: .already
        case .unneeded(let reason): .unneeded(reason)
        case .skipped(let id, let reason): .skipped(id, reason)
        case .differs: .changed
        }
    }
}

/// A kind of change that checks first and works afterwards: a dry run checks, and does none of the work.
protocol CheckedChange: ChangeKind {
    /// What the check has found that must be done.
    associatedtype Difference

    /// Checks whether it is true.
    ///
    /// - Throws: why it is not true and cannot be made true, or why that is unknown.
    func check(on bench: Workbench) throws(BootError) -> Finding<Difference>

    /// Predicts what making it true would do, as far as a dry run can.
    ///
    /// - Throws: why it could not be made true.
    func foresee(_ difference: Difference, on bench: Workbench) throws(BootError)

    /// Makes it true.
    ///
    /// - Returns: ``Outcome/already`` when another process was faster.
    /// - Throws: why it cannot be made true.
    func makeTrue(_ difference: Difference, on bench: Workbench) throws(BootError) -> Outcome
}

extension CheckedChange {
    func foresee(_ difference: Difference, on bench: Workbench) throws(BootError) {}

    func apply(on bench: Workbench) throws(BootError) -> Outcome { try checkAndMake(on: bench) }

    /// Checks whether it is true, and makes it true where it is not.
    func checkAndMake(on bench: Workbench) throws(BootError) -> Outcome {
        let finding = try check(on: bench)
        guard case .differs(let difference) = finding else { return finding.outcome }
        guard bench.isDryRun else { return try makeTrue(difference, on: bench) }
        try foresee(difference, on: bench)
        return finding.outcome
    }
}
