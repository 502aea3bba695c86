internal import Boot
internal import Init
internal import Linux
internal import Programs

extension BootRun {
    /// Runs a boot in this process; returns only when the command did not take over.
    ///
    /// - Parameters:
    ///   - request: what was asked on the command line.
    ///   - started: when the program began (``Clock/monotonic``).
    /// - Returns: the exit code.
    @export(interface) package static func run(_ request: Request, started: UInt64) -> Int32 {
        let report = Report(log: LogSettings(), secrets: Secrets(of: BootSequence.groups), started: started) { line in
            StandardStream.error.write(Array((line + "\n").utf8))
        }
        let environment = EnvironmentBlock(ProcessStart.environment)
        let split: ProcessSplit
        let privileges: Privileges
        do throws(BootError) {
            // First, so that what is opened is opened with the caller's rights.
            privileges = try startingPrivileges()
            try openMissingStreams()
            let id = CurrentProcess.id
            if !request.isPlan, let entry = try SessionEntry(ofBootedContainerIn: FileTree(), process: id) {
                var reader = SettingsReader(
                    environment: environment, options: request.options, configuration: Configuration())
                report.log = LogSettings(reading: &reader)
                if let words = entry.otherUser { report.warn("session", Note(.sessionOptionsIgnored, words)) }
                if !request.options.isEmpty {
                    report.warn(
                        "session",
                        Note(
                            .sessionOptionsIgnored,
                            "options are a boot's, and this container has had its boot: they have no effect"))
                }
                throw entry.run(request.command) { report.warn("session", $0) }
            }
            split = try ProcessSplit(of: request, environment, privileges, id: id)
        } catch {
            report.line(for: error)
            return error.exitCode.rawValue
        }
        let boot = BootRun(
            request: request, environment: environment, configuration: split.configuration, privileges: privileges,
            report: report, planText: request.isPlan ? PlanText() : nil, reading: split.watch,
            // Nobody may stop a process that is uid 0 from the keyboard: it may hold the lock of the account files.
            callersMask: Signals.blockTerminalStops(),
            // Neither a closed log nor a limit on file sizes may end the boot without a message.
            writeSignals: CurrentProcess.ignoreWriteSignals(), initHandle: split.initHandle,
            deathSignal: split.options.parentDeathSignal,
            limits: ElevatedStart.isPossible(privileges) ? StartingLimits() : nil)
        if let notice = split.notice { boot.warn("settings", notice) }
        let code: Int32
        do throws(BootError) {
            code = try boot.run()
        } catch {
            code = boot.fail(error)
        }
        if let planText = boot.planText { StandardStream.output.write(Array(planText.text.utf8)) }
        return code
    }

    /// Opens those of the standard streams that are closed.
    private static func openMissingStreams() throws(BootError) {
        do throws(SystemCallError) {
            try StandardStream.openMissing()
        } catch {
            throw BootError(.startStreams, "cannot open the standard streams", attempts: [Attempt(as: "", error)])
        }
    }

    /// What the process was started with, if it may continue with that at all.
    private static func startingPrivileges() throws(BootError) -> Privileges {
        let privileges: Privileges
        do throws(SystemCallError) {
            privileges = try Privileges.current()
            // The caller's settings name files. The boot reads them with the caller's rights, even if the file has +ep.
            if ProcessStart.isPrivilegedByFile, privileges.user.effective != 0, privileges.capabilities.effective != 0 {
                try Privileges.lowerCapabilities(permitted: privileges.capabilities.permitted)
            }
        } catch {
            throw BootError(
                .startCredentials, "cannot read the process's credentials", attempts: [Attempt(as: "", error)])
        }
        guard privileges.user.real == privileges.user.effective, privileges.group.real == privileges.group.effective
        else {
            throw BootError(
                .startSetUserID, "cannot run as a set-user-ID program", reason: "the real and effective ids differ",
                remedy: "remove the set-user-ID and set-group-ID bits of the file (chmod a-s)")
        }
        return privileges
    }

    /// How the boot is done, and with which privileges: the elevation happens here.
    func begin(_ settings: Settings) throws(BootError) -> StartingPoint {
        guard ElevatedStart.isPossible(privileges) else {
            // The user's programs that the boot starts must not read its secrets.
            if privileges.user.effective != 0 { CurrentProcess.forbidTracing() }
            let isRoot = privileges.user.effective == 0
            if isRoot && !request.isPlan { ElevatedStart.ruleOut(for: privileges.effective, in: tree) }
            return point(isRoot ? .root : .bare, try withoutCapabilities())
        }
        // A plan can be printed without doing any of it.
        if request.isPlan {
            let bare = try withoutCapabilities()
            if let reason = ElevatedStart.foreseeGivingUp(privileges, in: tree) {
                planText?.add("note", "", reason)
                return point(.bare, bare)
            }
            return point(.elevated, privileges, isObserver: true)
        }
        // As uid 0 it may have to be killed before it knows whether it stays that.
        initHandle?.usePrivileges()
        switch try ElevatedStart.begin(privileges, in: tree) {
        case .elevated(let privileges):
            return point(.elevated, privileges)
        case .bare(let privileges, let reason):
            initHandle?.usePrivileges(false)
            report.line(.info, "", ElevatedStart.words(reason))
            return point(.bare, privileges)
        }
    }

    private func point(_ start: Start, _ current: Privileges, isObserver: Bool = false) -> StartingPoint {
        StartingPoint(
            tree: tree, privileges: current, start: start, caller: privileges.effective, isObserver: isObserver)
    }

    /// The privileges of a start that is not elevated, without what the program's file gave.
    func withoutCapabilities() throws(BootError) -> Privileges {
        // What the pod grants to its user, who is not root, belongs to the user (the ambient set).
        guard privileges.user.effective != 0, privileges.capabilities.permitted != 0, ProcessStart.isPrivilegedByFile
        else { return privileges }
        do throws(SystemCallError) {
            return try ElevatedStart.giveUp(privileges)
        } catch {
            throw BootError(
                .startCapabilities, "cannot give up the program's capabilities", attempts: [Attempt(as: "", error)])
        }
    }
}
