package import Linux
internal import Text

/// Makes a plan's changes true: the only place of a boot that writes.
///
/// Every change is first compared with what exists. A dry run only compares.
package struct Apply {
    /// How to apply.
    package enum Mode: Equatable, Sendable { case boot, dryRun }

    let mode: Mode
    let tree: FileTree
    package let actors: Actors
    /// Ends the boot when a file server does not answer; `nil` without an init.
    let watch: ChangeWatch?
    let seedPlaces: SeedPlaces
    /// Where a dry run takes for granted that what is wanted is there, because nobody can tell.
    package var assumed: [FilePath] = []
    /// Takes each variable that a drop-in step exports.
    package var takeExport: (_ name: String, _ value: String) -> Void = { _, _ in }
    /// Takes each line that a drop-in step writes.
    package var say: (_ step: String, _ line: String) -> Void = { _, _ in }

    /// - Parameter seedPlaces: where the seed user may make something, whatever the plan says.
    package init(
        _ mode: Mode, tree: FileTree, actors: Actors, watch: ChangeWatch? = nil,
        seedPlaces: SeedPlaces = SeedPlaces()
    ) {
        self.mode = mode
        self.tree = tree
        self.actors = actors
        self.watch = watch
        self.seedPlaces = seedPlaces
    }

    /// Applies a plan.
    ///
    /// - Parameters:
    ///   - plan: what must be true.
    ///   - observe: is called with every event as it happens.
    /// - Returns: the variables for the user's command.
    /// - Throws: the failure of a change without which the boot cannot go on.
    @discardableResult
    @export(interface) package func run(
        _ plan: Plan, observe: (Event) -> Void
    ) throws(BootError) -> [(name: String, value: String)] {
        let ledger = Ledger(plan, tree: tree, actors: actors)
        for path in assumed { ledger.expect(path) }
        for (position, change) in plan.changes.enumerated() {
            let start = Clock.monotonic
            let bench = Workbench(for: change, in: self, ledger)
            let outcome = try outcome(of: change, on: bench)
            if change.planned.change.kind.isToldWhenAmiss && outcome.isWell && bench.notes.isEmpty { continue }
            observe(
                Event(
                    change: change.replaced(by: bench.performed), outcome: outcome, identity: bench.identity,
                    notes: bench.notes, remark: bench.remark, began: start,
                    microseconds: Clock.microseconds(since: start), position: position))
        }
        // This comes before the return to root, because root may not be able to look.
        let exports = ledger.values(of: plan.exports) { _ in true }
        do throws(SystemCallError) {
            try actors.become(.root)
        } catch {
            throw BootError(.startRootLost, "cannot return to root", attempts: [Attempt(as: "", error)])
        }
        return exports
    }

    private func outcome(of change: StepChange, on bench: Workbench) throws(BootError) -> Outcome {
        let planned = change.planned
        guard let first = bench.able.first else {
            // With privileges, root and the user are always there.
            guard actors.isBare else {
                return .skipped(
                    .scratchNoSeedUser,
                    "only the seed user may make it, and there is none that may work there: see "
                        + "\(PodVariables.seedUserName) and scratch.seedDirectories")
            }
            return .unable(
                "only \(planned.by.map { $0.rawValue }.joined(separator: " or ")) can, and the container was started as "
                    + "\(actors.words(.user)): \(actors.fieldAgainstRoot)")
        }
        let kind = planned.change.kind
        for path in kind.needed {
            if let place = bench.ledger.unusablePlace(of: path) { return .blocked(by: place) }
        }
        bench.identity = actors.words(first)
        var actual = kind
        if !bench.ledger.directories.isEmpty, let moved = kind.moved(by: bench.ledger.resolved),
            moved != planned.change
        {
            actual = moved.kind
            bench.performed = moved
        }
        bench.startWatching(actual.needed.last)
        defer { bench.stopWatching() }
        do throws(BootError) {
            return try actual.apply(on: bench)
        } catch {
            guard planned.onFailure == .warn else { throw error.inStep(change.step) }
            // A place that an observer cannot see may well be usable.
            if kind.blocksWhatLiesBelow && !actors.isObserver { bench.ledger.noteUnusable(kind.needed) }
            if !planned.consequence.isEmpty { bench.note(error.id, planned.consequence) }
            return .failed(error.inStep(change.step))
        }
    }
}
