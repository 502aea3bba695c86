internal import Linux

/// The init's main loop: it waits for signals, tells the ``Supervisor`` what has happened, and does what it says.
///
/// From the moment the command runs, the loop allocates no memory, and no error ends it.
struct InitLoop {
    var supervisor: Supervisor
    /// The child: first the boot, then the command; 0 once its end is known.
    private var command: Int32
    private var options: InitOptions
    /// The parent's id at the start.
    private let parent: Int32
    private let watch: BootWatch
    /// A pipe that loses its last writer when the child becomes the command; -1 from then on.
    private var pipe: Int32
    /// The socket for the file that the child gives for the end; -1 once the command has started.
    private var channel: Int32
    /// Whether that file has become the standard input. The init reads nothing, and keeps no other descriptor.
    private var hasFileForEnd = false
    private let remaining: RemainingProcesses
    private let terminal: TerminalState
    private let explainOverdue: (String) -> String
    private let onEnd: (EndReport, consuming Descriptor?) -> Void
    /// What was reported when the boot took too long.
    private var overdue: [UInt8] = []
    /// When the first request to stop came, and from whom.
    private var request: EndReport.StopRequest?
    private var killed = KilledProcesses()
    /// Whether the command was seen ignoring TERM, as interactive shells do.
    private var isSession = false
    /// The job of such a shell that was told to end; 0 if there is none.
    private var toldJob: Int32 = 0
    /// Whether it is decided if CAP_KILL may be used, if the capability comes from the file and not from root.
    private var hasSettledPrivileges = false
    /// Whether there may be more news of children than could be read at once.
    private var hasMoreNews = false

    private static var second: UInt64 { 1_000_000_000 }

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
        hasFileForEnd = DescriptorChannel.receiveAsInput(over: channel)
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

    private mutating func tell(_ event: Supervisor.Event) {
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
                if process == command {
                    command = 0
                    tell(.commandEnded(end))
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
        case .hangUpRest: remaining.hangUp()
        case .suspend(let signal): suspend(signal)
        case .giveTerminal: giveTerminal()
        case .returnTerminal: returnTerminal()
        case .exit(let code): end(code)
        }
    }

    private func signalCommand(_ signal: Signal, wholeGroup: Bool) {
        // Once the end is known, the number may belong to another process.
        guard command != 0 else { return }
        if wholeGroup, Signals.send(signal, to: .group(command)) == .sent, Children.group(of: command) == command {
            return
        }
        Signals.send(signal, to: .process(command))
    }

    /// Looks for stopped members of the group, even those that are not the init's children, whose stops nobody reports.
    private func resumeStopped() {
        guard command != 0 else { return }
        var isAnyStopped = false
        remaining.table.forEach { process in
            guard !isAnyStopped, Children.group(of: process) == command else { return }
            isAnyStopped = remaining.table.entry(of: process)?.state == UInt8(ascii: "T")
        }
        if isAnyStopped { signalCommand(.resume, wholeGroup: true) }
    }
}

// MARK: - The terminal

extension InitLoop {
    private mutating func hangUp() {
        // Only a command that ignores TERM needs more: HUP would take from others the time to save their work.
        guard command != 0 else { return }
        guard isSession || remaining.table.ignores(.terminate, process: command) else {
            tell(.terminateNotIgnored)
            return
        }
        isSession = true
        guard let job = Terminal.foreground, job > 0, job != command, remaining.contains(job) else {
            signalCommand(.hangup, wholeGroup: true)
            signalCommand(.resume, wholeGroup: true)
            tell(.hungUp)
            return
        }
        // The shell runs a job, which would get the HUP too. The job is asked to end; the shell's turn comes later.
        if job != toldJob {
            Signals.send(.terminate, to: .group(job))
            Signals.send(.resume, to: .group(job))
            toldJob = job
        }
        tell(.terminalInUse)
    }

    /// Stops this process as the terminal stopped the command, so that the shell behind it gets the terminal back.
    private mutating func suspend(_ signal: Signal) {
        if CurrentProcess.id == 1 {
            tell(.notSuspended(signal))
            return
        }
        // The kernel itself does not stop a group that nobody could continue.
        Signals.send(signal, to: .ownGroup)
        Signals.setMask(SignalSet(bits: SignalSet.all.bits & ~SignalSet(signal).bits))
        Signals.setMask(.all)
        if case .received = Signals.next(of: SignalSet(.resume), within: 0) {
            tell(.resumed)
        } else {
            tell(.notSuspended(signal))
        }
    }

    private mutating func giveTerminal() {
        guard command != 0, let holder = Terminal.foreground else { return }
        let isFree = holder > 0 && Signals.probe(.group(holder)) == .nobody
        guard holder == terminal.ownGroup || holder == command || isFree else { return }
        if Terminal.setForeground(command) { tell(.terminalGiven) }
    }

    private func returnTerminal() {
        // In its own pid namespace, nobody is left who could use the terminal.
        guard CurrentProcess.id != 1, terminal.isForeground, terminal.foreground > 0 else { return }
        Terminal.setForeground(terminal.foreground)
    }
}

// MARK: - The end

extension InitLoop {
    private func end(_ code: Int32) -> Never {
        var report = EndReport(
            outcome: supervisor.outcome, exitCode: code, request: request, timeToEnd: timeToEnd,
            commandWasKilled: supervisor.commandWasKilled, othersEnded: supervisor.othersEnded, killed: killed,
            killedAfter: supervisor.killedAfter)
        guard report.isNotable else { CurrentProcess.exit(code) }
        if supervisor.outcome != .bootOverdue {
            var line = report.line(isJSON: options.writesJSON)
            line.write(waitingMilliseconds: 200)
        }
        // The report has its own process: it may allocate, run out of memory or block without changing the exit code.
        switch try? Children.fork() {
        case .child:
            report.overdue = overdue
            let hasFile = hasFileForEnd || channel >= 0 && DescriptorChannel.receiveAsInput(over: channel)
            onEnd(report, hasFile ? DescriptorChannel.takeInput() : nil)
            CurrentProcess.exit(0)
        case .parent(let writer): wait(for: writer)
        case nil: break
        }
        CurrentProcess.exit(code)
    }

    private var timeToEnd: UInt64 {
        let (asked, ended) = (supervisor.stopRequestedAt, supervisor.commandEndedAt)
        return asked != 0 && ended > asked ? ended - asked : 0
    }

    private func wait(for writer: Int32) {
        let deadline = Clock.monotonic + 2 * InitLoop.second
        var isKilled = false
        while true {
            switch Children.next() {
            case .childless: return
            case .ended(let process, _): if process == writer { return }
            case .stopped, .continued, .nothing: break
            }
            let now = Clock.monotonic
            if now >= deadline {
                if isKilled { return }
                Signals.send(.kill, to: .process(writer))
                isKilled = true
            }
            _ = Signals.next(of: SignalSet(.child), within: now < deadline ? deadline - now : 100_000_000)
        }
    }
}
