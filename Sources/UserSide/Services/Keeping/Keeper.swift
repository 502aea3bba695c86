package import Boot
package import Linux
internal import Programs
internal import Text

/// Keeps the services of one identity: starts them, looks after them, and ends them.
///
/// It has one thread besides those of its log. It sleeps unless something happens or is due.
///
/// When a keeper dies, its services do not go on without it: each leader gets its stop signal, or KILL where a person has
/// started the keeper and no init is there to end what is left (PR_SET_PDEATHSIG, prctl(2); the kernel forgets it when a
/// service changes its user).
package final class Keeper {
    package let loop: EventLoop
    let relay: LogRelay
    let options: KeeperOptions
    var machine: KeeperMachine
    let runs: [ServiceRun]
    let processes: ServiceProcesses
    let signals: SignalQueue
    private let clock: ClockBox?
    /// What no service reads anything from.
    let input: CInt
    /// The init, once the command runs.
    private(set) var initProcess: Int32?
    /// Where a boot is told how it goes; -1 for nobody.
    var status: CInt
    private var exitCode: Int32?
    private var refusal = ""
    private var waiting: [KeeperAction] = []
    private var isPerforming = false
    /// When the memory of the last events is given back; `nil` once it is.
    private var restsAt: UInt64?
    /// When children are looked for again, because the last look has failed.
    var lookAgain: UInt64?
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16384, alignment: 16)
    package var whenChanged: (() -> Void)?

    private static var signalSet: SignalSet {
        SignalSet(
            bits: [Signal.child, .terminate, .interrupt, .quit, .hangup].reduce(0) { $0 | SignalSet($1).bits })
    }

    /// Blocks the signals that a keeper takes. It comes before any thread is started.
    package static func blockSignals() { _ = Signals.block(signalSet) }

    /// Prepares everything that can fail.
    ///
    /// - Parameters:
    ///   - services: in the order in which they are started.
    ///   - options: how it was started.
    ///   - loop: where it waits, with others.
    ///   - relay: where services' output goes.
    /// - Throws: the error of a system call without which nothing can be supervised.
    package init(
        _ services: [Service], _ options: KeeperOptions, _ loop: EventLoop, relay: LogRelay
    ) throws(SystemCallError) {
        self.options = options
        self.relay = relay
        self.loop = loop
        status = options.status ?? -1
        Signals.setIgnored(.child, false)
        try Children.adoptOrphans()
        Self.blockSignals()
        signals = try SignalQueue(of: Self.signalSet)
        let pipe = try OpenFiles.makePipe()
        OpenFiles.close(pipe.writing)
        input = pipe.reading
        machine = KeeperMachine(
            services, isByHand: options.isByHand, usualEnd: options.usualEnd, seed: Clock.realTime,
            nextTime: options.nextTime)
        let surroundings = options.surroundings
        runs = services.enumerated().map { index, service in
            var socket: String?
            if case .notify = service.readiness { socket = surroundings.socket(index) }
            let values = service.secrets.compactMap { surroundings.secrets.value($0) }
            return ServiceRun(
                index, ServiceProgram(service, in: surroundings, socket: socket),
                relay.open(service, secrets: values.flatMap { Secrets.texts(of: $0) }))
        }
        processes = ServiceProcesses(services.map { $0.name })
        let hasTimes = services.contains { if case .at = $0.schedule { true } else { false } }
        clock = hasTimes ? ClockBox(try ClockWatch()) : nil
        try loop.watch(signals.descriptor, .readable) { [unowned self] _ in takeSignals() }
        if let clock {
            try loop.watch(clock.watch.descriptor, .readable) { [unowned self] _ in
                clock.watch.rearm()
                feed(.clockSet)
            }
        }
        if status >= 0 { try OpenFiles.setNonBlocking(status) }
    }

    /// Keeps the services until the end.
    ///
    /// - Returns: the exit code.
    package func run() -> Int32 {
        perform(machine.begin(at: .now))
        while true {
            if let exitCode { return end(exitCode) }
            turn()
        }
    }

    private func turn() {
        var due = machine.due ?? .max
        if let restsAt { due = min(due, restsAt) }
        for run in runs {
            if let time = run.nextLook { due = min(due, time) }
        }
        if let lookAgain { due = min(due, lookAgain) }
        do throws(SystemCallError) {
            try loop.turn(until: due == .max ? nil : due)
        } catch {
            trouble("cannot wait for events", error)
            // Nothing is lost: what could have come is looked for.
            Clock.sleep(nanoseconds: 10_000_000)
            takeSignals()
            takeEnds()
        }
        let now = Clock.monotonic
        rest(at: now)
        if let lookAgain, lookAgain <= now {
            self.lookAgain = nil
            takeEnds()
        }
        for run in runs {
            if let time = run.nextLook, time <= now { look(after: run) }
        }
        if let due = machine.due, due <= now { feed(.time) }
    }

    /// Gives back what events have needed, a second after the first of them; so also while they go on.
    private func rest(at now: UInt64) {
        guard let restsAt else {
            self.restsAt = now + 1_000_000_000
            return
        }
        guard restsAt <= now else { return }
        self.restsAt = nil
        CurrentProcess.trimMemory()
        CurrentProcess.giveBackProgram()
    }

    /// Tells of a call of its own that has failed.
    func trouble(_ words: String, _ error: SystemCallError, of service: String? = nil) {
        relay.say(.warning, service, "\(words): \(error.reason) (\(error.symbol))", .servicesKeeper)
    }

    /// Hands an event to the machine, and does what it says.
    func feed(_ event: KeeperEvent) { perform(machine.take(event, at: .now)) }

    func feed(_ run: ServiceRun, _ event: ServiceEvent) { feed(.service(run.index, event)) }

    private func perform(_ actions: [KeeperAction]) {
        waiting += actions
        // What happens meanwhile comes after what is to be done already.
        if isPerforming { return }
        isPerforming = true
        var index = 0
        while index < waiting.count {
            let action = waiting[index]
            index += 1
            perform(action)
        }
        waiting.removeAll(keepingCapacity: true)
        isPerforming = false
        whenChanged?()
    }

    private func perform(_ action: KeeperAction) {
        switch action {
        case .service(let index, let action): perform(action, runs[index])
        case .ready: tellReady()
        case .refuse(let reason): refusal = reason
        case .requestEnd(let index):
            if let descriptor = options.stopRequest {
                OpenFiles.writeOnce(Array((runs[index].service.name + "\n").utf8), to: descriptor)
            }
        case .startFinal(let index): startFinal(runs[index])
        case .killFinal(let index):
            if let process = runs[index].final?.process { processes.signal(.kill, leader: process) }
        case .tell(let level, let id, let words): relay.say(level, nil, words, id)
        case .exit(let code): exitCode = code
        }
    }

    private func perform(_ action: ServiceAction, _ run: ServiceRun) {
        switch action {
        case .start: start(run)
        case .watch: watch(run)
        case .unwatch: unwatch(run)
        case .signal(let signal):
            if let process = run.process { processes.signal(signal, leader: process) }
        case .signalRest(let signal, let withGroup):
            processes.signalRest(signal, of: run.index, without: withGroup ? nil : run.lastLeader)
        case .kill: processes.kill(run.index)
        case .tell(let level, let id, let words): relay.say(level, run.service.name, words, id)
        }
    }

    /// Tells the boot that the command may run; it runs when nobody reads any more.
    private func tellReady() {
        guard status >= 0 else { return }
        guard OpenFiles.writeOnce(Array("ready\n".utf8), to: status) else {
            // The boot would wait for it in vain. It sees that nobody writes any more, and ends.
            OpenFiles.close(status)
            status = -1
            return
        }
        do throws(SystemCallError) {
            try loop.watch(status, []) { [unowned self] _ in
                loop.unwatch(status)
                OpenFiles.close(status)
                status = -1
                followInit()
                feed(.commandRuns)
            }
        } catch {
            trouble("cannot wait for the command's start", error)
            feed(.commandRuns)
        }
    }

    /// Lets the keeper end with its init. One that is process 1 takes everybody with it; one that is not, and is killed, would
    /// leave services that nobody ends.
    private func followInit() {
        let parent = CurrentProcess.parent
        initProcess = parent
        CurrentProcess.setParentDeathSignal(.terminate)
        // It may have ended before the kernel was asked.
        if CurrentProcess.parent != parent { feed(.stop(within: nil)) }
    }

    /// All is over.
    private func end(_ code: Int32) -> Int32 {
        // An init ends what else there is; without one, nobody does.
        if options.isByHand { processes.killAll() }
        for run in runs {
            drain(run)
            run.channel.finish()
            if run.notify != nil, options.controlDirectory != nil {
                OpenFiles.remove(options.surroundings.socket(run.index))
            }
        }
        if !refusal.isEmpty {
            if status >= 0 {
                OpenFiles.writeOnce(Self.failure(code, refusal), to: status)
            } else {
                relay.say(.error, nil, refusal, .servicesFailed)
            }
        }
        relay.finish(deadline: Clock.monotonic + 500_000_000)
        return code
    }

    /// What a boot is told of a failure.
    package static func failure(_ code: Int32, _ words: String) -> [UInt8] {
        let text = words.utf8.prefix(1000).map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
        return Array("failed \(code) ".utf8) + text + [UInt8(ascii: "\n")]
    }
}

extension Keeper: KeeperCommands {
    package var states: [ServiceState] {
        let now = Moment.now
        return machine.services.map { $0.state(at: now) }
    }

    package func start(_ name: String) throws(KeeperRefusal) { try order(.start, name) }
    package func stop(_ name: String) throws(KeeperRefusal) { try order(.stop, name) }
    package func restart(_ name: String) throws(KeeperRefusal) { try order(.restart, name) }

    private func order(_ order: ServiceEvent.Order, _ name: String) throws(KeeperRefusal) {
        guard let index = runs.firstIndex(where: { $0.service.name.utf8.elementsEqual(name.utf8) }) else {
            throw .unknownService
        }
        if machine.isEnding { throw .ending }
        feed(.order(index, order))
    }
}

/// Holds what cannot be copied.
private final class ClockBox {
    let watch: ClockWatch

    init(_ watch: consuming ClockWatch) {
        self.watch = watch
    }
}
