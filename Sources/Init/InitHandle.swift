package import Linux

/// The side of the process that boots and then becomes the command.
package struct InitHandle: Sendable {
    let watch: BootWatch
    /// A pipe that loses its last writer when the init has given up what it does not need.
    let gate: Int32
    /// A socket that carries open files to the init.
    let channel: Int32
    /// A pipe that wakes the init.
    let pipe: Int32
    /// The process id of the init.
    package let parent: Int32
    let callersMask: SignalSet
    let ignoredChildren: Bool
    let terminal: TerminalState

    /// Gives the init the options that the boot has read from its configuration.
    package func configure(_ options: InitOptions) { watch.configure(options) }

    /// Tells the init whether the boot uses the privileges of the program's file. Only then may an init that is not root
    /// use CAP_KILL.
    package func usePrivileges(_ uses: Bool = true) { watch.usePrivileges(uses) }

    /// Gives the init an open file, which it passes to its `onEnd`; of several files, the last one counts.
    ///
    /// - Throws: the error of sendmsg(2).
    package func keepForEnd(_ file: borrowing Descriptor) throws(SystemCallError) {
        try DescriptorChannel.send(file, for: .report, over: channel)
    }

    /// Tells the init of a keeper, a child of the init's own that supervises services and that it stops when the command
    /// has ended: the one that was added last first. At most two.
    ///
    /// To be called before the process that has forked the keeper ends, so that the init knows the keeper before it could
    /// hear of its end; in any process that shares the boot's memory.
    ///
    /// - Parameters:
    ///   - keeper: the keeper's process id.
    ///   - endsContainer: whether the container ends, with 125, if the keeper dies: it was killed, or has exited with
    ///     another code than 0.
    /// - Returns: whether the init looks after it; `false` for a third one.
    @discardableResult
    package func add(keeper: Int32, endsContainer: Bool) -> Bool {
        watch.add(keeper: keeper, endsContainer: endsContainer)
    }

    /// Gives the init the end of a pipe from which it reads requests of services to end the container: each is the name of
    /// the service, at most 64 bytes in one write. To be called once, as soon as the pipe exists.
    ///
    /// - Parameter reader: the end to read from, which the caller need not keep.
    /// - Throws: the error of sendmsg(2).
    package func giveStopRequests(_ reader: borrowing Descriptor) throws(SystemCallError) {
        try DescriptorChannel.send(reader, for: .stopRequests, over: channel)
        watch.announceStopRequests()
        OpenFiles.wake(pipe: pipe)
    }

    /// Starts the clock on a change that may block, such as one on a network file system.
    ///
    /// - Parameters:
    ///   - seconds: how long it may take; 0 for no limit.
    ///   - message: at most 960 bytes, from which `explainOverdue` of
    ///     ``InitSplit/start(_:callersMask:explainOverdue:onEnd:)`` makes what the init reports if it kills the boot
    ///     because of this change.
    package func watchChange(seconds: UInt32, message: String) {
        watch.begin(limit: UInt64(seconds) * 1_000_000_000, message: message.utf8, now: Clock.monotonic)
    }

    /// Stops the clock: the change is made.
    package func endChange() { watch.end() }

    /// Waits until the init has given up its privileges and its environment, so that nobody can read them.
    ///
    /// This takes almost no time, because the init does it while the child boots. It must be called before the boot
    /// starts a program as the user; ``prepareCommand(deathSignal:)`` calls it itself.
    package func waitForInit() { OpenFiles.waitForEnd(ofPipe: gate) }

    /// Makes the process what the command must be. To be called after the drop of privileges, just before execve(2).
    ///
    /// The command gets its own process group, which is in the terminal's foreground if the init was there, and the
    /// signal mask and ignored signals of whoever started the init. After this, nothing that the boot has started can
    /// be waited for. If a change is being watched, the watch continues until the command runs: execve(2) of a program
    /// on a dead file server blocks, too.
    ///
    /// - Parameter deathSignal: the signal that the command gets when the init ends; 0 for none.
    package func prepareCommand(deathSignal: Int32 = 0) {
        waitForInit()
        let signals = Signals.blockAll()
        // Because SIGTTOU is blocked, a background process can change the foreground.
        if terminal.isForeground { Terminal.setForeground(CurrentProcess.id) }
        if ignoredChildren { Signals.setIgnored(.child, true) }
        if deathSignal > 0 {
            CurrentProcess.setParentDeathSignal(Signal(rawValue: deathSignal))
            // The init may have ended before the kernel was asked.
            if CurrentProcess.parent != parent {
                Signals.send(Signal(rawValue: deathSignal), to: .process(CurrentProcess.id))
            }
        }
        watch.handOff()
        Signals.setMask(signals)
        Signals.setMask(callersMask)
    }
}

extension DescriptorChannel.Purpose {
    /// The file that the init passes to its `onEnd`.
    static var report: DescriptorChannel.Purpose { DescriptorChannel.Purpose(rawValue: 0) }
    /// The pipe with the requests of services to end the container.
    static var stopRequests: DescriptorChannel.Purpose { DescriptorChannel.Purpose(rawValue: 1) }
}
