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
        EnvironmentBlock.erase(table: table)
        do throws(SystemCallError) {
            try CurrentProcess.keepOnly(.kill)
            try Privileges.setNoNewPrivileges()
        } catch {
            var line = MessageLine()
            line.append("init: warning: cannot give up privileges that are not needed any more")
            line.write(waitingMilliseconds: 0)
        }
        // Root in the container may read and write /proc/1/fd/1, which logs are often sent to; a user who owns the init may not trace it.
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
}
