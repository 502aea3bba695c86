internal import Linux

/// The init's main loop: it waits for signals, tells the ``Supervisor`` what has happened, and does what it says.
///
/// From the moment the command runs, the loop allocates no memory, and no error ends it.
struct InitLoop {
    var supervisor: Supervisor
    /// The child: first the boot, then the command; 0 once its end is known.
    var command: Int32
    var options: InitOptions
    /// The parent's id at the start.
    private let parent: Int32
    let watch: BootWatch
    /// A pipe that loses its last writer when the child becomes the command; -1 from then on.
    var pipe: Int32
    /// The socket for what the child gives to the init; -1 once the command has started.
    var channel: Int32
    /// Whether the file for the end has become the standard input, from which the init reads nothing.
    var hasFileForEnd = false
    /// The process ids of the keepers, in the order in which they were started; 0 for one whose end is known.
    var keepers = InlineArray<2, Int32>(repeating: 0)
    var keeperCount = 0
    /// Whether the boot may still start keepers.
    var expectsKeepers = true
    /// The pipe with the requests of services to end the container; -1 without one.
    var stopRequests: Int32 = -1
    /// The first service that has made such a request.
    var failedService = ServiceName()
    let remaining: RemainingProcesses
    let terminal: TerminalState
    private let explainOverdue: (String) -> String
    let onEnd: (EndReport, consuming Descriptor?) -> Void
    /// What was reported when the boot took too long.
    var overdue: [UInt8] = []
    /// When the first request to stop came, and from whom.
    var request: EndReport.StopRequest?
    var killed = KilledProcesses()
    /// Whether the command was seen ignoring TERM, as interactive shells do.
    var isSession = false
    /// The job of such a shell that was told to end; 0 if there is none.
    var toldJob: Int32 = 0
    /// Whether it is decided if CAP_KILL may be used, if the capability comes from the file and not from root.
    private var hasSettledPrivileges = false
    /// Whether there may be more news of children than could be read at once.
    private var hasMoreNews = false

    static var second: UInt64 { 1_000_000_000 }

    init(
        command: Int32, options: InitOptions, parent: Int32, watch: BootWatch, pipe: Int32, channel: Int32,
        table: ProcessTable,
        terminal: TerminalState, explainOverdue: @escaping (String) -> String,
        onEnd: @escaping (EndReport, consuming Descriptor?) -> Void
    ) {
        supervisor = Supervisor(options: options, hasTerminal: terminal.exists)
        self.command = command
        self.options = options
        self.parent = parent
        self.watch = watch
        self.pipe = pipe
        self.channel = channel
        remaining = RemainingProcesses(table: table)
        self.terminal = terminal
        self.explainOverdue = explainOverdue
        self.onEnd = onEnd
    }

    /// Runs until everything has ended.
    mutating func run() -> Never {
        while true {
            let arrival = Signals.next(of: .all, within: timeToWait)
            lookAtBoot()
            switch arrival {
            case .received(let received): take(received)
            case .timedOut: break
            case .failed(let error):
                // EINTR means that the process was stopped or is traced. Other errors may persist and must not use up
                // the processor.
                if error != .interrupted { Clock.sleep(nanoseconds: 20_000_000) }
            }
            takeStopRequests()
            tell(.time)
            takeNewsOfChildren()
        }
    }

    /// The maximum time to sleep; `nil` to sleep until something happens.
    private var timeToWait: UInt64? {
        if hasMoreNews { return 0 }
        var wakeAt = supervisor.deadline ?? .max
        if supervisor.phase == .booting {
            wakeAt = min(wakeAt, watch.changeEndsAt ?? .max, Clock.monotonic + InitLoop.second)
        }
        if wakeAt == .max { return nil }
        let now = Clock.monotonic
        return wakeAt > now ? wakeAt - now : 0
    }

    // MARK: The boot

    private mutating func lookAtBoot() {
        lookForKeepers()
        guard supervisor.phase == .booting else {
            closePipe()
            return
        }
        if let configured = watch.options {
            if configured.parentDeathSignal != options.parentDeathSignal {
                InitLoop.ask(forDeathSignal: configured.parentDeathSignal, ofParent: parent)
            }
            options = configured
            supervisor.adopt(configured)
        }
        if pipe >= 0 && OpenFiles.state(ofPipe: pipe) == .noWriterLeft { closePipe() }
        if !hasSettledPrivileges && CurrentProcess.effectiveUser != 0 {
            // The boot may have to give up its privileges again, but not once it has become the command.
            if watch.isPrivileged { CurrentProcess.keep(.kill, inUse: true) }
            if pipe < 0 {
                if !watch.isPrivileged { CurrentProcess.keep(nil, inUse: false) }
                hasSettledPrivileges = true
            }
        }
        // If there is no writer and no handoff, the child has ended, and news of that will follow.
        if pipe < 0 && watch.isHandingOff {
            // What the child has done before it became the command is seen now.
            lookForKeepers()
            expectsKeepers = false
            tell(.commandStarted)
        } else if let end = watch.changeEndsAt, end <= Clock.monotonic {
            sayOverdue()
            tell(.bootOverdue)
        }
    }

    private mutating func closePipe() {
        if pipe >= 0 { OpenFiles.close(pipe) }
        pipe = -1
        guard channel >= 0 else { return }
        takeGivenFiles()
        OpenFiles.close(channel)
        channel = -1
    }

    /// Reports this before anything is killed: a process that is stuck in the kernel may delay everything after that.
    private mutating func sayOverdue() {
        overdue = Array(explainOverdue(String(decoding: watch.message, as: UTF8.self)).utf8)
        // The text begins with the step, which ends like this.
        let end: [UInt8] = [UInt8(ascii: ":"), UInt8(ascii: " ")]
        let step = overdue.prefix { $0 != end[0] }
        var line = MessageLine(.error, id: InitMessage.bootOverdue.name, isJSON: options.writesJSON)
        for byte in step { line.append(foreign: byte) }
        line.endStep()
        for byte in overdue.dropFirst(step.count + end.count) { line.append(foreign: byte) }
        line.write(waitingMilliseconds: 100)
    }

    // MARK: Signals

    private mutating func take(_ received: ReceivedSignal) {
        guard isForTheCommand(received) else { return }
        let hadRequest = supervisor.stopRequestedAt != 0
        tell(.signal(received.signal))
        if !hadRequest && supervisor.stopRequestedAt != 0 {
            request = EndReport.StopRequest(
                signal: received.signal, receivedAt: Clock.realTime, sender: received.sender, user: received.user)
        }
    }

    private func isForTheCommand(_ received: ReceivedSignal) -> Bool {
        switch received.signal {
        case .child: false
        // The init may have written to a standard error that nobody reads.
        case .brokenPipe: received.sender != CurrentProcess.id
        // The kernel reports the pipe with this signal.
        case .inputOutput: received.code <= 0
        // A signal that somebody sent is like any other. The kernel never reports a fault to a process that blocks it.
        default: !received.signal.isFault || received.code <= 0
        }
    }

    mutating func tell(_ event: Supervisor.Event) {
        let actions = supervisor.handle(event, at: Clock.monotonic)
        for index in 0..<actions.count { perform(actions[index]) }
    }

    // MARK: Children

    private mutating func takeNewsOfChildren() {
        hasMoreNews = false
        // A flood of processes must not delay signals.
        for _ in 0..<500 {
            let named = options.warnReaped ? nameOfEnded() : nil
            switch Children.next() {
            case .ended(let process, let end):
                // The boot may have started and told of it since the last look.
                lookForKeepers()
                if process == command {
                    command = 0
                    tell(.commandEnded(end))
                } else if let index = indexOfKeeper(process) {
                    keepers[index] = 0
                    tell(.keeperEnded(index, end))
                } else {
                    tell(.orphanEnded)
                    if options.warnReaped { warn(process, end, named) }
                }
            case .stopped(let process, let signal): if process == command { tell(.commandStopped(by: signal)) }
            case .continued(let process): if process == command { tell(.commandContinued) }
            case .nothing:
                tell(.childrenLeft)
                return
            case .childless:
                tell(.childless(others: remaining.hasOthers))
                return
            }
        }
        hasMoreNews = true
    }

    /// The name disappears with the process, so it is read before the process is waited for.
    private func nameOfEnded() -> (process: Int32, name: ProcessName)? {
        guard let process = Children.firstEnded, let entry = remaining.table.entry(of: process) else { return nil }
        return (process, entry.name)
    }

    private func warn(_ process: Int32, _ end: ProcessEnd, _ named: (process: Int32, name: ProcessName)?) {
        var line = MessageLine(isJSON: options.writesJSON)
        line.append("init")
        line.endStep()
        line.append("reaped orphan ")
        if let named, named.process == process {
            line.append(named.name)
            line.append(" (")
            line.append(process)
            line.append(")")
        } else {
            line.append(process)
        }
        line.append(": ")
        line.append(end)
        line.write(waitingMilliseconds: 0)
    }

    // MARK: Actions

    private mutating func perform(_ action: Supervisor.Action) {
        switch action {
        case .nothing: break
        case .signalCommand(let signal, let wholeGroup): signalCommand(signal, wholeGroup: wholeGroup)
        case .resumeStopped: resumeStopped()
        case .hangUp: hangUp()
        case .signalRest(let signal):
            // Processes that were created between two rounds of killing are not named again and again.
            if signal == .kill && killed.count == 0 { remaining.forEach { process, name in killed.add(process, name) } }
            remaining.send(signal)
        case .resumeRest: remaining.resumeStopped()
        case .hangUpRest: remaining.hangUp()
        case .tellKeeper(let index, let time): tellKeeper(index, milliseconds: time)
        case .killKeeper(let index): if keepers[index] != 0 { Signals.send(.kill, to: .process(keepers[index])) }
        case .warnOfKeeper(let end): warnOfKeeper(end)
        case .suspend(let signal): suspend(signal)
        case .stopItself(let signal): stopItself(signal)
        case .giveTerminal: giveTerminal()
        case .returnTerminal: returnTerminal()
        case .exit(let code): end(code)
        }
    }

    func signalCommand(_ signal: Signal, wholeGroup: Bool) {
        // Once the end is known, the number may belong to another process.
        guard command != 0 else { return }
        if wholeGroup, Signals.send(signal, to: .group(command)) == .sent, Children.group(of: command) == command {
            return
        }
        Signals.send(signal, to: .process(command))
    }

    /// Continues the stopped members of the command's group, even those that are not the init's children, whose stops
    /// nobody reports.
    func resumeStopped() {
        if command != 0 { remaining.resumeStopped(ofGroup: command) }
    }
}
