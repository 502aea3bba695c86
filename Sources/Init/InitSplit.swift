package import Linux

/// The duties of process 1: it starts the command, hands it signals, takes note of every process that ends, and ends last.
package enum InitSplit {
    /// Splits the process in two: the child boots and becomes the command, the parent is the init.
    ///
    /// Returns in the child only; the parent never returns and exits with the command's code. To be called first thing, in a
    /// process with one thread, with signal mask and ignored signals as the caller of the program left them. During the
    /// boot the child blocks no signal.
    ///
    /// - Parameters:
    ///   - options: how to treat signals and what is left; the boot may replace them by ``InitHandle/configure(_:)``.
    ///   - blocked: what the caller of the program has blocked, if all signals are blocked already: process 1 never gets
    ///     one that comes before.
    ///   - explainOverdue: turns the message of ``InitHandle/watchChange(seconds:message:)`` into what the init says when it
    ///     kills the boot; called in the parent before the command runs.
    ///   - onEnd: called when everything else has ended, if there is something to tell, with the file that the child has
    ///     given by ``InitHandle/keepForEnd(_:)``. It runs in a process of its own
    ///     that is killed after two seconds, so that it may allocate, fail and wait; privileges: those of the loop.
    /// - Returns: the child's side.
    /// - Throws: the error of fork(2), pipe2(2), fcntl(2) or mmap(2). The process is to end then.
    package static func start(
        _ options: InitOptions, callersMask blocked: SignalSet? = nil,
        explainOverdue: @escaping (String) -> String = { $0 },
        onEnd: @escaping (EndReport, consuming Descriptor?) -> Void
    ) throws(SystemCallError) -> InitHandle {
        let watch = try BootWatch()
        let pipe = try OpenFiles.makePipe()
        let gate = try OpenFiles.makePipe()
        let channel = try DescriptorChannel.make()
        let table = ProcessTable()
        let id = CurrentProcess.id
        let parent = CurrentProcess.parent
        let mask = blocked ?? Signals.blockAll()
        // With SIGCHLD ignored the kernel throws away how a child ended.
        let ignoredChildren = Signals.isIgnored(.child)
        Signals.setIgnored(.child, false)
        let terminal = TerminalState.current
        do throws(SystemCallError) {
            // Before the fork, because the child may be the command before this process goes on.
            try Signals.announceReadable(pipe.reading)
            if id != 1 { try Children.adoptOrphans() }
            switch try Children.fork() {
            case .child:
                Children.makeGroup(of: 0)
                OpenFiles.close(pipe.reading)
                OpenFiles.close(gate.writing)
                OpenFiles.close(channel.receiving)
                Signals.setMask(.none)
                return InitHandle(
                    watch: watch, gate: gate.reading, channel: channel.sending, parent: id, callersMask: mask,
                    ignoredChildren: ignoredChildren,
                    terminal: terminal)
            case .parent(let child):
                Children.makeGroup(of: child)
                // By name, as nothing else may be able to: the child's end of a pipe is told by its last writer.
                OpenFiles.close(pipe.writing)
                OpenFiles.close(gate.reading)
                InitLoop.harden(
                    keeping: (pipe.reading, channel.receiving), gate: gate.writing, table: table, parentBefore: parent,
                    parentDeathSignal: options.parentDeathSignal)
                var loop = InitLoop(
                    command: child, options: options, parent: parent, watch: watch, pipe: pipe.reading,
                    channel: channel.receiving, table: table,
                    terminal: terminal, explainOverdue: explainOverdue, onEnd: onEnd)
                loop.run()
            }
        } catch {
            for descriptor in [
                pipe.reading, pipe.writing, gate.reading, gate.writing, channel.receiving, channel.sending,
            ] { OpenFiles.close(descriptor) }
            Signals.setIgnored(.child, ignoredChildren)
            Signals.setMask(mask)
            throw error
        }
    }
}
