package import Linux

/// The side of the process that boots and becomes the command.
package struct InitHandle: Sendable {
    let watch: BootWatch
    /// Loses its last writer when the init has given up what it does not need.
    let gate: Int32
    /// Takes an open file for the init.
    let channel: Int32
    /// The init's process.
    package let parent: Int32
    let callersMask: SignalSet
    let ignoredChildren: Bool
    let terminal: TerminalState

    /// Hands the init the options that the boot has read from its configuration.
    package func configure(_ options: InitOptions) { watch.configure(options) }

    /// Says that the boot uses the privileges of the program's file, so that the init may use CAP_KILL: somebody else than
    /// root has it only then.
    package func usePrivileges() { watch.usePrivileges() }

    /// Gives the init an open file, which its `onEnd` gets; of several the last.
    ///
    /// - Throws: the error of sendmsg(2).
    package func keepForEnd(_ file: borrowing Descriptor) throws(SystemCallError) {
        try DescriptorChannel.send(file, over: channel)
    }

    /// Starts the clock on a change that may hang, such as one on a network file system.
    ///
    /// - Parameters:
    ///   - seconds: how long it may take; 0 for any time.
    ///   - message: at most 960 bytes, of which `explainOverdue` of ``InitSplit/start(_:callersMask:explainOverdue:onEnd:)``
    ///     makes what the init says when it kills the boot because of it.
    package func watchChange(seconds: UInt32, message: String) {
        watch.begin(limit: UInt64(seconds) * 1_000_000_000, message: message.utf8, now: Clock.monotonic)
    }

    /// Stops the clock: the change is made.
    package func endChange() { watch.end() }

    /// Waits until the init has given up its privileges and its environment, so that nothing of them can be seen.
    ///
    /// Takes next to no time, as the init does it while the child boots. To be called before the boot starts a program as
    /// the user; ``prepareCommand(deathSignal:)`` does so itself.
    package func waitForInit() { OpenFiles.waitForEnd(ofPipe: gate) }

    /// Makes the process what the command has to be. To be called after the drop of privileges, directly before execve(2).
    ///
    /// The command is in a process group of its own, in the terminal's foreground if the init was, with the signal mask and
    /// the ignored signals of whoever started the init. Nothing that the boot starts can be waited for any more. A change
    /// that is being watched stays so until the command runs: execve(2) of a program on a dead file server hangs, too.
    ///
    /// - Parameter deathSignal: what the command gets when the init ends; 0 for nothing.
    package func prepareCommand(deathSignal: Int32 = 0) {
        waitForInit()
        let signals = Signals.blockAll()
        // Blocked SIGTTOU lets a background process change the foreground.
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
