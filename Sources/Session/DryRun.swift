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
        for notice in error.notices { plan.add("note", "settings", notice) }
        for problem in error.problems { plan.add("would fail", "settings", problem) }
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
        for warning in preparation.plan.warnings { plan.add("note", warning.step, warning.text) }
        // Only root may read what the image grants to names.
        if isRoot {
            for reason in preparation.people.names.reasons { plan.add("note", Identity.name, reason) }
        }
        let apply = preparation.apply(.dryRun)
        let exports: [(name: String, value: String)]
        if point.isObserver {
            let observed = try observe(preparation.plan, with: apply)
            if let failure = observed.failure { return failure.exitCode.rawValue }
            exports = observed.exports
        } else {
            exports = try apply.run(preparation.plan, observe: plan.observe)
        }
        plan.addHandoff(preparation.people, exports, preparation.scratch, settings.secrets)
        return plan.isPending ? Self.changesArePending : 0
    }

    /// Prints a plan as somebody who may not look everywhere. What the observer may not see says nothing about the
    /// boot, which continues there.
    ///
    /// - Returns: the variables for the user's command, and the first failure that would end the boot.
    private func observe(
        _ wanted: Plan, with apply: Apply
    ) throws(BootError) -> (exports: [(name: String, value: String)], failure: BootError?) {
        let relaxed = Plan(
            changes: wanted.changes.map { StepChange(step: $0.step, planned: $0.planned.failing(.warn)) },
            exports: wanted.exports, warnings: [])
        var failure: BootError?
        let exports = try apply.run(relaxed) { event in
            plan.observeWithoutPrivileges(event)
            if case .failed(let error) = event.outcome, !error.isForWantOfPrivileges,
                wanted.changes[event.position].planned.onFailure == .stop
            {
                failure = failure ?? error
            }
        }
        return (exports, failure)
    }
}
