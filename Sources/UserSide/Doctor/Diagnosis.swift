internal import Boot
internal import Linux
internal import Text

/// Asks a container many questions at once, in a bounded time, whatever hangs.
///
/// The process that asks touches no path of a volume itself.
package struct Diagnosis {
    /// What the whole may take.
    package struct Limits: Sendable {
        /// The time of all checks together, in seconds.
        package var seconds: UInt32
        /// How many checks run at once; at least 1.
        package var most: Int

        package init(seconds: UInt32 = 9, most: Int = 8) {
            self.seconds = seconds
            self.most = most
        }
    }

    private let checks: [Check]
    private let probe: Check?
    private let source: FactSource
    private let limits: Limits

    /// - Parameters:
    ///   - checks: the questions, in the order of the answers.
    ///   - probe: the question that is asked first and alone, and that reads the settings. If it is not answered, no other
    ///     check reads them. It counts as asked if it is one of the checks, or if it fails to answer.
    ///   - limits: what the whole may take.
    ///   - source: gathers what is known of the container, in each check's process.
    package init(
        _ checks: [Check], probe: Check? = nil, limits: Limits = Limits(), source: @escaping FactSource
    ) {
        self.checks = checks
        self.probe = probe
        self.limits = limits
        self.source = source
    }

    /// Asks. The process must have one thread.
    package func run() -> DiagnosisReport {
        let end = Clock.monotonic + UInt64(limits.seconds) * 1_000_000_000
        // If SIGCHLD is ignored, the kernel keeps no status of children (wait(2)).
        let ignoresChildren = Signals.isIgnored(.child)
        if ignoresChildren { Signals.setIgnored(.child, false) }
        defer { if ignoresChildren { Signals.setIgnored(.child, true) } }
        let isRoot = CurrentProcess.effectiveUser == 0
        var report = DiagnosisReport()
        var hasSettings = true
        if let probe {
            var run = CheckRun(limits, source, hasSettings: true, end: end)
            let outcomes = run.run(CheckTask.all(of: probe, isRoot: isRoot))
            hasSettings = outcomes.allSatisfy { $0.isComplete }
            if !hasSettings || checks.contains(where: { $0.name == probe.name }) { report.add(outcomes) }
        }
        let tasks = checks.filter { $0.name != probe?.name }.flatMap { CheckTask.all(of: $0, isRoot: isRoot) }
        var run = CheckRun(limits, source, hasSettings: hasSettings, end: end)
        report.add(run.run(tasks))
        if !isRoot, tasks.contains(where: { $0.check.isAskedOfOthers }) {
            report.addNotAsked(
                "as the seed user and as root: only root can take their places (docker exec -u 0 CONTAINER "
                    + "entrypointctl doctor)")
        }
        return report
    }
}

extension Check {
    /// Whether it is asked of others than whoever asks.
    fileprivate var isAskedOfOthers: Bool { if case .each = actors { true } else { false } }
}
