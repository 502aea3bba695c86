internal import Boot
internal import Init
internal import Linux
internal import Programs
internal import SystemPackage
internal import Text

/// The end of a boot: what is kept of it, the drop of privileges, and the command.
extension BootRun {
    /// Gives the container to the user's command: nothing is root's after that.
    ///
    /// - Parameter exports: the variables that the boot sets.
    /// - Throws: why the command does not run.
    func handOver(
        _ preparation: Preparation, _ exports: [(name: String, value: String)]
    ) throws(BootError) -> Int32 {
        let (host, people, settings) = (preparation.host, preparation.people, preparation.settings)
        let entries = environment.setting(
            exports.map { ($0.name, Array($0.value.utf8)) }, removing: settings.secrets.stripped(in: environment))
        let user = people.user
        let command = request.command.isEmpty ? [CString(Array(user.shell.string.utf8))] : request.command
        warnOfHandoff(preparation)
        if host.start == .root {
            for problem in PrivilegeDrop.giveStreams(to: user.credentials.user) { report.warn(Handoff.name, problem) }
        }
        let directory = preparation.scratch.workingDirectory
        keepState(preparation, exports, entries, failure: nil)
        let time = Clock.microseconds(since: report.started).inMilliseconds
        report.line(
            .info, "",
            "ready: \(report.changes.counted("change")) in \(time); \(command[0].bytes.shown()) as \(user.name) "
                + "(\(user.credentials.text)) in \(directory.shown())")
        CurrentProcess.setUmask(preparation.scratch.umask)
        // Stops when the command runs, whose file may lie on a dead server as well, or with the failure of the boot.
        let watch = initSide.map { ChangeWatch(of: $0, seconds: preparation.scratch.timeout) }
        defer { watch?.end() }
        do throws(BootError) {
            try becomeUser(preparation) { watch?.begin(step: Handoff.name, path: directory) }
        } catch {
            throw error.inStep(Handoff.name)
        }
        throw become(command, environment: entries) { file in
            watch?.begin(step: Handoff.name, path: directory.pushing(file))
        }
    }

    /// Warns of what the command will miss.
    private func warnOfHandoff(_ preparation: Preparation) {
        let host = preparation.host
        if initSide != nil && host.start.isPrivileged && !host.privileges.has(.kill) {
            report.warn(
                Handoff.name,
                "signals do not reach the command, and only the container runtime can end it: add KILL to "
                    + "securityContext.capabilities.add in the pod spec, or set \(InitSettings.modeVariable.name)=\(InitSettings.Mode.exec)"
            )
        }
        for warning in Capabilities.warnings(
            preparation.settings.keptCapabilities, of: host.privileges.capabilities, isRoot: host.caller.user == 0)
        {
            report.warn(Handoff.name, warning)
        }
    }

    /// Becomes the user for ever, in the command's directory.
    ///
    /// - Parameter enters: is told before the directory is entered: its server may not answer.
    private func becomeUser(_ preparation: Preparation, enters: () -> Void) throws(BootError) {
        let host = preparation.host
        let user = preparation.people.user.credentials
        let directory = preparation.scratch.workingDirectory
        try PrivilegeDrop.drop(
            to: user, from: host.privileges,
            canRegain: preparation.identity.hasSudo(host) && !report.hasFailed(Paths.sudoersFile),
            keeping: preparation.settings.keptCapabilities)
        guardTerminal(host)
        enters()
        do throws(SystemCallError) {
            try CurrentProcess.changeDirectory(to: directory)
        } catch {
            throw BootError(
                "cannot enter \(directory.shown())", attempts: [Attempt(as: "user \(user.text)", error)],
                remedy: "\(PodVariables.workingDirectory.name) must be a directory that the user can enter")
        }
    }

    /// Sees to it that the command types nothing into the terminal of a shell of root's that has started the boot. With sudo
    /// the user is root anyway; what an elevated start was started by is the user's own.
    private func guardTerminal(_ host: Host) {
        guard host.start == .root, (try? Privileges.current())?.noNewPrivileges == true,
            Terminal.isOthers(than: initSide?.parent)
        else { return }
        do throws(SystemCallError) {
            try Terminal.forbidInput()
        } catch {
            report.warn(
                Handoff.name,
                "the command may be able to type into the terminal of the shell that started it: \(error.reason) "
                    + "(\(error.call) \(error.symbol)); start it with a terminal of its own (docker exec -it)")
        }
    }

    /// Keeps what later sessions may know of the boot.
    ///
    /// - Parameters:
    ///   - exports: the variables that the boot sets.
    ///   - entries: the environment of the command; `nil` when there is none.
    ///   - failure: why the boot ends, if it does.
    func keepState(
        _ preparation: Preparation, _ exports: [(name: String, value: String)], _ entries: [CString]?,
        failure: BootError?
    ) {
        let (start, people) = (preparation.host.start, preparation.people)
        do throws(SystemCallError) {
            let state = try StateDirectory(for: start, user: people.user.credentials, in: tree)
            if let entries {
                try state.keep(environment: entries, of: people.user.credentials.user, without: report.secrets)
                if start == .root, let doubt = try StateDirectory.doubt(of: Paths.state, in: tree) {
                    report.warn("report", "later sessions do not get the environment: \(doubt)")
                }
            }
            let file = try state.keep(
                report.record(start: start, people: people, exports: exports, failure: failure))
            // Before the drop: the init may not open it later, and nobody can exchange what it has.
            try initSide?.keepForEnd(file)
            if start == .elevated { try state.keep(reasons: people.names.reasons) }
        } catch {
            let doubt = start == .elevated ? (try? StateDirectory.doubt(of: Paths.state, in: tree)) ?? nil : nil
            report.warn(
                "report",
                "cannot keep the report and the environment for later sessions in "
                    + "\((error.path ?? "/run").shown()): \(doubt ?? "\(error.reason) (\(error.symbol))")")
        }
    }

    /// Becomes the command; returns the reason when that fails.
    ///
    /// - Parameter attempt: is told of each file before it is tried.
    func become(
        _ command: [CString], environment entries: [CString], attempt: (FilePath) -> Void = { _ in }
    ) -> BootError {
        var entries = entries
        if let initSide {
            // Sockets that were passed for the process which was started are for the command (sd_listen_fds(3)).
            if EnvironmentBlock(entries).value("LISTEN_PID") == Array(String(CurrentProcess.parent).utf8) {
                let id = Array(String(CurrentProcess.id).utf8)
                entries = EnvironmentBlock(entries).setting([("LISTEN_PID", id)], removing: [])
            }
            initSide.prepareCommand(deathSignal: deathSignal)
        } else if deathSignal > 0 {
            // Here, because a change of credentials makes the kernel forget it (prctl(2)).
            CurrentProcess.setParentDeathSignal(Signal(rawValue: deathSignal))
        }
        CurrentProcess.restore(writeSignals)
        limits?.restore()
        StartingLimits.restoreMemory()
        // The init's child has got its caller's mask above.
        if initSide == nil { Signals.setMask(callersMask) }
        var error = CommandExecution.execute(command, environment: entries, attempt: attempt)
        // What is told of it must not end the boot in its turn.
        _ = CurrentProcess.ignoreWriteSignals()
        error.step = Handoff.name
        return error
    }
}
