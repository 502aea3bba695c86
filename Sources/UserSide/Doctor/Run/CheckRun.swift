internal import Boot
private import CLinux
internal import Linux
internal import Text

/// Runs checks beside each other, each for as long as it may take, and all of them for as long as all may.
struct CheckRun {
    /// What has come of a check as one actor.
    struct Outcome {
        let task: CheckTask
        let position: Int
        /// As whom it has run; empty for whoever asked.
        var actor = ""
        var findings: [Finding] = []
        /// Why it could not run as whom it should.
        var absence: String?
        /// Whether it has come to its end.
        var isComplete = true
    }

    let limits: Diagnosis.Limits
    let source: FactSource
    /// Whether the checks may read the settings.
    let hasSettings: Bool
    /// When all must have ended, on the monotonic clock in nanoseconds.
    let end: UInt64

    private var running: [CheckProcess] = []
    private var outcomes: [Outcome] = []

    /// The interval in milliseconds for looking after processes whose end the kernel cannot report (before Linux 5.3).
    private static let interval: UInt64 = 20
    private static let millisecond: UInt64 = 1_000_000

    init(_ limits: Diagnosis.Limits, _ source: @escaping FactSource, hasSettings: Bool, end: UInt64) {
        self.limits = limits
        self.source = source
        self.hasSettings = hasSettings
        self.end = end
    }

    /// Runs them.
    ///
    /// - Returns: the outcomes in the order of the tasks.
    mutating func run(_ tasks: [CheckTask]) -> [Outcome] {
        var pending = Array(tasks.enumerated())[...]
        while !pending.isEmpty || !running.isEmpty {
            if Clock.monotonic >= end {
                for position in running.indices.reversed() { giveUp(position) }
                outcomes += pending.map { notRun($0.element, at: $0.offset) }
                break
            }
            while running.count < limits.most, let next = pending.popFirst() { start(next.element, at: next.offset) }
            wait()
            for position in running.indices.reversed() { lookAfter(position) }
        }
        return outcomes.sorted { $0.position < $1.position }
    }

    private mutating func start(_ task: CheckTask, at position: Int) {
        do throws(SystemCallError) {
            running.append(try CheckProcess(task, at: position, source, hasSettings: hasSettings))
        } catch {
            let finding = Finding.fail(
                "not run: no process could be started: \(error.reason) (\(error.symbol))",
                remedy: "raise the limit on processes: pids of the container's cgroup, and ulimit -u")
            outcomes.append(Outcome(task: task, position: position, findings: [finding], isComplete: false))
        }
    }

    private func notRun(_ task: CheckTask, at position: Int) -> Outcome {
        let finding = Finding.warn(
            "not run: other checks have taken the time of all", remedy: "entrypointctl doctor --only \(task.check.area)"
        )
        return Outcome(
            task: task, position: position, actor: task.role.map(\.rawValue) ?? "", findings: [finding],
            isComplete: false)
    }

    /// When a check is given up, on the monotonic clock in nanoseconds.
    private func deadline(of check: CheckProcess) -> UInt64 {
        min(end, check.started + UInt64(check.task.check.deadline) * 1000 * Self.millisecond)
    }

    /// Waits until there is news of a check, or the time of one is over.
    private func wait() {
        guard let next = running.map(deadline(of:)).min() else { return }
        let now = Clock.monotonic
        var time = next > now ? (next - now) / Self.millisecond + 1 : 0
        // The end of the output comes before the end of the process, and a check may close it and go on.
        if running.contains(where: { $0.handle < 0 }) { time = min(time, Self.interval) }
        var requests = running.flatMap {
            [
                pollfd(fd: $0.pipe, events: Int16(POLLIN), revents: 0),
                pollfd(fd: $0.handle, events: Int16(POLLIN), revents: 0),
            ]
        }
        poll(&requests, nfds_t(requests.count), CInt(clamping: time))
    }

    private mutating func lookAfter(_ position: Int) {
        let end = running[position].end()
        // Reading after the end misses nothing that was written before it.
        running[position].read()
        if let end {
            finish(position, end)
        } else if running[position].isRubbish || Clock.monotonic >= deadline(of: running[position]) {
            giveUp(position)
        }
    }

    /// A check has ended by itself.
    private mutating func finish(_ position: Int, _ end: ProcessEnd) {
        var check = running.remove(at: position)
        check.close()
        var findings = check.findings
        if check.isRubbish || check.hasRest {
            findings.append(Self.rubbish(check))
        } else if end != .exited(0) {
            findings.append(
                .fail("the check itself has failed: \(end.words)", remedy: Self.remedy(ofFault: check.task.check)))
        }
        add(check, findings, isComplete: end == .exited(0))
    }

    /// A check takes too long, or writes what it should not: it is killed, and nobody waits for its end.
    private mutating func giveUp(_ position: Int) {
        var check = running.remove(at: position)
        let isRubbish = check.isRubbish
        let channel = isRubbish ? nil : check.waitChannel
        check.kill()
        let finding = isRubbish ? Self.rubbish(check) : Self.silence(check, channel)
        // It is taken off the kernel's list if it ends soon; whoever adopts it does so otherwise.
        for _ in 0..<5 where check.end() == nil { Clock.sleep(nanoseconds: Self.millisecond) }
        check.close()
        add(check, check.findings + [finding], isComplete: false)
    }

    private mutating func add(_ check: CheckProcess, _ findings: [Finding], isComplete: Bool) {
        outcomes.append(
            Outcome(
                task: check.task, position: check.position,
                actor: check.actor.isEmpty && !isComplete ? check.task.role.map(\.rawValue) ?? "" : check.actor,
                findings: findings, absence: check.absence, isComplete: isComplete))
    }

    private static func rubbish(_ check: CheckProcess) -> Finding {
        .fail(
            "the check itself has failed: it has answered what no check answers",
            remedy: remedy(ofFault: check.task.check))
    }

    private static func remedy(ofFault check: Check) -> String {
        "ask it again with entrypointctl doctor --only \(check.name), and report it as a fault of entrypointctl"
    }

    private static func silence(_ check: CheckProcess, _ channel: String?) -> Finding {
        let tenths = (Clock.monotonic - check.started) / (100 * millisecond)
        let time = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        let words = channel.map { " (it waits in \($0))" } ?? ""
        guard let place = check.place else {
            return .fail(
                "no answer within \(time) s\(words)",
                remedy: "ask it again with entrypointctl doctor --only \(check.task.check.name)")
        }
        guard let mount = Mount.holding(FilePath(place), in: Mount.all(of: FileTree())), mount.point != "/" else {
            return .fail(
                "no answer within \(time) s from \(place.shown())\(words)",
                remedy: "ask whoever runs the node whether its disk answers")
        }
        return .fail(
            "no answer within \(time) s from \(place.shown()), which is \(mount.type.shown()) from "
                + "\(mount.source.shown()), mounted at \(mount.point.shown())\(words)",
            remedy: "ask whoever runs \(mount.source.shown()) whether it is up; every program that uses "
                + "\(mount.point.shown()) waits until it answers")
    }
}

extension ProcessEnd {
    /// The end in words.
    fileprivate var words: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "ended by signal \(signal.rawValue)"
        }
    }
}
