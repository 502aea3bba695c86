internal import Boot
internal import Init
internal import Linux
internal import Programs
internal import Text

/// The end of a boot: its state is kept, privileges are dropped, and the command takes over.
extension BootRun {
    /// Hands the container over to the user's command: nothing runs as root after that.
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
        // The clock stops when the command runs, whose file may also lie on a dead server, or when the boot fails.
        let watch = initHandle.map { ChangeWatch(of: $0, seconds: preparation.scratch.timeout) }
        defer { watch?.end() }
        watch?.begin(step: "report", path: Paths.state)
        keepState(preparation, exports, entries, failure: nil)
        watch?.end()
        tellReady(preparation, exports, command[0])
        CurrentProcess.setUmask(preparation.scratch.umask)
        do throws(BootError) {
            try becomeUser(preparation) { watch?.begin(step: Handoff.name, path: directory) }
        } catch {
            throw error.inStep(Handoff.name)
        }
        throw become(command, environment: entries) { file in
            watch?.begin(step: Handoff.name, path: directory.pushing(file))
        }
    }

    /// Prints the last line of a boot.
    private func tellReady(
        _ preparation: Preparation, _ exports: [(name: String, value: String)], _ command: CString
    ) {
        let user = preparation.people.user
        let time = Clock.microseconds(since: report.started).inMilliseconds
        let home = exports.last { $0.name == "HOME" }?.value ?? user.home.string
        report.finish()
        report.line(
            .info, "",
            "ready: \(report.changes.counted("change")), \(report.warnings.count.counted("warning")) in \(time); "
                + "\(command.bytes.shown()) as \(user.name) (\(user.credentials.text)) in "
                + "\(preparation.scratch.workingDirectory.shown()); home \(home.shown()); "
                + "sudo \(hasSudo(preparation) ? "yes" : "no")")
    }

    /// Whether the user can become root with sudo.
    private func hasSudo(_ preparation: Preparation) -> Bool {
        preparation.identity.hasSudo(preparation.host) && !report.hasFailed(Paths.sudoersFile)
    }

    /// Warns of what the command will miss.
    private func warnOfHandoff(_ preparation: Preparation) {
        let host = preparation.host
        if initHandle != nil && host.start.isPrivileged && !host.privileges.has(.kill) {
            report.warn(
                Handoff.name,
                "signals do not reach the command, and only the container runtime can end it: add KILL to "
                    + "securityContext.capabilities.add in the pod spec, or set "
                    + "\(InitSettings.modeVariable.name)=\(InitSettings.Mode.exec.rawValue)")
        }
        for warning in Capabilities.warnings(
            preparation.settings.keptCapabilities, of: host.privileges.capabilities, isRoot: host.caller.user == 0)
        {
            report.warn(Handoff.name, warning)
        }
    }

    /// Becomes the user for good, in the command's directory.
    ///
    /// - Parameter enters: is called before the directory is entered, because its server may not answer.
    private func becomeUser(_ preparation: Preparation, enters: () -> Void) throws(BootError) {
        let host = preparation.host
        let user = preparation.people.user.credentials
        let directory = preparation.scratch.workingDirectory
        try PrivilegeDrop.drop(
            to: user, from: host.privileges,
            canRegain: hasSudo(preparation),
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

    /// Makes sure that the command cannot type into the terminal of a root shell that started the boot. With sudo the
    /// user can become root anyway, and the shell behind an elevated start is the user's own.
    private func guardTerminal(_ host: Host) {
        guard host.start == .root, (try? Privileges.hasNoNewPrivileges()) == true,
            Terminal.isOthers(than: initHandle?.parent)
        else { return }
        do throws(SystemCallError) {
            try Terminal.forbidInput()
        } catch {
            report.warn(
                Handoff.name,
                Note(
                    "the command may be able to type into the terminal of the shell that started it: \(error.reason); "
                        + "start it with a terminal of its own (docker exec -it)", detail: error.symbol))
        }
    }

    /// Keeps what later sessions may know about the boot.
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
                try state.keep(
                    environment: entries, of: people.user.credentials.user, without: report.secrets,
                    exported: StepExported(names: report.stepExports, secretValues: report.secretValues))
                if start == .root, let objection = try StateDirectory.objection(to: Paths.state, in: tree) {
                    report.warn("report", "later sessions do not get the environment: \(objection)")
                }
            }
            if start == .elevated { try state.keep(reasons: people.names.reasons) }
            let file = try state.keep(
                report.record(start: start, people: people, exports: exports, failure: failure))
            // Before the drop: the init may not be able to open the file later, and nobody can replace an open file.
            // If this fails, the report lacks the end.
            try? initHandle?.keepForEnd(file)
        } catch {
            let objection = start == .elevated ? (try? StateDirectory.objection(to: Paths.state, in: tree)) ?? nil : nil
            report.warn(
                "report",
                Note(
                    "cannot keep the report and the environment for later sessions in "
                        + "\((error.path ?? "/run").shown()): \(objection ?? error.reason)",
                    detail: objection == nil ? error.symbol : ""))
        }
    }

    /// Becomes the command; returns the reason when that fails.
    ///
    /// - Parameter attempt: is called with each file before it is tried.
    func become(
        _ command: [CString], environment entries: [CString], attempt: (FilePath) -> Void = { _ in }
    ) -> BootError {
        var entries = entries
        if let initHandle {
            // Sockets that were passed to the process that was started are for the command (sd_listen_fds(3)).
            if EnvironmentBlock(entries).value("LISTEN_PID") == Array(String(CurrentProcess.parent).utf8) {
                let id = Array(String(CurrentProcess.id).utf8)
                entries = EnvironmentBlock(entries).setting([("LISTEN_PID", id)], removing: [])
            }
            initHandle.prepareCommand(deathSignal: deathSignal)
        } else if deathSignal > 0 {
            // This comes last because a change of credentials makes the kernel forget the signal (prctl(2)).
            CurrentProcess.setParentDeathSignal(Signal(rawValue: deathSignal))
        }
        CurrentProcess.restore(writeSignals)
        limits?.restore()
        StartingLimits.restoreMemory()
        // In the child of an init, `prepareCommand` has already restored the caller's mask.
        if initHandle == nil { Signals.setMask(callersMask) }
        var error = CommandExecution.execute(command, environment: entries, attempt: attempt)
        // Writing the error message must not end the boot.
        _ = CurrentProcess.ignoreWriteSignals()
        error.step = Handoff.name
        return error
    }
}
