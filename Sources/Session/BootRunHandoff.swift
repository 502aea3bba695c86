internal import Boot
internal import Init
internal import Linux
internal import Programs
internal import Text

/// The end of a boot: its state is kept, privileges are dropped, and the command takes over.
extension BootRun {
    /// Hands the container over to the user's command: nothing runs as root after that.
    ///
    /// - Parameters:
    ///   - exports: the variables that the boot sets.
    ///   - keepers: what will supervise services; `nil` where there are none.
    /// - Throws: why the command does not run.
    func handOver(
        _ preparation: Preparation, _ exports: [(name: String, value: String)], _ keepers: KeeperStart?
    ) throws(BootError) -> Int32 {
        let (host, people, settings) = (preparation.host, preparation.people, preparation.settings)
        let entries = settings.environment.setting(
            exports.map { ($0.name, Array($0.value.utf8)) },
            removing: settings.secrets.stripped(in: settings.environment))
        let user = people.user
        let command = request.command.isEmpty ? [CString(Array(user.shell.string.utf8))] : request.command
        warnOfHandoff(preparation)
        if host.start == .root {
            for problem in PrivilegeDrop.giveStreams(to: user.credentials.user) { report.warn(Handoff.name, problem) }
        }
        // The clock stops when the command runs, whose file may also lie on a dead server, or when the boot fails.
        let watch = initHandle.map { ChangeWatch(of: $0, seconds: preparation.workplace.timeout) }
        defer { watch?.end() }
        let place = startPlace(preparation, exports, watch: watch)
        let directory = place.shown
        watch?.begin(step: "report", path: Paths.state)
        keepState(preparation, exports, entries, directory: directory, keepers: keepers, failure: nil)
        watch?.end()
        // What services say comes after what the steps have done.
        if keepers != nil { report.finish() }
        try startServices(of: .root, keepers, entries, in: place.path)
        // The user's services start later, and the last line comes after them.
        let hasUserServices = keepers?.identities.contains(.user) == true
        if !hasUserServices { tellReady(preparation, exports, command[0], in: directory) }
        CurrentProcess.setUmask(preparation.workplace.umask)
        do throws(BootError) {
            try becomeUser(preparation, in: place.path) { watch?.begin(step: Handoff.name, path: directory) }
        } catch {
            throw error.inStep(Handoff.name)
        }
        if hasUserServices {
            watch?.end()
            try startServices(of: .user, keepers, entries, in: ".")
            tellReady(preparation, exports, command[0], in: directory)
        }
        throw become(settings.chained(command), environment: entries) { file in
            watch?.begin(step: Handoff.name, path: directory.pushing(file))
        }
    }

    /// Where the command starts, and how the process gets there.
    private struct StartPlace {
        /// As people are told.
        let shown: FilePath
        let path: FilePath
    }

    /// Where the command starts. Without scratch that is where the image starts, often a directory of root's: the home
    /// takes its place then.
    private func startPlace(
        _ preparation: Preparation, _ exports: [(name: String, value: String)], watch: ChangeWatch?
    ) -> StartPlace {
        // The step scratch has looked at it.
        if let given = preparation.workplace.directory, preparation.scratch != nil {
            return StartPlace(shown: given, path: given)
        }
        let home = FilePath(exports.last { $0.name == "HOME" }?.value ?? preparation.people.user.home.string)
        let start = FilePath(CurrentProcess.directory)
        // What comes next is root's work.
        defer {
            watch?.end()
            _ = try? preparation.actors.become(.root)
        }
        func refusal(_ place: FilePath, _ access: FileTree.Access) -> SystemCallError? {
            watch?.begin(step: Handoff.name, path: place == "." ? start : place)
            do throws(SystemCallError) {
                try preparation.actors.acting(as: .user) { () throws(SystemCallError) in
                    try tree.checkAccess(place, access)
                }
                return nil
            } catch {
                return error
            }
        }
        if preparation.scratch == nil, let error = refusal(home, [.write, .execute]) {
            report.warn(
                Identity.name,
                Note(
                    .identityNoHome,
                    "there is no home: \(home.shown()) cannot be used (\(error.reason)), and no key and no configuration is "
                        + "written there; set HOME to a directory that the user can write, or start as root",
                    detail: error.symbol))
        }
        if let given = preparation.workplace.directory { return StartPlace(shown: given, path: given) }
        guard let error = refusal(".", .execute) else { return StartPlace(shown: start, path: ".") }
        let other: FilePath = refusal(home, .execute) == nil ? home : "/"
        report.warn(
            Handoff.name,
            Note(
                .handoffDirectory,
                "the user cannot enter \(start.shown()), where the container starts: the command starts in "
                    + "\(other.shown()); \(PodVariables.workingDirectory.name) names another directory",
                detail: error.symbol))
        return StartPlace(shown: other, path: other)
    }

    /// Prints the last line of a boot.
    private func tellReady(
        _ preparation: Preparation, _ exports: [(name: String, value: String)], _ command: CString,
        in directory: FilePath
    ) {
        let user = preparation.people.user
        let time = Clock.microseconds(since: report.started).inMilliseconds
        let home = exports.last { $0.name == "HOME" }?.value ?? user.home.string
        let chain = preparation.settings.chainText
        let through = chain.isEmpty ? "" : " through \(chain.shown())"
        let services = preparation.settings.services.count { $0.identity == .user || preparation.host.start == .root }
        let beside = services == 0 ? "" : "; \(services.counted("service"))"
        report.finish()
        report.line(
            .info, "",
            "ready: \(report.changes.counted("change")), \(report.warnings.count.counted("warning")) in \(time); "
                + "\(command.bytes.shown())\(through) as \(user.name) (\(user.credentials.text)) in "
                + "\(directory.shown()); home \(home.shown()); "
                + "sudo \(hasSudo(preparation) ? "yes" : preparation.identity.whyNoSudo(preparation.host))\(beside)")
    }

    /// Whether the user can become root with sudo.
    func hasSudo(_ preparation: Preparation) -> Bool {
        preparation.identity.hasSudo(preparation.host) && !report.hasFailed(Paths.sudoersFile)
    }

    /// Warns of what the command will miss.
    private func warnOfHandoff(_ preparation: Preparation) {
        let host = preparation.host
        if initHandle != nil && host.start.isPrivileged && !host.privileges.has(.kill) {
            let note = Note(
                .handoffSignals,
                "signals do not reach the command, and only the container runtime can end it: add KILL to "
                    + "securityContext.capabilities.add in the pod spec, or set "
                    + "\(InitSettings.modeVariable.name)=\(InitSettings.Mode.exec.rawValue)")
            report.warn(Handoff.name, note)
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
    private func becomeUser(
        _ preparation: Preparation, in directory: FilePath, enters: () -> Void
    ) throws(BootError) {
        let host = preparation.host
        let user = preparation.people.user.credentials
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
                .handoffDirectory, "cannot enter \(directory.shown())",
                attempts: [Attempt(as: "user \(user.text)", error)],
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
                    .handoffTerminal,
                    "the command may be able to type into the terminal of the shell that started it: \(error.reason); "
                        + "start it with a terminal of its own (docker exec -it)", detail: error.symbol))
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
