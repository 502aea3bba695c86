import Init
import Linux

/// The processes of a container around a supervisor: what the supervisor asks for is checked against what they are.
///
/// Times are nanoseconds. The grace is 10 s: with keepers, they are told to end within 7 s and killed after 7.5 s, and
/// everything is killed after 8 s.
struct World {
    /// What can happen.
    enum Event: UInt8, CaseIterable {
        case commandStarts, commandEnds, keeper0Ends, keeper1Ends, keeper0Dies, keeper1Dies, serviceFails, terminate
        case terminalStop, deadlinePasses, secondPasses, orphanEnds
    }

    /// A process, and what has become of it.
    struct Process {
        var isAlive = true
        var isTold = false
        var isKilled = false
    }

    static let second: UInt64 = 1_000_000_000
    static let grace = 10 * second

    var supervisor: Supervisor
    var now = second
    var command = Process()
    var keepers = InlineArray<2, Process>(repeating: Process())
    var keeperCount: Int
    var others = Process()
    /// What the supervisor has done wrong.
    var fault: StaticString?
    /// The exit code, once the supervisor has ended.
    var exit: Int32?
    private var isBooting: Bool
    private let endsContainer: (Bool, Bool)
    private let stopTimeout: UInt64
    private var diedEarly = (false, false)
    /// The first and the last TERM to the init, the time at which a service has ended the container, and the time at which
    /// a failed one will.
    private var firstRequest: UInt64 = 0
    private var lastRequest: UInt64 = 0
    private var failedAt: UInt64 = 0
    private var failsAt: UInt64 = 0
    /// When the boot was stopped, when the end of services began, when it was shortened, and when KILL came.
    private var stoppedAt: UInt64 = 0
    private var endBegan: UInt64 = 0
    private var shortenedAt: UInt64 = 0
    private var toldRestAt: UInt64 = 0
    private var killedRestAt: UInt64 = 0
    private var bootKilledAt: UInt64 = 0
    private var code: Int32 = 0

    /// - Parameters:
    ///   - keepers: for each keeper, whether its death ends the container.
    ///   - isBooting: whether the command does not run yet.
    ///   - stopTimeout: `ENTRYPOINT_STOP_TIMEOUT`.
    init(keepers: [Bool], isBooting: Bool, stopTimeout: UInt64) {
        var options = InitOptions()
        options.grace = World.grace
        options.stopTimeout = stopTimeout
        // 125 of a service is not the command's.
        options.remappedExits.insert(125)
        supervisor = Supervisor(options: options, hasTerminal: false)
        self.stopTimeout = stopTimeout
        self.isBooting = isBooting
        keeperCount = keepers.count
        endsContainer = (keepers.first ?? false, keepers.count > 1 && keepers[1])
        for index in 0..<2 { self.keepers[index].isAlive = index < keepers.count }
        for ends in keepers { handle(.keeperStarted(endsContainer: ends)) }
        if !isBooting { handle(.commandStarted) }
    }

    private var areKeepersAlive: Bool { keepers[0].isAlive || keepers[1].isAlive }
    private var isAnyoneAlive: Bool { command.isAlive || areKeepersAlive || others.isAlive }
    private var isStopping: Bool { stoppedAt != 0 || !command.isAlive }

    // MARK: Events

    /// Lets something happen.
    ///
    /// - Returns: whether it can.
    mutating func happens(_ event: Event) -> Bool {
        switch event {
        case .commandStarts:
            guard isBooting, command.isAlive, stoppedAt == 0 else { return false }
            isBooting = false
            handle(.commandStarted)
            for index in 0..<2 where index == 0 ? diedEarly.0 : diedEarly.1 { fails(ifKeeper: index) }
        case .commandEnds:
            guard command.isAlive else { return false }
            endCommand(command.isKilled ? .signaled(.kill) : .exited(3))
        case .keeper0Ends: return endKeeper(0, .exited(0))
        case .keeper1Ends: return endKeeper(1, .exited(0))
        case .keeper0Dies: return endKeeper(0, .signaled(.kill))
        case .keeper1Dies: return endKeeper(1, .signaled(.kill))
        case .serviceFails:
            guard keeperCount > 0 else { return false }
            fails()
            handle(.serviceFailed)
            looksAround()
        case .terminate: terminate()
        case .terminalStop:
            handle(.signal(.terminalStop))
            looksAround()
        case .deadlinePasses:
            guard let deadline = supervisor.deadline else { return false }
            now = max(now, deadline)
            looksAround()
        case .secondPasses:
            now += World.second
            looksAround()
        case .orphanEnds:
            guard others.isAlive else { return false }
            others.isAlive = false
            handle(.orphanEnded)
            looksAround()
        }
        return true
    }

    /// What the loop tells in each of its turns.
    private mutating func looksAround() {
        if failsAt != 0 && failsAt <= now && command.isAlive { (failedAt, failsAt) = (now, 0) }
        handle(.time)
        requireKill()
        if exit == nil { handle(isAnyoneAlive ? .childrenLeft : .childless(others: false)) }
    }

    /// A limit on the command's time to end holds, whatever comes after the first request.
    private mutating func requireKill() {
        guard command.isAlive, !isBooting else { return }
        let isTimeout = stopTimeout != 0 && firstRequest != 0 && now >= firstRequest + stopTimeout
        let limit = stopTimeout != 0 ? stopTimeout : World.grace
        require(
            !isTimeout && (failedAt == 0 || now < failedAt + limit) || command.isKilled, "the command is not killed")
    }

    private mutating func endCommand(_ end: ProcessEnd) {
        command.isAlive = false
        if stoppedAt == 0 { code = failedAt != 0 ? 125 : end.code == 125 && !isBooting ? 0 : end.code }
        if endBegan == 0 && areKeepersAlive { endBegan = now }
        failsAt = 0
        handle(.commandEnded(end))
        looksAround()
    }

    private mutating func endKeeper(_ index: Int, _ end: ProcessEnd) -> Bool {
        guard keepers[index].isAlive else { return false }
        keepers[index].isAlive = false
        if end != .exited(0) {
            if !isBooting { fails(ifKeeper: index) }
            if index == 0 { diedEarly.0 = true } else { diedEarly.1 = true }
        }
        handle(.keeperEnded(index, end))
        looksAround()
        return true
    }

    private mutating func fails(ifKeeper index: Int) {
        if index == 0 ? endsContainer.0 : endsContainer.1 { fails() }
    }

    /// A failure ends the container unless it is ending, or the command has its time to end.
    private mutating func fails() {
        guard !isStopping, failedAt == 0 else { return }
        if isBooting {
            (failedAt, stoppedAt, code) = (now, now, 125)
            if areKeepersAlive { endBegan = now }
        } else if lastRequest != 0 && now < lastRequest + World.grace {
            failsAt = lastRequest + World.grace
        } else {
            failedAt = now
        }
    }

    private mutating func terminate() {
        if isStopping && firstRequest != 0 && shortenedAt == 0 { shortenedAt = now }
        if firstRequest == 0 { firstRequest = now }
        lastRequest = now
        if failsAt != 0 { failsAt = now + World.grace }
        if isBooting && !isStopping {
            (stoppedAt, code) = (now, 143)
            if areKeepersAlive { endBegan = now }
        }
        handle(.signal(.terminate))
        looksAround()
    }

    // MARK: Actions

    private mutating func handle(_ event: Supervisor.Event) {
        if exit != nil { return }
        let actions = supervisor.handle(event, at: now)
        if actions.count >= 16 { fault = "more actions than there is space for" }
        for index in 0..<actions.count { check(actions[index]) }
    }

    private mutating func require(_ condition: Bool, _ rule: StaticString) { if !condition { fault = rule } }

    private mutating func check(_ action: Supervisor.Action) {
        require(exit == nil, "something is done after the end")
        switch action {
        case .signalCommand(let signal, _): checkCommand(signal)
        case .resumeStopped, .hangUp: require(command.isAlive, "a command that has ended is signalled")
        case .stopItself:
            require(command.isAlive && !isBooting, "the init stops without a command")
            handle(.resumed)
        case .tellKeeper(let index, let milliseconds): checkTold(index, UInt64(milliseconds))
        case .killKeeper(let index):
            require(keepers[index].isAlive, "a keeper that has ended is killed")
            require(!command.isAlive || isBooting, "a keeper is killed while the command runs")
            requireTime(since: 7_500, shortened: 900, "a keeper is killed before its time")
            keepers[index].isKilled = true
        case .signalRest(let signal): checkRest(signal)
        case .exit(let code): checkExit(code)
        case .suspend, .giveTerminal, .returnTerminal, .hangUpRest, .resumeRest, .warnOfKeeper, .nothing: break
        }
    }

    /// Some milliseconds have passed since the services' end began, or since it was shortened.
    private mutating func requireTime(since began: UInt64, shortened: UInt64, _ rule: StaticString) {
        let isDue = endBegan != 0 && now >= endBegan + began * 1_000_000
        require(isDue || shortenedAt != 0 && now >= shortenedAt + shortened * 1_000_000, rule)
    }

    private mutating func checkCommand(_ signal: Signal) {
        require(command.isAlive, "a command that has ended is signalled")
        guard signal == .kill else {
            if signal == .terminate { command.isTold = true }
            return
        }
        if isBooting {
            require(stoppedAt != 0 && now >= stoppedAt + 50_000_000, "the boot is killed before its time")
            bootKilledAt = now
        } else {
            let limit = stopTimeout != 0 ? stopTimeout : World.grace
            let isTimeout = stopTimeout != 0 && firstRequest != 0 && now >= firstRequest + stopTimeout
            require(isTimeout || failedAt != 0 && now >= failedAt + limit, "the command is killed before its time")
        }
        command.isKilled = true
    }

    private mutating func checkTold(_ index: Int, _ milliseconds: UInt64) {
        require(keepers[index].isAlive, "a keeper that has ended is told")
        require(!keepers[index].isTold, "a keeper is told twice")
        // A killed boot that does not end is stuck on a dead file server.
        let isStuck = bootKilledAt != 0 && now >= bootKilledAt + 150_000_000
        require(!command.isAlive || isStuck, "a keeper is told before the command has ended")
        require(
            milliseconds > 0 && now + milliseconds * 1_000_000 <= endBegan + 7 * World.second + 1_000_000
                || milliseconds <= 1000, "a keeper is told of more time than there is")
        if index == 0 && keepers[1].isAlive {
            require(keepers[1].isTold, "root's keeper is told before the user's")
            requireTime(since: 3_500, shortened: 0, "root's keeper is told too early")
        }
        keepers[index].isTold = true
    }

    private mutating func checkRest(_ signal: Signal) {
        require(isAnyoneAlive, "nobody is there to be signalled")
        if signal == .kill {
            let isShort = shortenedAt != 0 && now >= shortenedAt + World.second
            let isTold = toldRestAt != 0 && lastRequest != 0 && now >= toldRestAt + World.second
            let time = endBegan != 0 ? endBegan + 8 * World.second : toldRestAt + World.grace
            require(isShort || isTold || now >= time, "the rest is killed before its time")
            if killedRestAt == 0 { killedRestAt = now }
            (command.isKilled, others.isKilled) = (true, true)
            for index in 0..<2 { keepers[index].isKilled = true }
            return
        }
        require(signal == .terminate && !others.isTold, "the rest is told twice")
        require(!areKeepersAlive, "the rest is told before the keepers have ended")
        require(isStopping, "the rest is told before the command has ended")
        others.isTold = true
        if command.isAlive { command.isTold = true }
        toldRestAt = now
    }

    private mutating func checkExit(_ code: Int32) {
        require(exit == nil, "it ends twice")
        let isGivenUp = killedRestAt != 0 && now >= killedRestAt + 2 * World.second
        require(!isAnyoneAlive || isGivenUp, "it ends before the others")
        require(code == self.code, "the exit code is wrong")
        exit = code
    }

    // MARK: To the end

    /// How processes take signals when nothing more happens from outside.
    enum Manners: CaseIterable {
        /// They end when they are asked to.
        case obedient
        /// Only KILL ends them, and the command some day.
        case stubborn
        /// Not even KILL ends them; but the command some day. The init always wakes late.
        case stuck
    }

    /// Feeds what follows by itself, until the end.
    mutating func playOut(_ manners: Manners, known: inout Set<Int>) {
        var latest = now
        for _ in 0..<100 {
            if exit != nil || fault != nil { return }
            // From a state that was met before the way is known.
            guard known.insert(key).inserted else { return }
            if step(manners) { continue }
            if manners == .stuck && supervisor.deadline != nil {
                now = max(now, supervisor.deadline ?? 0) + World.second
            }
            if happens(.deadlinePasses) {
                let began = max(max(endBegan, toldRestAt), max(failedAt, latest))
                require(now <= began + 15 * World.second, "it takes too long")
                continue
            }
            latest = now
            // Nobody asks for more: the command ends by itself, or the boot becomes the command.
            if !happens(.commandStarts) && !happens(.commandEnds) { fault = "it waits for ever" }
        }
        if exit == nil && fault == nil { fault = "it does not end" }
    }

    /// One end that follows from a signal.
    private mutating func step(_ manners: Manners) -> Bool {
        func ends(_ process: Process) -> Bool {
            switch manners {
            case .obedient: process.isAlive && (process.isTold || process.isKilled)
            case .stubborn: process.isAlive && process.isKilled
            case .stuck: false
            }
        }
        if ends(command) { return happens(.commandEnds) }
        if ends(keepers[1]) { return endKeeper(1, keepers[1].isKilled ? .signaled(.kill) : .exited(0)) }
        if ends(keepers[0]) { return endKeeper(0, keepers[0].isKilled ? .signaled(.kill) : .exited(0)) }
        return ends(others) && happens(.orphanEnds)
    }

    /// A number that is the same for the same state. Another one for the same state, because of bytes between its parts
    /// that mean nothing, costs time only.
    var key: Int {
        var hasher = Hasher()
        withUnsafeBytes(of: self) { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
