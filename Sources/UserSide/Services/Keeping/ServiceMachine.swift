package import Boot
package import Linux
internal import Text

/// One service: events go in, what is to be done comes out. It knows no clock and no process, so that every order of
/// events can be tested.
///
/// A service is **settled**, so that those after it may start, as soon as it has been ready once, or is given up: it was
/// not ready within its timeout from its first start, has ended for good, or was stopped. A service that runs again and
/// again is settled as soon as its first run has begun, or is awaited.
///
/// A run **fails** when its program could not be started, ends with another code than 0 or by a signal that nobody asked
/// for, ends before it is ready, is not ready in time, takes longer than its timeout, or does not feed its watchdog. A run
/// that is ended for one of the last three reasons fails whatever its exit code.
///
/// A service **has failed for good**, and is not started again, when
/// - a run has failed and `restart` is `never`;
/// - with `onFailure: stop`, the command waits for it and it was not ready in time from its first start;
/// - with `onFailure: stop`, five runs in a row have failed, none of which has lived as long as resets its back-off; of a
///   service that runs again and again, five runs in a row, however long they were.
///
/// Any other service with `onFailure: ignore` is started again, for ever: a service that is restarted has not failed.
package struct ServiceMachine: Sendable {
    package enum Phase: String, Sendable {
        case waiting
        /// There is a process, which is not ready.
        case starting
        case running
        /// It waits to be started again.
        case pausing
        /// It waits for its next run.
        case scheduled
        /// The process that leads it was told to end.
        case stopping
        /// That process has ended, and what it has left was told to end.
        case clearing
        case stopped, ended, failed
    }

    /// What follows when all of its processes have ended.
    enum Next: Sendable {
        case byPolicy
        case stay
        case again
    }

    package let service: Service
    package internal(set) var phase = Phase.waiting
    package internal(set) var process: Int32?
    package internal(set) var isReady = false
    /// Whether it has ever been ready.
    package internal(set) var wasReady = false
    /// Whether it was not ready in time from its first start.
    package internal(set) var isGivenUp = false
    package internal(set) var statusText = ""
    package internal(set) var lastExit: ProcessEnd?
    package internal(set) var restarts = 0
    package internal(set) var started: Moment?
    package internal(set) var lastDuration: UInt64?
    package internal(set) var lastError = ""
    /// Whether its program has run.
    package internal(set) var wasExecuted = false
    /// Whether it was ever allowed to start.
    package internal(set) var hasBegun = false
    /// Whether a person has stopped it.
    package internal(set) var isStoppedByPerson = false
    /// Whether its program runs now, or has in this run.
    var isExecuted = false

    // Times on the monotonic clock.
    /// When it is started: after a pause, or for its next run.
    var wake: UInt64?
    /// The same on the clock of the day, for a cron line.
    var wakeReal: UInt64?
    var readyBy: UInt64?
    var firstReadyBy: UInt64?
    var runBy: UInt64?
    var watchdogBy: UInt64?
    package internal(set) var killAt: UInt64?
    /// From one KILL to the next, while there is something left.
    var killPause: UInt64 = 0

    var next = Next.byPolicy
    var isEnding = false
    /// Why the run is ended as a failure.
    var forced: String?
    /// Why the run that has ended has failed.
    var failure: String?
    package internal(set) var failuresInRow = 0
    /// How many waits in a row there were before it was started again.
    var pauses: UInt64 = 0
    /// When it was started again without a wait, within the last second.
    var hurries: [UInt64] = []
    /// The failure that was told last, how often in a row, and when.
    var told = (text: "", count: 0, time: UInt64(0))
    var random: UInt64

    /// The next time of a cron line after another, both in nanoseconds since 1970.
    typealias NextTime = @Sendable (CronSchedule, UInt64) -> UInt64?
    let nextTime: NextTime
    var actions: [ServiceAction] = []

    /// - Parameters:
    ///   - service: its settings.
    ///   - seed: from which its jitter is made.
    ///   - nextTime: the next time of a cron line after another, both in nanoseconds since 1970; `nil` for never.
    package init(
        _ service: Service, seed: UInt64 = 1, nextTime: @escaping @Sendable (CronSchedule, UInt64) -> UInt64?
    ) {
        self.service = service
        random = seed | 1
        self.nextTime = nextTime
    }

    /// Whether there are processes of it.
    package var hasProcesses: Bool {
        switch phase {
        case .starting, .running, .stopping, .clearing: true
        default: false
        }
    }

    /// Whether those after it may start.
    package var isSettled: Bool {
        switch phase {
        case .ended, .failed, .stopped, .scheduled: true
        default: wasReady || isGivenUp && !isNeeded || service.schedule != nil && wasExecuted
        }
    }

    /// Whether the command never runs without it.
    var isNeeded: Bool { service.onFailure == .stop && service.holdsCommand }

    /// When ``ServiceEvent/time`` is due; `nil` for never.
    package var due: UInt64? {
        var earliest = UInt64.max
        if let wake { earliest = min(earliest, wake) }
        if let readyBy { earliest = min(earliest, readyBy) }
        if let giveUpBy { earliest = min(earliest, giveUpBy) }
        if let runBy { earliest = min(earliest, runBy) }
        if let watchdogBy { earliest = min(earliest, watchdogBy) }
        if let killAt { earliest = min(earliest, killAt) }
        return earliest == .max ? nil : earliest
    }

    /// When it is given up.
    private var giveUpBy: UInt64? { wasReady || isGivenUp || isEnding || isSettled ? nil : firstReadyBy }

    /// Takes an event.
    ///
    /// - Returns: what is to be done, in order.
    package mutating func take(_ event: ServiceEvent, at now: Moment) -> [ServiceAction] {
        switch event {
        case .begin:
            if phase == .waiting { begin(now) }
        case .started(let process): self.process = process
        case .notStarted(let reason): takeNoStart(reason, now)
        case .executed: takeExecution(now)
        case .ready:
            if phase == .starting { becomeReady(now) }
        case .status(let text): statusText = text
        case .watchdog:
            if watchdogBy != nil, case .notify(let interval) = service.readiness {
                watchdogBy = now.monotonic &+ interval
            }
        case .ended(let end, let failure, let rest): takeEnd(end, failure, rest, now)
        case .cleared:
            if phase == .clearing { conclude(now) }
        case .time: takeTime(now)
        case .order(let order): take(order, now)
        case .end:
            isEnding = true
            if !hasProcesses { settleDown() }
        case .stop(let time):
            isEnding = true
            endRun(.stay, within: time, now)
        }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    mutating func begin(_ now: Moment) {
        hasBegun = true
        if case .at = service.schedule { schedule(now) } else { start(now) }
    }

    mutating func start(_ now: Moment) {
        hasBegun = true
        phase = .starting
        (started, wake, wakeReal, killAt) = (now, nil, nil, nil)
        (isReady, isExecuted, forced, failure, statusText, process) = (false, false, nil, nil, "", nil)
        next = .byPolicy
        if service.schedule == nil {
            readyBy = now.monotonic &+ service.readyTimeout
            if firstReadyBy == nil { firstReadyBy = readyBy }
        }
        runBy = service.timeout > 0 ? now.monotonic &+ service.timeout : nil
        actions.append(.start)
    }

    private mutating func takeExecution(_ now: Moment) {
        guard phase == .starting else { return }
        isExecuted = true
        wasExecuted = true
        if service.schedule != nil {
            phase = .running
            readyBy = nil
        } else if service.readiness == .started {
            becomeReady(now)
        } else {
            actions.append(.watch)
        }
    }

    private mutating func becomeReady(_ now: Moment) {
        phase = .running
        (isReady, readyBy) = (true, nil)
        let time = TimeText.seconds(now.monotonic - (started?.monotonic ?? now.monotonic))
        if case .notify(let interval) = service.readiness {
            if interval > 0 { watchdogBy = now.monotonic &+ interval }
        } else {
            actions.append(.unwatch)
        }
        actions.append(
            .tell(service.readiness == .started || wasReady ? .debug : .info, nil, "ready in \(time)"))
        wasReady = true
    }

    private mutating func takeTime(_ now: Moment) {
        let time = now.monotonic
        if let killAt, killAt <= time, hasProcesses { killAgain(time) }
        if let giveUpBy, giveUpBy <= time { giveUp(now) }
        if let wake, wake <= time, phase == .pausing || phase == .scheduled { wakeUp(now) }
        guard phase == .starting || phase == .running else { return }
        if let readyBy, readyBy <= time {
            if !wasReady { isGivenUp = true }
            endForFailure(.servicesNotReady, "was not ready within \(TimeText.seconds(service.readyTimeout))", now)
        } else if let runBy, runBy <= time {
            endForFailure(.servicesOverdue, "took longer than \(TimeText.seconds(service.timeout))", now)
        } else if let watchdogBy, watchdogBy <= time, case .notify(let interval) = service.readiness {
            endForFailure(.servicesOverdue, "has not fed its watchdog for \(TimeText.seconds(interval))", now)
        }
    }

    /// It was not ready in time from its first start.
    private mutating func giveUp(_ now: Moment) {
        isGivenUp = true
        guard isNeeded else { return }
        let words = "was not ready within \(TimeText.seconds(service.readyTimeout))"
        switch phase {
        case .pausing: fail(words, now)
        case .starting: endForFailure(.servicesNotReady, words, now)
        default: break
        }
    }

    private mutating func wakeUp(_ now: Moment) {
        // The clock of the day may have been slowed down since the time was worked out.
        if let wakeReal, now.real < wakeReal {
            wake = now.monotonic &+ (wakeReal - now.real)
        } else {
            start(now)
        }
    }

    private mutating func killAgain(_ time: UInt64) {
        actions.append(.kill)
        killPause = min(max(20_000_000, killPause * 2), 30_000_000_000)
        killAt = time &+ killPause
    }

    private mutating func endForFailure(_ id: MessageIdentifier, _ words: String, _ now: Moment) {
        forced = words
        actions.append(.tell(.warning, id, words + ": it is ended"))
        endRun(.byPolicy, within: service.stop.timeout, now)
    }

    /// Ends the run, if there is one.
    ///
    /// - Parameter time: nanoseconds until KILL.
    mutating func endRun(_ next: Next, within time: UInt64, _ now: Moment) {
        self.next = next
        let limit = now.monotonic &+ time
        switch phase {
        case .starting, .running:
            phase = .stopping
            (readyBy, runBy, watchdogBy) = (nil, nil, nil)
            actions += [.unwatch, .signal(service.stop.signal)]
            (killAt, killPause) = (limit, 0)
        case .stopping, .clearing:
            if killPause == 0 { killAt = min(killAt ?? limit, limit) }
        case .waiting, .pausing, .scheduled:
            settleDown()
            return
        case .stopped, .ended, .failed: return
        }
        if let killAt, killAt <= now.monotonic, killPause == 0 { killAgain(now.monotonic) }
    }

    /// A service without processes stays so.
    mutating func settleDown() {
        (wake, wakeReal) = (nil, nil)
        if phase != .ended && phase != .failed { phase = .stopped }
    }

    private mutating func take(_ order: ServiceEvent.Order, _ now: Moment) {
        guard !isEnding else { return }
        isStoppedByPerson = order == .stop
        switch (order, phase) {
        case (.stop, _): endRun(.stay, within: service.stop.timeout, now)
        case (_, .stopping), (_, .clearing): next = .again
        case (.start, .starting), (.start, .running): break
        case (.restart, .starting), (.restart, .running): endRun(.again, within: service.stop.timeout, now)
        default:
            (pauses, failuresInRow, hurries, told) = (0, 0, [], ("", 0, 0))
            start(now)
        }
    }
}
