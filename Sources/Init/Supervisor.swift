package import Linux

/// What the init knows and decides: events come in, and a few actions come out.
///
/// It is pure and has a fixed size: it makes no system call, allocates no memory and cannot fail. Times are nanoseconds
/// of a monotonic clock; 0 means "no such time".
package struct Supervisor: Sendable {
    package internal(set) var phase = Phase.booting
    package private(set) var outcome = Outcome.pending
    /// The first request to stop, and when it came; while the time is 0, there was none.
    package private(set) var stopSignal = Signal(rawValue: 0)
    package private(set) var stopRequestedAt: UInt64 = 0
    /// When the command, or the boot, ended; 0 before that.
    package private(set) var commandEndedAt: UInt64 = 0
    /// Whether the command was killed because of the stop timeout.
    package private(set) var commandWasKilled = false
    /// How many other processes ended after they were told to.
    package private(set) var othersEnded = 0
    /// Which part of the services has ended the container, and when that became known; while it is `none`, the time is 0.
    package internal(set) var failure = Failure.none
    package internal(set) var failedAt: UInt64 = 0
    /// The keepers of services, and their part in the end.
    package internal(set) var keepers = Keepers()

    private(set) var options: InitOptions
    private let hasTerminal: Bool
    var deadlines = Deadlines()
    private(set) var commandIsAlive = true
    private var commandIsStopped = false
    /// Whether the init forwarded the signal that stopped the command.
    private var stopWasForwarded = false
    private var exitCode: Int32 = 0
    /// When a request to stop came last; 0 before that.
    private(set) var lastRequestedAt: UInt64 = 0
    /// When the remaining processes were told to end; 0 before that.
    private(set) var restToldAt: UInt64 = 0
    /// When the remaining processes were killed; 0 before that.
    private var killedAt: UInt64 = 0
    /// How often the kernel has said that there is no child although the command's end was not reported.
    private var denials = 0
    /// How often the init has looked for shells that ignore TERM.
    private var looksAtSession = 0

    static var killBootAfter: UInt64 { 50_000_000 }
    private static var lookAgainAfter: UInt64 { 100_000_000 }
    /// A shell that is about to wait for its next line may notice a HUP only after that line.
    private static var hangUpAgainAfter: UInt64 { 1_000_000_000 }
    /// The grace after a second request to stop, so that one that comes with the first does not kill at once.
    static var shortestGrace: UInt64 { 1_000_000_000 }
    /// How long to wait after KILL: a process that is stuck on a dead file server does not end even then.
    static var patience: UInt64 { 2_000_000_000 }

    /// - Parameters:
    ///   - options: how to treat signals and leftover processes.
    ///   - hasTerminal: whether the init has a controlling terminal.
    package init(options: InitOptions, hasTerminal: Bool) {
        self.options = options
        self.hasTerminal = hasTerminal
    }

    /// Takes over options that the boot read from its configuration.
    package mutating func adopt(_ options: InitOptions) { self.options = options }

    var isKilling: Bool { killedAt != 0 }

    /// Nanoseconds between telling the remaining processes to end and killing them.
    package var killedAfter: UInt64 { isKilling ? killedAt - restToldAt : 0 }

    /// The exit code of the container as far as it is known.
    package var code: Int32 { exitCode }

    /// When the next ``Event/time`` is due; `nil` if none is.
    package var deadline: UInt64? { deadlines.earliest }

    /// Records an event, and returns what to do.
    package mutating func handle(_ event: Event, at now: UInt64) -> Actions {
        var actions = Actions()
        switch event {
        case .signal(let signal): receive(signal, at: now, &actions)
        case .commandStarted: start(at: now, &actions)
        case .commandEnded(let end): noteEnd(end, at: now, &actions)
        case .commandStopped(let signal): noteStop(by: signal, &actions)
        case .commandContinued: (commandIsStopped, stopWasForwarded) = (false, false)
        case .orphanEnded: if restToldAt != 0 && !isKilling { othersEnded += 1 }
        case .keeperStarted(let endsContainer): if restToldAt == 0 { keepers.add(endsContainer: endsContainer) }
        case .keeperEnded(let index, let end): noteKeeper(index, end, at: now, &actions)
        case .serviceFailed: end(because: .service, at: now, &actions)
        case .childrenLeft: noteChildren(at: now, &actions)
        case .childless(let others): noteChildless(others: others, at: now, &actions)
        case .bootOverdue: if phase == .booting { giveUpBoot(at: now, &actions) }
        case .terminalInUse: deadlines[.hangUp] = now + Supervisor.lookAgainAfter
        case .hungUp: deadlines[.hangUp] = now + Supervisor.hangUpAgainAfter
        case .terminateNotIgnored: lookAtSessionAgain(at: now)
        case .terminalGiven: if commandIsStopped { actions.add(.signalCommand(.resume, wholeGroup: true)) }
        case .resumed:
            stopWasForwarded = false
            actions.add(.giveTerminal)
            actions.add(.signalCommand(.resume, wholeGroup: true))
        case .notSuspended(let signal): continueCommand(stoppedBy: signal, &actions)
        case .time: noteTime(now, &actions)
        }
        return actions
    }

    // MARK: Signals

    private mutating func receive(_ signal: Signal, at now: UInt64, _ actions: inout Actions) {
        guard let target = options.rewrites.target(of: signal) else { return }
        let isRequestToStop = requestsStop(signal) || requestsStop(target)
        switch phase {
        case .booting:
            // The boot stands for a command without signal handlers: what would end the command ends the boot.
            guard target.terminates else { return }
            noteRequest(signal, at: now)
            stopBoot(code: remapped(128 + signal.rawValue), at: now, &actions)
        case .running:
            forward(target, &actions)
            if target.stops && target != .stop { actions.add(.stopItself(target)) }
            if isRequestToStop { noteRequestWhileRunning(signal, at: now, &actions) }
        case .ending:
            guard isRequestToStop else { return }
            let isSecond = stopRequestedAt != 0
            noteRequest(signal, at: now)
            if keepers.areAlive {
                // A first request may come when the command has ended by itself: services keep their time.
                if isSecond { hurryKeepers(at: now, &actions) }
                return
            }
            // The init has already sent TERM to the remaining processes, so that this is the second request.
            let end = max(now, restToldAt + Supervisor.shortestGrace)
            if restToldAt != 0 && !isKilling && end < deadlines[.killRest] { deadlines[.killRest] = end }
        }
    }

    private func requestsStop(_ signal: Signal) -> Bool {
        switch signal {
        case .terminate, .interrupt, .quit: true
        // Without a terminal, HUP tells many services to reload their configuration.
        case .hangup: hasTerminal
        default: false
        }
    }

    private mutating func noteRequest(_ signal: Signal, at now: UInt64) {
        lastRequestedAt = now
        if stopRequestedAt != 0 { return }
        (stopSignal, stopRequestedAt) = (signal, now)
    }

    private mutating func forward(_ signal: Signal, _ actions: inout Actions) {
        if signal.stops { stopWasForwarded = true }
        if signal == .resume { stopWasForwarded = false }
        actions.add(.signalCommand(signal, wholeGroup: options.forwardTo == .group))
    }

    private mutating func noteRequestWhileRunning(_ signal: Signal, at now: UInt64, _ actions: inout Actions) {
        if stopRequestedAt == 0 && options.stopTimeout != 0 { limitCommand(to: options.stopTimeout, at: now) }
        noteRequest(signal, at: now)
        helpToEnd(by: signal, &actions)
    }

    /// Kills the command after some nanoseconds unless that is due before.
    private mutating func limitCommand(to limit: UInt64, at now: UInt64) {
        let due = now + limit
        if deadlines[.killCommand] == 0 || due < deadlines[.killCommand] { deadlines[.killCommand] = due }
    }

    /// Makes sure that the command takes a request to stop that was sent to it.
    private mutating func helpToEnd(by signal: Signal, _ actions: inout Actions) {
        // A stopped process takes no signal but KILL until it is continued. The command's own stop was reported.
        if stopWasForwarded {
            // Whoever was told to stop may not have stopped yet, and CONT takes that back.
            stopWasForwarded = false
            actions.add(.signalCommand(.resume, wholeGroup: options.forwardTo == .group))
        } else if commandIsStopped {
            actions.add(.signalCommand(.resume, wholeGroup: false))
        }
        if options.forwardTo == .group { actions.add(.resumeStopped) }
        if hasTerminal && signal == .terminate { actions.add(.hangUp) }
    }

    /// Asks the command to end as a runtime does that sends TERM, because a service has failed. Nobody else would kill a
    /// command that does not end.
    mutating func askCommandToEnd(at now: UInt64, _ actions: inout Actions) {
        limitCommand(to: options.stopTimeout != 0 ? options.stopTimeout : options.grace, at: now)
        guard let target = options.rewrites.target(of: .terminate) else { return }
        forward(target, &actions)
        helpToEnd(by: .terminate, &actions)
    }

    // MARK: The end

    /// The command has ended. Others are told only once all news of children is known, because there may be no others.
    private mutating func noteEnd(_ end: ProcessEnd, at now: UInt64, _ actions: inout Actions) {
        commandIsAlive = false
        commandEndedAt = now
        deadlines[.killBoot] = 0
        deadlines[.killCommand] = 0
        deadlines[.endForService] = 0
        switch phase {
        case .booting: (outcome, exitCode) = (.bootEnded(end), end.code)
        case .running:
            (outcome, exitCode) = (.commandEnded(end), failure == .none ? remapped(end.code) : Supervisor.failed)
            deadlines[.hangUp] = 0
            looksAtSession = 0
        case .ending: break
        }
        phase = .ending
        planKeepersEnd(at: now)
        actions.add(.returnTerminal)
    }

    private func remapped(_ code: Int32) -> Int32 { options.remappedExits.contains(code) ? 0 : code }

    private mutating func noteChildren(at now: UInt64, _ actions: inout Actions) {
        denials = 0
        if phase == .ending { goOn(at: now, &actions) } else { deadlines[.lookAgain] = 0 }
    }

    /// Goes on with the end as far as it can: the keepers one after the other, then the rest.
    mutating func goOn(at now: UInt64, _ actions: inout Actions) {
        guard phase == .ending, restToldAt == 0, !commandIsAlive || keepers.bootIsStuck else { return }
        if keepers.areAlive {
            tellKeepers(at: now, &actions)
        } else {
            tellRest(at: now, &actions)
        }
    }

    private mutating func noteChildless(others: Bool, at now: UInt64, _ actions: inout Actions) {
        if commandIsAlive || keepers.areAlive {
            // Only the init takes news of its children, so the kernel must be wrong. If it insists, it is believed.
            denials += 1
            deadlines[.lookAgain] = now + Supervisor.lookAgainAfter
            guard denials > 20 else { return }
            if commandIsAlive { (outcome, exitCode, commandIsAlive, phase) = (.lost, 125, false, .ending) }
            forgetKeepers(at: now)
        }
        guard others else {
            actions.add(.exit(exitCode))
            return
        }
        if restToldAt == 0 { tellRest(at: now, &actions) }
        // Nobody reports the end of processes that are not the init's children.
        deadlines[.lookAgain] = now + Supervisor.lookAgainAfter
    }

    private mutating func tellRest(at now: UInt64, _ actions: inout Actions) {
        restToldAt = now
        // Where there are keepers, what is left has what they leave of the time.
        if deadlines[.killRest] == 0 { deadlines[.killRest] = now + options.grace }
        actions.add(.signalRest(.terminate))
        // In a stopped process, TERM stays pending until the process is continued.
        actions.add(.resumeRest)
        hangUp(at: now, &actions)
    }

    private mutating func hangUp(at now: UInt64, _ actions: inout Actions) {
        if phase == .running {
            actions.add(.hangUp)
        } else {
            actions.add(.hangUpRest)
            lookAtSessionAgain(at: now)
        }
    }

    /// A shell that reads a line handles TERM for a moment, again and again, and one look may fall into that moment.
    private mutating func lookAtSessionAgain(at now: UInt64) {
        looksAtSession += 1
        if looksAtSession < 4 { deadlines[.hangUp] = now + Supervisor.lookAgainAfter }
    }

    // MARK: The boot

    mutating func stopBoot(code: Int32, at now: UInt64, _ actions: inout Actions) {
        phase = .ending
        (outcome, exitCode) = (.bootStopped, code)
        deadlines[.killBoot] = now + Supervisor.killBootAfter
        actions.add(.signalCommand(.terminate, wholeGroup: true))
        if keepers.areAlive {
            planKeepersEnd(at: now)
        } else {
            tellRest(at: now, &actions)
        }
    }

    private mutating func giveUpBoot(at now: UInt64, _ actions: inout Actions) {
        phase = .ending
        (outcome, exitCode) = (.bootOverdue, 125)
        actions.add(.signalCommand(.kill, wholeGroup: true))
        if keepers.areAlive {
            planKeepersEnd(at: now)
            waitForKilledBoot(at: now)
        } else {
            killRest(at: now, &actions)
        }
    }

    // MARK: Job control

    private mutating func noteStop(by signal: Signal, _ actions: inout Actions) {
        commandIsStopped = true
        // STOP is an order to this process alone. The terminal sends the others to stop a job, such as the init's.
        // If it was the init that sent it, the init has stopped as well, and continues now.
        guard hasTerminal, phase == .running, signal.stops, signal != .stop, !stopWasForwarded else { return }
        actions.add(.suspend(signal))
    }

    /// Continues the command, because nobody could ever do so from the keyboard. For the same reason, the kernel does
    /// not let the keyboard stop groups without a job-control shell.
    private mutating func continueCommand(stoppedBy signal: Signal, _ actions: inout Actions) {
        guard commandIsStopped, !stopWasForwarded else { return }
        if signal == .terminalStop {
            actions.add(.signalCommand(.resume, wholeGroup: true))
        } else {
            actions.add(.giveTerminal)
        }
    }

    // MARK: Time

    private mutating func noteTime(_ now: UInt64, _ actions: inout Actions) {
        if deadlines.take(.killBoot, at: now) {
            actions.add(.signalCommand(.kill, wholeGroup: true))
            if restToldAt == 0 { waitForKilledBoot(at: now) }
        }
        if deadlines.take(.killCommand, at: now) {
            commandWasKilled = true
            actions.add(.signalCommand(.kill, wholeGroup: true))
        }
        if deadlines.take(.endForService, at: now) { end(because: keepers.waiting, at: now, &actions) }
        if deadlines.take(.hangUp, at: now) { hangUp(at: now, &actions) }
        if deadlines.take(.tellKeepers, at: now) { hurryOn(at: now, &actions) }
        if deadlines.take(.killKeepers, at: now) { killKeepers(at: now, &actions) }
        if deadlines.take(.killRest, at: now) { killRest(at: now, &actions) }
        if deadlines.take(.lookAgain, at: now) && isKilling {
            // These processes were created between looking and killing.
            actions.add(.signalRest(.kill))
            deadlines[.lookAgain] = now + Supervisor.lookAgainAfter
        }
        if deadlines.take(.giveUp, at: now) { actions.add(.exit(exitCode)) }
    }

    private mutating func killRest(at now: UInt64, _ actions: inout Actions) {
        killedAt = now
        if restToldAt == 0 { restToldAt = now }
        keepers.noteKill(at: now)
        deadlines[.killRest] = 0
        deadlines[.tellKeepers] = 0
        deadlines[.killKeepers] = 0
        deadlines[.hangUp] = 0
        deadlines[.giveUp] = now + Supervisor.patience
        deadlines[.lookAgain] = now + Supervisor.lookAgainAfter
        actions.add(.signalRest(.kill))
    }
}
