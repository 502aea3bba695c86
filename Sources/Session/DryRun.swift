internal import Boot
internal import Linux
internal import Text

/// The dry run of a boot: the same preparation, printed and not applied.
struct DryRun {
    /// The exit code when a boot would change something.
    static let changesArePending: Int32 = 2

    /// Receives the lines.
    let plan: PlanText

    /// Reports what is wrong with the settings.
    ///
    /// - Returns: the exit code of the boot.
    func tell(_ error: SettingsError) -> Int32 {
        for notice in error.notices { plan.add("note", "settings", notice.whole) }
        for problem in error.problems { plan.add("would fail", "settings", problem.whole) }
        return ExitCode.settings.rawValue
    }

    /// Reports why the boot would end.
    ///
    /// - Returns: the exit code of the boot.
    func tell(_ error: BootError) -> Int32 {
        plan.add("would fail", error.step, error.message)
        return error.exitCode.rawValue
    }

    /// Prints what a boot would do.
    ///
    /// - Returns: the exit code: 0 when nothing would change, 2 when changes are pending, else that of the boot.
    /// - Throws: why the boot would end.
    func run(_ settings: Settings, at point: StartingPoint) throws(BootError) -> Int32 {
        let isRoot = CurrentProcess.effectiveUser == 0
        plan.add(settings)
        if settings.isEmpty {
            plan.addUnpreparedHandoff()
            return 0
        }
        if point.isObserver {
            plan.add(
                "note", "",
                "this is a start \(point.start == .root ? "as root" : "with the capabilities of the program's file"), as far "
                    + "as user \(CurrentProcess.effectiveUser) can see it")
        }
        guard let preparation = try Preparation(settings, at: point) else { return 0 }
        for warning in preparation.plan.warnings { plan.add("note", warning.step, warning.note.whole) }
        // Only root may read what the image grants to names.
        if isRoot {
            for reason in preparation.people.names.reasons { plan.add("note", Identity.name, reason) }
        }
        let unknown =
            preparation.scratch?.unknownPlaces(in: point.tree, besides: preparation.people.user.home) ?? []
        if !unknown.isEmpty {
            plan.add(
                "note", Scratch.name,
                "what is mounted at \(unknown.map { $0.shown() }.inWords) is not known here: "
                    + "--mount PATH=DIR shows a plan what the pod mounts")
        }
        var apply = preparation.apply(.dryRun)
        apply.assumed = unknown
        let exports: [(name: String, value: String)]
        do throws(BootError) {
            exports = try tell(preparation, Parts(of: preparation.plan, without: unknown), with: apply)
        } catch {
            guard point.isObserver else { throw error }
            return error.exitCode.rawValue
        }
        if point.tree.isRealRoot { try KeeperStart.check(preparation) }
        plan.add(settings.services, in: point.start, as: preparation.people)
        plan.addHandoff(preparation.people, exports, settings)
        return plan.isPending ? Self.changesArePending : 0
    }

    /// Prints a plan, with what nobody can know in its place.
    ///
    /// - Returns: the variables for the user's command.
    /// - Throws: the failure that would end the boot. An observer's plan has it, and everything else.
    private func tell(
        _ preparation: Preparation, _ parts: Parts, with apply: Apply
    ) throws(BootError) -> [(name: String, value: String)] {
        var told = 0
        func tellUnknown(before position: Int) {
            for index in told..<max(told, position) where parts.isUnknown[index] {
                plan.addUnknown(parts.whole.changes[index])
            }
            told = max(told, position)
        }
        var failure: BootError?
        let exports = try apply.run(apply.actors.isObserver ? parts.relaxed : parts.known) { event in
            tellUnknown(before: parts.positions[event.position])
            // What takes the place of something may be where nobody can tell.
            if event.outcome == .changed && event.change.planned.change.needsAny(of: parts.unknown) {
                return plan.addUnknown(event.change, event.notes)
            }
            guard apply.actors.isObserver else { return plan.observe(event) }
            let planned = parts.known.changes[event.position].planned
            guard case .failed(let error) = event.outcome else { return plan.observe(event) }
            // What the observer may not see says nothing about the boot, which continues there.
            let isKnown = !error.isForWantOfPrivileges || preparation.isDecidedByOwnRights(planned)
            if isKnown { plan.observe(event) } else { plan.observeWithoutPrivileges(event) }
            if isKnown && planned.onFailure == .stop { failure = failure ?? error }
        }
        tellUnknown(before: parts.whole.changes.count)
        if let failure { throw failure }
        return exports
    }

    /// A plan, and the parts of it that a dry run can judge.
    private struct Parts {
        let whole: Plan
        /// The places of which nobody can tell.
        let unknown: [FilePath]
        /// The changes that can be judged.
        let known: Plan
        /// For each of those, its index in the whole plan.
        let positions: [Int]
        /// For each change of the whole plan, whether nobody can tell; one that is only told when amiss counts as known.
        let isUnknown: [Bool]

        init(of plan: Plan, without places: [FilePath]) {
            whole = plan
            unknown = places
            let needs = plan.changes.map { $0.planned.change.needsAny(of: places) }
            positions = needs.indices.filter { !needs[$0] }
            known = Plan(changes: positions.map { plan.changes[$0] }, exports: plan.exports, warnings: [])
            isUnknown = plan.changes.indices.map { needs[$0] && !plan.changes[$0].planned.change.isToldWhenAmiss }
        }

        /// The changes that can be judged, where no failure ends the run.
        var relaxed: Plan {
            Plan(
                changes: known.changes.map { StepChange(step: $0.step, planned: $0.planned.failing(.warn)) },
                exports: known.exports, warnings: [])
        }
    }
}
