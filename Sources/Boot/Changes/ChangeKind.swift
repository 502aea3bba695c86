import Linux
import SystemPackage

/// A kind of change: data, its words, and its work.
///
/// A new kind is one file and a case of ``Change``.
protocol ChangeKind: Sendable {
    /// What must be true, in words that hold before and after: `/scratch/jane is a directory`.
    var goal: String { get }

    /// What was done.
    ///
    /// - Parameter identity: as whom, in words.
    func done(by identity: String) -> String

    /// The path that the change is about, if it is one.
    var subject: FilePath? { get }

    /// The paths that must be usable for the change to make sense.
    var needed: [FilePath] { get }

    /// Whether what lies below the path cannot be made when the change has failed.
    var blocksWhatLiesBelow: Bool { get }

    /// Whether it is made anew at every start, because nobody can tell that it is true.
    var isMadeAtEveryStart: Bool { get }

    /// Whether it is told of only when something is amiss: where all is well there is nothing of it.
    var isToldWhenAmiss: Bool { get }

    /// What of it is nobody else's business.
    var secrets: [Secret] { get }

    /// The same change elsewhere: where directories above its paths have been replaced by others; `nil` when no path of it
    /// can move.
    func moved(by resolve: (FilePath) -> FilePath) -> Change?

    /// Sees to it that it is true; in a dry run, finds out what that would come to.
    ///
    /// - Throws: why it cannot be made true.
    func apply(on bench: Workbench) throws(BootError) -> Outcome
}

extension ChangeKind {
    var needed: [FilePath] { subject.map { [$0] } ?? [] }
    var blocksWhatLiesBelow: Bool { false }
    var isMadeAtEveryStart: Bool { false }
    var isToldWhenAmiss: Bool { false }
    var secrets: [Secret] { [] }
    func moved(by resolve: (FilePath) -> FilePath) -> Change? { nil }
}

/// What is found where a change is to be made.
enum Finding<Difference> {
    /// The change is true.
    case already
    /// There is nothing to make true here, because of the reason, and nothing is amiss.
    case unneeded(String)
    /// It is not tried, because of the reason.
    case skipped(String)
    /// It is not true: what is to be done.
    case differs(Difference)

    /// What comes of the change where nothing is done, as in a dry run.
    var outcome: Outcome {
        switch self {
        case .already: .already
        case .unneeded(let reason): .unneeded(reason)
        case .skipped(let reason): .skipped(reason)
        case .differs: .changed
        }
    }
}

/// A kind of change whose question and work are apart: a dry run asks the question and does nothing of the work.
protocol CheckedChange: ChangeKind {
    /// What is to be done, as the question has found it.
    associatedtype Difference

    /// Is it true?
    ///
    /// - Throws: why it can neither be true nor be made true, or why that cannot be told.
    func check(on bench: Workbench) throws(BootError) -> Finding<Difference>

    /// What making it true would come to, as far as a dry run can tell beforehand.
    ///
    /// - Throws: why it could not be made true.
    func foresee(_ difference: Difference, on bench: Workbench) throws(BootError)

    /// Makes it true.
    ///
    /// - Returns: ``Outcome/already`` when somebody else was faster.
    /// - Throws: why it cannot be made true.
    func makeTrue(_ difference: Difference, on bench: Workbench) throws(BootError) -> Outcome
}

extension CheckedChange {
    func foresee(_ difference: Difference, on bench: Workbench) throws(BootError) {}

    func apply(on bench: Workbench) throws(BootError) -> Outcome { try checkAndMake(on: bench) }

    /// Asks whether it is true, and makes it true where it is not.
    func checkAndMake(on bench: Workbench) throws(BootError) -> Outcome {
        let finding = try check(on: bench)
        guard case .differs(let difference) = finding else { return finding.outcome }
        guard bench.isDryRun else { return try makeTrue(difference, on: bench) }
        try foresee(difference, on: bench)
        return finding.outcome
    }
}
