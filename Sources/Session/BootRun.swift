internal import Boot
internal import Init
package import Linux
internal import Programs
internal import SystemPackage
internal import Text

/// A boot: settings, people and plan are worked out, the plan is applied and reported, and the command takes over.
package struct BootRun {
    /// What the command line of `entrypoint` asked for.
    package struct Request {
        /// The user's command; empty for the login shell.
        package var command: [CString]
        /// Whether only the plan is printed.
        package var isPlan: Bool
        /// Values of options by the names of their variables.
        package var options: [String: String]

        package init(command: [CString], isPlan: Bool, options: [String: String] = [:]) {
            self.command = command
            self.isPlan = isPlan
            self.options = options
        }
    }

    let request: Request
    let environment: EnvironmentBlock
    /// The configuration files.
    let configuration: Configuration
    /// What the process was started with.
    let privileges: Privileges
    let tree = FileTree()
    let report: Report
    /// Gets the lines of a dry run; `nil` for a boot.
    let planText: PlanText?
    /// Ends the boot when a file that settings name cannot be read in time; `nil` without an init.
    let reading: ChangeWatch?
    /// The signals that the caller has blocked.
    let callersMask: SignalSet
    let writeSignals: CurrentProcess.WriteSignals
    /// The child's side of an init; `nil` where the process itself becomes the command.
    let initSide: ChildSide?
    /// What the command gets when the process that started it ends; 0 for nothing.
    let deathSignal: Int32
    /// What an elevated start has changed of the limits for its own time, as it was.
    let limits: StartingLimits?

    func run() throws(BootError) -> Int32 {
        let settings: Settings
        let isElevated = ElevatedStart.isPossible(privileges)
        do throws(SettingsError) {
            settings = try Settings.read(
                from: environment, options: request.options, configuration: configuration, isElevated: isElevated
            ) { file in reading?.begin(step: "settings", path: file) }
            reading?.end()
        } catch {
            var reader = SettingsReader(
                environment: environment, options: request.options, configuration: configuration)
            report.log = LogSettings(reading: &reader)
            return fail(settings: error)
        }
        report.log = settings.log
        report.secrets = settings.secrets
        if let planText {
            planText.add(settings)
        } else {
            for notice in settings.notices { report.warn("settings", notice) }
        }
        guard let identity = settings[Identity.self], let scratch = settings[Scratch.self] else {
            return try runUnprepared(settings)
        }
        let (start, current) = try begin(settings)
        let host = Host.look(
            at: tree, privileges: current, start: start, caller: privileges.effective, for: settings)
        let people = try withStep(Identity.name) { () throws(BootError) in
            try People.work(out: identity, scratch: scratch, host: host)
        }
        let plan = Plan(settings, people, host)
        let actors = Actors(
            people, privileges: current, start: start, umask: scratch.umask,
            isObserver: request.isPlan && start == .elevated)
        try withStep(Identity.name) { () throws(BootError) in try rehearse(actors, people, host) }
        for warning in plan.warnings { warn(warning.step, warning.text) }
        let watch = initSide.map { ChangeWatch(of: $0, seconds: scratch.timeout) }
        // From here on programs run as the user, who may not read what the init still has of the environment.
        initSide?.waitForInit()
        var apply = Apply(
            request.isPlan ? .dryRun : .boot, tree: tree, actors: actors, watch: watch,
            seedPlaces: SeedPlaces(scratch.seedDirectories, isStrict: start == .elevated))
        apply.say = { step, line in report.line(.info, step, line) }
        do throws(BootError) {
            try apply.run(plan, observe: planText?.observe ?? report.observe)
        } catch {
            // What is kept of the failure is written as root.
            if !request.isPlan, (try? actors.become(.root)) != nil { keepState(host, people, [], nil, failure: error) }
            throw error
        }
        let exports = apply.exports
        if let planText {
            planText.addHandoff(people, exports, scratch, settings.secrets)
            return 0
        }
        return try handOver(settings, people, host, exports)
    }

    /// Runs the command as whoever the container was started as.
    private func runUnprepared(_ settings: Settings) throws(BootError) -> Int32 {
        if let planText {
            planText.addUnpreparedHandoff()
            return 0
        }
        _ = try withoutCapabilities()
        var command = request.command
        if command.isEmpty {
            let accounts = AccountFiles(passwd: (try? tree.read(Paths.passwd)) ?? nil)
            let shell = accounts.loginShell(ofUserID: privileges.user.effective)
            command = [CString(Array((shell ?? Identity.lastShell.string).utf8))]
        }
        throw become(
            command, environment: settings.environment.setting([], removing: settings.secrets.stripped(in: environment))
        )
    }

    /// Becomes the command; returns the reason when that fails.
    ///
    /// - Parameter attempt: is told of each file before it is tried.
    private func become(
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

extension BootRun {
    /// Becomes the user and the seed once before anything is touched, so that ids which the container cannot take end
    /// the boot with nothing half done.
    private func rehearse(_ actors: Actors, _ people: People, _ host: Host) throws(BootError) {
        for actor in [Actor.seed, .user] where actors.has(actor) && host.start.isPrivileged && !actors.isObserver {
            do throws(SystemCallError) {
                try actors.become(actor)
            } catch {
                throw BootError(
                    "cannot become \(actors.words(actor))", attempts: [Attempt(as: "root", error)],
                    remedy: Self.remedy(forBecoming: error, host))
            }
        }
    }

    /// Why ids cannot be taken (setresuid(2), user_namespaces(7)).
    private static func remedy(forBecoming error: SystemCallError, _ host: Host) -> String {
        let isGroup = error.call != "setresuid"
        guard error.errno == .notPermitted else {
            return "the container's user namespace has no such id: set hostUsers: true in the pod spec, "
                + "or choose ids below the size of its map"
        }
        let missing = [Capability.setGID, .setUID].filter { !host.privileges.has($0) }
        guard !missing.contains(isGroup ? .setGID : .setUID) else {
            return "add \(missing.map { String($0.name.dropFirst(4)) }.joined(separator: " and ")) to "
                + "securityContext.capabilities.add in the pod spec"
        }
        return "the container's user namespace forbids it (/proc/self/setgroups): set hostUsers: true in the pod spec"
    }

    private func handOver(
        _ settings: Settings, _ people: People, _ host: Host, _ exports: [(name: String, value: String)]
    ) throws(BootError) -> Int32 {
        let entries = environment.setting(
            exports.map { ($0.name, Array($0.value.utf8)) }, removing: settings.secrets.stripped(in: environment))
        let user = people.user
        let command = request.command.isEmpty ? [CString(Array(user.shell.string.utf8))] : request.command
        let scratch = settings[Scratch.self]
        if initSide != nil && host.start.isPrivileged && !host.privileges.has(.kill) {
            report.warn(
                Handoff.name,
                "signals do not reach the command, and only the container runtime can end it: add KILL to "
                    + "securityContext.capabilities.add in the pod spec, or set \(InitSettings.modeVariable.name)=\(InitSettings.Mode.exec)"
            )
        }
        for warning in Capabilities.warnings(settings.keptCapabilities, host) {
            report.warn(Handoff.name, warning)
        }
        if host.start == .root {
            for problem in PrivilegeDrop.giveStreams(to: user.credentials.user) { report.warn(Handoff.name, problem) }
        }
        let directory = scratch?.workingDirectory ?? "/"
        keepState(host, people, exports, entries, failure: nil)
        let time = Instant.now.microseconds(since: report.started).inMilliseconds
        report.line(
            .info, "",
            "ready: \(report.changes.counted("change")) in \(time); \(command[0].bytes.shown()) as \(user.name) "
                + "(\(user.credentials.text)) in \(directory.shown())")
        if let scratch { CurrentProcess.setUmask(scratch.umask) }
        // Stops when the command runs, whose file may lie on a dead server as well, or with the failure of the boot.
        let watch = initSide.map { ChangeWatch(of: $0, seconds: scratch?.timeout ?? 0) }
        defer { watch?.end() }
        try withStep(Handoff.name) { () throws(BootError) in
            try PrivilegeDrop.drop(
                to: user.credentials, from: host.privileges,
                canRegain: (settings[Identity.self]?.hasSudo(host) ?? false) && !report.hasFailed(Paths.sudoersFile),
                keeping: settings.keptCapabilities)
            guardTerminal(host)
            watch?.begin(step: Handoff.name, path: directory)
            do throws(SystemCallError) {
                try CurrentProcess.changeDirectory(to: directory)
            } catch {
                throw BootError(
                    "cannot enter \(directory.shown())",
                    attempts: [Attempt(as: "user \(user.credentials.text)", error)],
                    remedy: "\(PodVariables.workingDirectory.name) must be a directory that the user can enter")
            }
        }
        throw become(command, environment: entries) { file in
            watch?.begin(step: Handoff.name, path: directory.pushing(file))
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

    private func keepState(
        _ host: Host, _ people: People, _ exports: [(name: String, value: String)], _ entries: [CString]?,
        failure: BootError?
    ) {
        do throws(SystemCallError) {
            let state = try StateDirectory(for: host.start, user: people.user.credentials, in: tree)
            if let entries {
                try state.keep(environment: entries, of: people.user.credentials.user, without: report.secrets)
                if host.start == .root, let doubt = try StateDirectory.doubt(of: Paths.state, in: tree) {
                    report.warn("report", "later sessions do not get the environment: \(doubt)")
                }
            }
            try state.keep(report: report.json(start: host.start, people: people, exports: exports, failure: failure))
            if host.start == .elevated { try state.keep(reasons: people.names.reasons) }
        } catch {
            let doubt = host.start == .elevated ? (try? StateDirectory.doubt(of: Paths.state, in: tree)) ?? nil : nil
            report.warn(
                "report",
                "cannot keep the report and the environment for later sessions in "
                    + "\((error.path ?? "/run").shown()): \(doubt ?? "\(error.reason) (\(error.symbol))")")
        }
    }

    private func withStep<Result>(
        _ step: String, _ work: () throws(BootError) -> Result
    ) throws(BootError) -> Result {
        do throws(BootError) {
            return try work()
        } catch {
            var error = error
            if error.step.isEmpty { error.step = step }
            throw error
        }
    }

    /// Warns of something that does not stop the boot.
    func warn(_ step: String, _ text: String) {
        if let planText { planText.add("note", step, text) } else { report.warn(step, text) }
    }

    func fail(_ error: BootError) -> Int32 {
        planText?.add("would fail", error.step, error.message)
        report.line(.error, error.step, error.message)
        if !request.isPlan, actsAsCaller() {
            let place = error.step.isEmpty ? "" : "\(error.step): "
            TerminationLog.write("entrypoint: \(place)\(error.message)", in: tree)
        }
        return error.exitCode.rawValue
    }

    /// Whether the process has no more rights than its caller, now that nothing else is left to do: what the pod spec has
    /// mounted as the log is the caller's to write, or not.
    private func actsAsCaller() -> Bool {
        let caller = privileges.effective
        // The real user stays, for nobody to trace a process that has read passwords.
        if CurrentProcess.effectiveUser != caller.user { _ = try? Privileges.assume(caller) }
        return CurrentProcess.effectiveUser == caller.user || caller.user == 0
    }

    private func fail(settings error: SettingsError) -> Int32 {
        for notice in error.notices { warn("settings", notice) }
        for problem in error.problems {
            planText?.add("would fail", "settings", problem)
            report.line(.error, "settings", problem)
        }
        if !request.isPlan {
            TerminationLog.write(error.problems.map { "entrypoint: settings: \($0)" }.joined(separator: "\n"), in: tree)
        }
        return ExitCode.settings.rawValue
    }
}
