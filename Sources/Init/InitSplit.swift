package import Linux

/// The duties of process 1: it starts the command, forwards signals, waits for all processes that end, and ends last.
package enum InitSplit {
    /// Splits the process in two: the child boots and becomes the command, and the parent is the init.
    ///
    /// It returns only in the child; the parent never returns, and exits with the command's code. It must be called
    /// first, in a process with one thread, with the signal mask and the ignored signals as the program's caller left
    /// them. During the boot, the child blocks no signal.
    ///
    /// - Parameters:
    ///   - options: how to treat signals and leftovers; the boot may replace them with ``InitHandle/configure(_:)``.
    ///   - blocked: the signals that the program's caller has blocked, if all signals are already blocked: process 1
    ///     never receives a signal that arrives before that.
    ///   - explainOverdue: turns the message of ``InitHandle/watchChange(seconds:message:)`` into what the init reports
    ///     when it kills the boot; called in the parent before the command runs.
    ///   - onEnd: called when everything else has ended, if there is anything to report, with the file that the child
    ///     has given with ``InitHandle/keepForEnd(_:)``. It runs in its own process, which is killed after two seconds,
    ///     so it may allocate, fail and wait. It has the privileges of the init.
    /// - Returns: the child's side.
    /// - Throws: the error of fork(2), pipe2(2), fcntl(2) or mmap(2). The process must then end.
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
        // If SIGCHLD is ignored, the kernel discards how a child ended.
        let ignoredChildren = Signals.isIgnored(.child)
        Signals.setIgnored(.child, false)
        let terminal = TerminalState.current
        do throws(SystemCallError) {
            // This is done before the fork, because the child may become the command before this process continues.
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
                    watch: watch, gate: gate.reading, channel: channel.sending, pipe: pipe.writing, parent: id,
                    callersMask: mask,
                    ignoredChildren: ignoredChildren,
                    terminal: terminal)
            case .parent(let child):
                Children.makeGroup(of: child)
                // It is closed here, because closing all may be impossible: only a pipe with no other writer reports
                // the child's end.
                OpenFiles.close(pipe.writing)
                OpenFiles.close(gate.reading)
                InitLoop.harden(
                    keeping: (pipe.reading, channel.receiving), gate: gate.writing, table: table, parentBefore: parent,
                    options)
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
