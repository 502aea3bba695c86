package import Boot
package import Linux

/// What happens to a keeper.
package enum KeeperEvent: Equatable, Sendable {
    case service(Int, ServiceEvent)
    /// The command runs.
    case commandRuns
    /// All must end: within so many nanoseconds, or within the time that settings give.
    case stop(within: UInt64?)
    case order(Int, ServiceEvent.Order)
    /// Time passes.
    case time
    /// Somebody has set the clock of the day.
    case clockSet
    /// The process of a final run, by the number of its service; `nil` and the reason where there is none.
    case finalStarted(Int, Int32?, String)
    case finalEnded(Int, ProcessEnd, failure: String?)
}

/// What is to be done.
package enum KeeperAction: Equatable, Sendable {
    case service(Int, ServiceAction)
    /// The command may run.
    case ready
    /// A service that the command waits for has failed: the boot must, for this reason.
    case refuse(String)
    /// The container must end, because of a service.
    case requestEnd(Int)
    case startFinal(Int)
    case killFinal(Int)
    case tell(LogRelay.Level, MessageIdentifier?, String)
    /// All is over.
    case exit(Int32)
}

/// All services of one identity: events go in, what is to be done comes out.
///
/// Services are started in the order of their list as soon as those that they name are settled, and stopped in the reverse
/// order of the list, one after another; then all final runs are made at once.
package struct KeeperMachine: Sendable {
    enum Stage: Equatable, Sendable {
        case serving
        case stopping
        case finals
        case over
    }

    /// A last run.
    struct FinalRun: Equatable, Sendable {
        var process: Int32?
        let started: UInt64
        let limit: UInt64
        /// When it gets KILL.
        var killAt: UInt64
        var isKilled = false
    }

    package internal(set) var services: [ServiceMachine]
    /// The places of the services that each one is started after.
    private let before: [[Int]]
    /// Whether nobody waits for it: the container's end is then its own end.
    let isByHand: Bool
    var stage = Stage.serving
    var isReadyTold = false
    var isCommandRunning = false
    /// The service for which the end of the container was asked for.
    var isEndRequested = false
    var exitCode: Int32 = 0
    /// Nanoseconds that the end may take unless somebody says otherwise.
    let usualEnd: UInt64
    // The end.
    var endBegan: UInt64 = 0
    var deadline: UInt64 = 0
    var reserve: UInt64 = 0
    /// The service that is told to end, and when it is passed over.
    var current: (index: Int, passAt: UInt64)?
    var passed: Set<Int> = []
    var finals: [Int: FinalRun] = [:]
    var actions: [KeeperAction] = []

    /// - Parameters:
    ///   - services: in the order in which they are started; those that they name and that are not among them count as
    ///     ready.
    ///   - isByHand: whether a person has started the keeper, and not a boot.
    ///   - usualEnd: nanoseconds that the end may take unless somebody says otherwise.
    ///   - seed: from which jitter is made.
    ///   - nextTime: the next time of a cron line after another.
    package init(
        _ services: [Service], isByHand: Bool, usualEnd: UInt64, seed: UInt64 = 1,
        nextTime: @escaping @Sendable (CronSchedule, UInt64) -> UInt64?
    ) {
        self.services = services.enumerated().map { index, service in
            ServiceMachine(service, seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15, nextTime: nextTime)
        }
        before = services.map { service in
            service.after.compactMap { name in services.firstIndex { $0.name.utf8.elementsEqual(name.utf8) } }
        }
        self.isByHand = isByHand
        self.usualEnd = usualEnd
    }

    /// Whether the end has begun.
    package var isEnding: Bool { stage != .serving }

    /// When ``KeeperEvent/time`` is due, on the monotonic clock; `nil` for never.
    package var due: UInt64? {
        guard stage != .over else { return nil }
        var earliest = current?.passAt ?? .max
        for index in services.indices { earliest = min(earliest, services[index].due ?? .max) }
        for run in finals.values { earliest = min(earliest, run.killAt) }
        return earliest == .max ? nil : earliest
    }

    /// Begins with the first services.
    package mutating func begin(at now: Moment) -> [KeeperAction] { finish(now) }

    /// Takes an event.
    ///
    /// - Returns: what is to be done, in order.
    package mutating func take(_ event: KeeperEvent, at now: Moment) -> [KeeperAction] {
        switch event {
        case .service(let index, let event): pass(event, to: index, now)
        case .commandRuns: isCommandRunning = isReadyTold
        case .stop(let time): takeStop(time, now)
        case .order(let index, let order):
            if stage == .serving { pass(.order(order), to: index, now) }
        case .time: takeTime(now)
        case .clockSet:
            for index in services.indices {
                actions += services[index].takeNewClock(at: now).map { .service(index, $0) }
            }
        case .finalStarted(let index, let process, let reason): takeFinal(index, process, reason, now)
        case .finalEnded(let index, let end, let failure): takeFinalEnd(index, end, failure, now)
        }
        return finish(now)
    }

    mutating func pass(_ event: ServiceEvent, to index: Int, _ now: Moment) {
        actions += services[index].take(event, at: now).map { .service(index, $0) }
    }

    private mutating func finish(_ now: Moment) -> [KeeperAction] {
        if stage == .serving { serve(now) }
        if stage == .stopping { stopNext(now) }
        if stage == .finals { endFinals(now) }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    private mutating func takeTime(_ now: Moment) {
        for index in services.indices {
            if let due = services[index].due, due <= now.monotonic { pass(.time, to: index, now) }
        }
    }

    /// Starts what may be started, and tells what has become of those that the command waits for.
    private mutating func serve(_ now: Moment) {
        if !isReadyTold {
            for machine in services where machine.phase == .failed {
                guard machine.service.onFailure == .stop, machine.service.holdsCommand else { continue }
                actions.append(.refuse("\(machine.service.name) \(machine.lastError)"))
                return beginEnd(code: ExitCode.boot.rawValue, within: nil, now)
            }
            if services.allSatisfy({ !$0.service.holdsCommand || $0.isSettled }) {
                isReadyTold = true
                warnOfGivenUp()
                actions.append(.ready)
                if isByHand { isCommandRunning = true }
            }
        }
        // A service that is settled at once lets others start.
        for index in services.indices where services[index].phase == .waiting {
            let isTime = services[index].service.start == .beforeCommand || isCommandRunning
            if isTime && before[index].allSatisfy({ services[$0].isSettled }) { pass(.begin, to: index, now) }
        }
        guard isReadyTold else { return }
        if !isEndRequested,
            let index = services.firstIndex(where: { $0.phase == .failed && $0.service.onFailure == .stop })
        {
            isEndRequested = true
            if isByHand { return beginEnd(code: ExitCode.boot.rawValue, within: nil, now) }
            actions.append(.requestEnd(index))
        }
        if isByHand && services.allSatisfy({ $0.phase == .ended || $0.phase == .failed }) {
            beginEnd(code: services.contains { $0.phase == .failed } ? 1 : 0, within: nil, now)
        }
    }

    private mutating func warnOfGivenUp() {
        if isByHand { return }
        for machine in services where machine.service.holdsCommand && !machine.wasReady {
            guard machine.isGivenUp || machine.phase == .failed else { continue }
            actions.append(
                .tell(
                    .warning, .servicesNotReady,
                    "\(machine.service.name): it is not ready, and the command does not wait for it any longer"))
        }
    }
}
