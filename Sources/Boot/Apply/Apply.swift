package import Linux
package import SystemPackage

/// What came of a change.
package enum Outcome: Equatable, Sendable {
    /// It was true before.
    case already
    /// It was made true; in a dry run: it would be.
    case changed
    /// It was not tried, because of the reason.
    case skipped(String)
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
    package let microseconds: Int64
}

/// Makes a plan's changes true: the only place of a boot that writes.
///
/// Every change is first compared with what is. A dry run only compares.
package struct Apply {
    /// How to apply.
    package enum Mode: Equatable, Sendable { case boot, dryRun }

    let mode: Mode
    let tree: FileTree
    let actors: Actors
    /// Ends the boot when a file server does not answer; `nil` without an init.
    private let watch: ChangeWatch?
    /// The directory that came of each planned one that has a fallback.
    package private(set) var directories: [FilePath: FilePath] = [:]
    /// Paths that a dry run would have made.
    var expected: Set<FilePath> = []
    private var unusable: [FilePath] = []
    /// Who did the change at hand, in words.
    var identity = ""
    /// What to tell of the change at hand.
    var notes: [String] = []

    package init(_ mode: Mode, tree: FileTree, actors: Actors, watch: ChangeWatch? = nil) {
        self.mode = mode
        self.tree = tree
        self.actors = actors
        self.watch = watch
    }

    /// Applies a plan.
    ///
    /// - Parameters:
    ///   - plan: what must be true.
    ///   - observe: is told of every event as it happens.
    /// - Throws: the failure of a change without which the boot cannot go on.
    package mutating func run(_ plan: Plan, observe: (Event) -> Void) throws(BootError) {
        for change in plan.changes {
            let start = Instant.now
            identity = ""
            notes = []
            let outcome = try outcome(of: change)
            observe(
                Event(
                    change: change, outcome: outcome, identity: identity, notes: notes,
                    microseconds: Instant.now.microseconds(since: start)))
        }
        do throws(SystemCallError) {
            try actors.become(.root)
        } catch {
            throw BootError("cannot return to root", attempts: [Attempt(as: "", error)])
        }
    }

    private mutating func outcome(of change: StepChange) throws(BootError) -> Outcome {
        let planned = change.planned
        let able = planned.by.filter(actors.has)
        guard let first = able.first else {
            return .skipped(
                "the container was not started as root: needs \(planned.by.map(\.rawValue).joined(separator: " or "))")
        }
        if let path = planned.change.path, let parent = unusable.first(where: { path.starts(with: $0) }) {
            return .skipped("\(Text.shown(parent)) cannot be used")
        }
        identity = actors.words(first)
        if able != [.root], let watch {
            watch.begin(step: change.step, path: planned.change.path)
        }
        defer { watch?.end() }
        do throws(BootError) {
            return try apply(planned.change, by: able)
        } catch {
            var error = error
            error.step = change.step
            guard planned.onFailure == .warn else { throw error }
            if case .directory(let directory) = planned.change {
                unusable.append(directory.path)
            }
            if !planned.consequence.isEmpty { notes.append(planned.consequence) }
            return .failed(error)
        }
    }

    private mutating func apply(_ change: Change, by able: [Actor]) throws(BootError) -> Outcome {
        switch change {
        case .accounts(let change): try apply(change, by: able)
        case .directory(let change): try apply(change, by: able)
        case .file(let change): try apply(change, by: able)
        case .removal(let change): try apply(change, by: able)
        }
    }

    /// Notes which directory is used in the place of a planned one.
    mutating func choose(_ directory: FilePath, for planned: FilePath) {
        directories[planned] = directory
    }

    /// The value of an export after the plan was applied.
    package func value(of export: Export) -> String {
        switch export.value {
        case .text(let text): text
        case .directory(let planned): (directories[planned] ?? planned).string
        }
    }
}
