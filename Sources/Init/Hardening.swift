internal import Linux
private import SystemPackage

extension Resident {
    /// Takes from the parent what it does not need for the rest of its life.
    ///
    /// - Parameters:
    ///   - pipe: the one descriptor to keep.
    ///   - table: reads `/proc`.
    ///   - parentBefore: the parent's id at the start.
    ///   - parentDeathSignal: the signal to ask for; 0 for none.
    static func harden(keeping pipe: Int32, table: ProcessTable, parentBefore: Int32, parentDeathSignal: Int32) {
        // No file system that the boot or the command wants to unmount is held by the init's directory.
        try? CurrentProcess.changeDirectory(to: "/")
        if !EnvironmentBlock.erase(table: table) { warn("cannot find its environment to erase it") }
        do throws(SystemCallError) {
            try CurrentProcess.keepOnly(.kill)
            try Privileges.setNoNewPrivileges()
        } catch {
            warn("cannot give up privileges that it does not need any more")
        }
        // A user who owns the init may not trace it. Root may: logs are often sent to /proc/1/fd/1, which needs that.
        if CurrentProcess.effectiveUser != 0 { CurrentProcess.forbidTracing() }
        CurrentProcess.giveBackProgram()
        if parentDeathSignal > 0 {
            let signal = Signal(rawValue: parentDeathSignal)
            CurrentProcess.setParentDeathSignal(signal)
            // It may have ended before the kernel was asked.
            if CurrentProcess.parent != parentBefore { Signals.send(signal, to: .process(CurrentProcess.id)) }
        }
        // The last thing, because it opens the gate that the child waits at.
        OpenFiles.closeAll(except: pipe)
    }

    private static func warn(_ text: StaticString) {
        var line = MessageLine()
        line.append("init: warning: ")
        line.append(text)
        line.write(waitingMilliseconds: 0)
    }
}
