internal import Linux

extension InitLoop {
    /// Takes everything from the parent that it does not need for the rest of its life.
    ///
    /// - Parameters:
    ///   - kept: the two descriptors to keep.
    ///   - gate: the descriptor that the child waits for until it is closed.
    ///   - table: reads `/proc`.
    ///   - parentBefore: the parent's id at the start.
    ///   - options: the signal to ask for, and how the log is written.
    static func harden(
        keeping kept: (Int32, Int32), gate: Int32, table: ProcessTable, parentBefore: Int32, _ options: InitOptions
    ) {
        // The init's directory must not keep a file system busy that the boot or the command wants to unmount.
        try? CurrentProcess.changeDirectory(to: "/")
        if !EnvironmentMemory.erase(table: table) {
            warn(.environment, "cannot find its own environment to erase it", options)
        }
        do throws(SystemCallError) {
            try CurrentProcess.keepOnly(.kill)
            // The child finds out whether the privileges of the program's file may be used at all.
            if CurrentProcess.effectiveUser != 0 { CurrentProcess.keep(.kill, inUse: false) }
            try Privileges.setNoNewPrivileges()
        } catch {
            warn(.privileges, "cannot give up privileges that it no longer needs", options)
        }
        // A user who owns the init must not trace it. Root may: logs are often sent to /proc/1/fd/1, which needs that.
        if CurrentProcess.effectiveUser != 0 { CurrentProcess.forbidTracing() }
        CurrentProcess.giveBackProgram()
        // Otherwise the signal that the caller has asked for stays in force.
        let deathSignal = options.parentDeathSignal
        if deathSignal > 0 { ask(forDeathSignal: deathSignal, ofParent: parentBefore) }
        OpenFiles.closeAll(except: kept.0, kept.1)
        // It is closed already unless the system has no way to close all; the child would then wait for ever.
        OpenFiles.close(gate)
    }

    /// Asks the kernel for a signal when the parent ends.
    ///
    /// - Parameters:
    ///   - number: the signal; 0 for none.
    ///   - parent: the parent's id at the start.
    static func ask(forDeathSignal number: Int32, ofParent parent: Int32) {
        let signal = Signal(rawValue: number)
        CurrentProcess.setParentDeathSignal(signal)
        // The parent may have ended before the kernel was asked.
        if number > 0 && CurrentProcess.parent != parent { Signals.send(signal, to: .process(CurrentProcess.id)) }
    }

    private static func warn(_ message: InitMessage, _ text: StaticString, _ options: InitOptions) {
        var line = MessageLine(.warning, id: message.name, isJSON: options.writesJSON)
        line.append("init")
        line.endStep()
        line.append(text)
        line.write(waitingMilliseconds: 0)
    }
}
