internal import Linux

// MARK: - The terminal

extension InitLoop {
    mutating func hangUp() {
        // Only a command that ignores TERM needs more: HUP would take from others the time to save their work.
        guard command != 0 else { return }
        guard isSession || remaining.table.ignores(.terminate, process: command) else {
            tell(.terminateNotIgnored)
            return
        }
        isSession = true
        guard let job = Terminal.foreground, job > 0, job != command, remaining.contains(job) else {
            signalCommand(.hangup, wholeGroup: true)
            resumeStopped()
            tell(.hungUp)
            return
        }
        // The shell runs a job, which would get the HUP too. The job is asked to end; the shell's turn comes later.
        if job != toldJob {
            Signals.send(.terminate, to: .group(job))
            remaining.resumeStopped(ofGroup: job)
            toldJob = job
        }
        tell(.terminalInUse)
    }

    /// Stops this process as the terminal stopped the command, so that the shell behind it gets the terminal back.
    mutating func suspend(_ signal: Signal) {
        if CurrentProcess.id == 1 {
            tell(.notSuspended(signal))
            return
        }
        // The kernel itself does not stop a group that nobody could continue.
        Signals.send(signal, to: .ownGroup)
        Signals.setMask(SignalSet(bits: SignalSet.all.bits & ~SignalSet(signal).bits))
        Signals.setMask(.all)
        tellWhetherResumed(signal)
    }

    /// Stops this process after it has sent the command a signal that stops it: whoever has sent it to the init waits for
    /// the init to stop.
    mutating func stopItself(_ signal: Signal) {
        guard CurrentProcess.id != 1 else { return }
        // The kernel drops the signal itself where nobody of the same session looks after the init's group. The command's
        // group is looked after by the init.
        Signals.send(.stop, to: .process(CurrentProcess.id))
        tellWhetherResumed(signal)
    }

    /// Takes the signal that has continued this process.
    private mutating func tellWhetherResumed(_ signal: Signal) {
        if case .received = Signals.next(of: SignalSet(.resume), within: 0) {
            tell(.resumed)
        } else {
            tell(.notSuspended(signal))
        }
    }

    mutating func giveTerminal() {
        guard command != 0, let holder = Terminal.foreground else { return }
        let isFree = holder > 0 && Signals.probe(.group(holder)) == .nobody
        guard holder == terminal.ownGroup || holder == command || isFree else { return }
        if Terminal.setForeground(command) { tell(.terminalGiven) }
    }

    func returnTerminal() {
        // In its own pid namespace, nobody is left who could use the terminal.
        guard CurrentProcess.id != 1, terminal.isForeground, terminal.foreground > 0 else { return }
        Terminal.setForeground(terminal.foreground)
    }
}
