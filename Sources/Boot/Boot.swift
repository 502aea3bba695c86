internal import Init
package import Linux
internal import SystemPackage

/// A boot: settings, people and plan are worked out, the plan is applied and reported, and the command takes over.
package struct Boot {
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

    private let request: Request
    private let environment: EnvironmentBlock
    private let tree = FileTree()
    private let report: Report
    private let writeSignals: CurrentProcess.WriteSignals
    /// The child's side of an init; `nil` where the process itself becomes the command.
    private let initSide: ChildSide?
    /// What the command gets when the process that started it ends; 0 for nothing.
    private let deathSignal: Int32

    /// Runs a boot in this process; returns only when the command did not take over.
    ///
    /// - Parameters:
    ///   - request: what was asked on the command line.
    ///   - started: when the program began.
    /// - Returns: the exit code.
    package static func run(_ request: Request, started: Instant) -> Int32 {
        let report = Report(log: LogSettings(), started: started) { line in
            StandardStream.error.write(Array((line + "\n").utf8))
        }
        let environment = EnvironmentBlock(ProcessStart.environment)
        var initSide: ChildSide?
        var deathSignal: Int32 = 0
        do throws(BootError) {
            try StandardStream.openMissingForBoot()
            var reader = SettingsReader(environment: environment, options: request.options)
            let initSettings = InitSettings(reading: &reader)
            deathSignal = initSettings.options.parentDeathSignal
            // First of all: the parent must not have touched anything, and the child boots and becomes the command.
            if !request.isPlan && initSettings.isInit(process: CurrentProcess.id) {
                initSide = try startInit(initSettings.options)
            }
        } catch {
            report.line(.error, error.step, error.message)
            return error.exitCode.rawValue
        }
        let boot = Boot(
            request: request, environment: environment, report: report,
            // Neither a closed log nor a limit on files may end the boot without a word.
            writeSignals: CurrentProcess.ignoreWriteSignals(), initSide: initSide,
            deathSignal: deathSignal)
        do throws(BootError) {
            return try boot.run()
        } catch {
            return boot.fail(error)
        }
    }

    /// Forks; returns in the child.
    private static func startInit(_ options: InitOptions) throws(BootError) -> ChildSide {
        do throws(SystemCallError) {
            return try Init.start(options, explainOverdue: ChangeWatch.explain, onEnd: StateDirectory.keep)
        } catch {
            throw BootError(step: "init", "cannot start the boot", attempts: [Attempt(as: "", error)])
        }
    }

    private func run() throws(BootError) -> Int32 {
        let settings: Settings
        do throws(SettingsError) {
            settings = try Settings.read(from: environment, options: request.options)
        } catch {
            var reader = SettingsReader(environment: environment, options: request.options)
            report.log = LogSettings(reading: &reader)
            return fail(settings: error)
        }
        report.log = settings.log
        for notice in settings.notices { report.warn("settings", notice) }
        let privileges = try startingPrivileges()
        guard let identity = settings[Identity.self], let scratch = settings[Scratch.self] else {
            return try runUnprepared(settings, privileges)
        }
        let host = Host.look(at: tree, privileges: privileges, for: settings)
        let people = try withStep(Identity.name) { () throws(BootError) in
            try People.work(out: identity, scratch: scratch, host: host)
        }
        let plan = Plan(settings, people, host)
        let actors = Actors(people, privileges: host.privileges, start: host.start, umask: scratch.umask)
        try withStep(Identity.name) { () throws(BootError) in try rehearse(actors, people, host) }
        for warning in plan.warnings { report.warn(warning.step, warning.text) }
        let watch = initSide.map { ChangeWatch($0, seconds: scratch.timeout) }
        var apply = Apply(request.isPlan ? .dryRun : .boot, tree: tree, actors: actors, watch: watch)
        do throws(BootError) {
            try apply.run(plan, observe: request.isPlan ? printPlanned : report.observe)
        } catch {
            // What is kept of the failure is written as root.
            if !request.isPlan, (try? actors.become(.root)) != nil { keepState(host, people, [], nil, failure: error) }
            throw error
        }
        let exports = apply.exports
        if request.isPlan {
            return printRest(people, exports, scratch)
        }
        return try handOver(settings, people, host, exports)
    }

    /// Runs the command as whoever the container was started as.
    private func runUnprepared(_ settings: Settings, _ privileges: Privileges) throws(BootError) -> Int32 {
        if request.isPlan {
            StandardStream.output.write(Array("nothing is prepared; the command runs as it is\n".utf8))
            return 0
        }
        var command = request.command
        if command.isEmpty {
            let accounts = AccountFiles(passwd: (try? tree.read(Paths.passwd)) ?? nil)
            let shell = accounts.loginShell(ofUserID: privileges.user.effective)
            command = [CString(Array((shell ?? Identity.lastShell.string).utf8))]
        }
        throw become(command, environment: settings.environment.setting([], removing: Secrets.stripped))
    }

    /// Becomes the command; returns the reason when that fails.
    private func become(_ command: [CString], environment entries: [CString]) -> BootError {
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
        var error = HandOver.execute(command, environment: entries)
        // What is told of it must not end the boot in its turn.
        _ = CurrentProcess.ignoreWriteSignals()
        error.step = Handoff.name
        return error
    }
}

extension Boot {
    /// What the process was started with, if it may go on with that at all.
    private func startingPrivileges() throws(BootError) -> Privileges {
        let privileges: Privileges
        do throws(SystemCallError) {
            privileges = try Privileges.current()
        } catch {
            throw BootError("cannot read the process's credentials", attempts: [Attempt(as: "", error)])
        }
        guard privileges.user.real == privileges.user.effective, privileges.group.real == privileges.group.effective
        else {
            throw BootError(
                "cannot run as a set-user-ID program", reason: "the real and effective ids differ",
                remedy: "remove the set-user-ID and set-group-ID bits of the file (chmod a-s)")
        }
        if privileges.user.effective != 0 && privileges.capabilities.permitted != 0 {
            report.warn("settings", "the capabilities of the program's file are not used")
        }
        return privileges
    }

    /// Becomes the user and the seed once before anything is touched, so that ids which the container cannot take end
    /// the boot with nothing half done.
    private func rehearse(_ actors: Actors, _ people: People, _ host: Host) throws(BootError) {
        for actor in [Actor.seed, .user] where actors.has(actor) && host.start == .root {
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
        let capability: Capability = isGroup ? .setGID : .setUID
        guard host.privileges.has(capability) else {
            return "add \(capability.name.dropFirst(4)) to securityContext.capabilities.add in the pod spec"
        }
        return "the container's user namespace forbids it (/proc/self/setgroups): set hostUsers: true in the pod spec"
    }

    private func handOver(
        _ settings: Settings, _ people: People, _ host: Host, _ exports: [(name: String, value: String)]
    ) throws(BootError) -> Int32 {
        let entries = environment.setting(
            exports.map { ($0.name, Array($0.value.utf8)) }, removing: Secrets.stripped)
        let user = people.user
        let command = request.command.isEmpty ? [CString(Array(user.shell.string.utf8))] : request.command
        let scratch = settings[Scratch.self]
        if initSide != nil && host.start == .root && !host.privileges.has(.kill) {
            report.warn(
                Handoff.name,
                "signals do not reach the command, and only the container runtime can end it: add KILL to "
                    + "securityContext.capabilities.add in the pod spec, or set ENTRYPOINT_MODE=exec")
        }
        if host.start == .root {
            for problem in HandOver.giveStreams(to: user.credentials.user) { report.warn(Handoff.name, problem) }
        }
        let directory = scratch?.workingDirectory ?? "/"
        keepState(host, people, exports, entries, failure: nil)
        let time = Text.milliseconds(Instant.now.microseconds(since: report.started))
        report.line(
            .info, "",
            "ready: \(Text.count(report.changes, "change")) in \(time); \(Text.shown(command[0].bytes)) as \(user.name) "
                + "(\(user.credentials.text)) in \(Text.shown(directory))")
        if let scratch { CurrentProcess.setUmask(scratch.umask) }
        try withStep(Handoff.name) { () throws(BootError) in
            try HandOver.drop(
                to: user.credentials, from: host.privileges,
                canRegain: (settings[Identity.self]?.hasSudo(host) ?? false) && !report.hasFailed(Paths.sudoersFile))
            let watch = initSide.map { ChangeWatch($0, seconds: scratch?.timeout ?? 0) }
            watch?.begin(step: Handoff.name, path: directory)
            defer { watch?.end() }
            do throws(SystemCallError) {
                try CurrentProcess.changeDirectory(to: directory)
            } catch {
                throw BootError(
                    "cannot enter \(Text.shown(directory))",
                    attempts: [Attempt(as: "user \(user.credentials.text)", error)],
                    remedy: "WORKING_DIR must be a directory that the user can enter")
            }
        }
        throw become(command, environment: entries)
    }

    private func keepState(
        _ host: Host, _ people: People, _ exports: [(name: String, value: String)], _ entries: [CString]?,
        failure: BootError?
    ) {
        do throws(SystemCallError) {
            let state = try StateDirectory(for: host.start, user: people.user.credentials, in: tree)
            if let entries { try state.keep(environment: entries) }
            try state.keep(report: report.json(start: host.start, people: people, exports: exports, failure: failure))
        } catch {
            report.warn(
                "report",
                "cannot keep the report and the environment for later sessions in "
                    + "\(Text.shown(error.path ?? "/run")): \(error.reason) (\(error.symbol))")
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

    private func fail(_ error: BootError) -> Int32 {
        report.line(.error, error.step, error.message)
        if !request.isPlan {
            let place = error.step.isEmpty ? "" : "\(error.step): "
            TerminationLog.write("entrypoint: \(place)\(error.message)", in: tree)
        }
        return error.exitCode.rawValue
    }

    private func fail(settings error: SettingsError) -> Int32 {
        for notice in error.notices { report.warn("settings", notice) }
        for problem in error.problems { report.line(.error, "settings", problem) }
        if !request.isPlan {
            TerminationLog.write(error.problems.map { "entrypoint: settings: \($0)" }.joined(separator: "\n"), in: tree)
        }
        return ExitCode.settings.rawValue
    }
}

extension StandardStream {
    /// Opens what is closed of the standard streams, with an error of the boot.
    fileprivate static func openMissingForBoot() throws(BootError) {
        do throws(SystemCallError) {
            try openMissing()
        } catch {
            throw BootError("cannot open the standard streams", attempts: [Attempt(as: "", error)])
        }
    }
}
