internal import Boot
internal import Init
package import Linux
internal import Programs
internal import Text

/// A boot: settings, people and plan are worked out, the plan is applied and reported, and the command takes over.
package struct BootRun {
    /// What the command line of `entrypoint` asked for.
    package struct Request {
        /// The user's command; empty for the login shell.
        package var command: [CString]
        /// Whether the plan is only printed.
        package var isPlan: Bool
        /// The values of the options, by the names of their variables.
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
    /// Receives the lines of a dry run; `nil` for a boot.
    let planText: PlanText?
    /// Ends the boot when a file that the settings name cannot be read in time; `nil` without an init.
    let reading: ChangeWatch?
    /// The signals that the caller has blocked.
    let callersMask: SignalSet
    let writeSignals: CurrentProcess.WriteSignals
    /// The child's side of an init; `nil` where the process itself becomes the command.
    let initHandle: InitHandle?
    /// The signal that the command gets when the process that started it ends; 0 for none.
    let deathSignal: Int32
    /// The limits that an elevated start has changed for its own run, as they were before.
    let limits: StartingLimits?

    func run() throws(BootError) -> Int32 {
        guard let settings = readSettings() else { return ExitCode.settings.rawValue }
        report.log = settings.log
        report.secrets = settings.secrets
        if !settings.dropIns.isEmpty { report.secretValues = settings.secretValues }
        if let planText {
            return try DryRun(plan: planText).run(settings, at: try begin(settings))
        }
        for notice in settings.notices { report.warn("settings", notice) }
        if settings.isEmpty { return try runUnprepared(settings) }
        guard let preparation = try prepare(settings) else { return 0 }
        let keepers = try KeeperStart(for: preparation, initHandle)
        // Nobody needs the keys after this, and the process is not yet the user's.
        let exports = try preparation.plan.erasingSecrets { _ throws(BootError) in try apply(preparation) }
        return try handOver(preparation, exports, keepers)
    }

    /// Begins the boot and works out what it does.
    private func prepare(_ settings: Settings) throws(BootError) -> Preparation? {
        let seconds = settings.workplace?.timeout ?? PodVariables.standardTimeout
        let watch = initHandle.map { ChangeWatch(of: $0, seconds: seconds) }
        watch?.begin(step: "start", path: nil)
        defer { watch?.end() }
        return try Preparation(settings, at: try begin(settings))
    }

    /// Makes the plan true.
    ///
    /// - Returns: the variables for the user's command.
    private func apply(
        _ preparation: Preparation
    ) throws(BootError) -> [(name: String, value: String)] {
        for warning in preparation.plan.warnings { report.warn(warning.step, warning.note) }
        let watch = initHandle.map { ChangeWatch(of: $0, seconds: preparation.workplace.timeout) }
        // From here on programs run as the user, who must not read what the init still holds of the environment.
        initHandle?.waitForInit()
        report.expect(persistent: preparation.scratch?.persistentDirectories ?? [])
        var apply = preparation.apply(.boot, watch: watch)
        apply.takeExport = report.takeExport
        apply.say = { step, line in report.line(.info, step, line) }
        do throws(BootError) {
            let exports = try apply.run(preparation.plan, observe: report.observe)
            if preparation.actors.isBare { tellWhatIsMissing(preparation, exports) }
            return exports
        } catch {
            // The record of the failure is written as root.
            if (try? preparation.actors.become(.root)) != nil {
                watch?.begin(step: "report", path: Paths.state)
                keepState(preparation, [], nil, failure: error)
                watch?.end()
            }
            throw error
        }
    }

    /// Tells, in one line, what a start without privileges lacks, and what would change that.
    private func tellWhatIsMissing(_ preparation: Preparation, _ exports: [(name: String, value: String)]) {
        let (people, actors) = (preparation.people, preparation.actors)
        var missing: [String] = []
        for position in report.changesForWantOfRoot() {
            let change = preparation.plan.changes[position].planned.change
            switch change {
            case .accounts: missing.append("no account")
            case .command(let change): missing.append("\(change.dropIn.name.shown()) not run")
            case _ where change.path == Paths.sudoersFile: missing.append("no sudo")
            case _ where change.path == people.user.home:
                let home = exports.last { $0.name == "HOME" }?.value ?? ""
                missing.append(
                    home == preparation.scratch?.home.string
                        ? "home is the scratch directory" : "home is \(home.shown())")
            default: missing.append("not so: \(change.goal)")
            }
        }
        guard !missing.isEmpty else { return }
        let remedy = actors.isRestricted ? "" : "; \(actors.fieldAgainstRoot)"
        report.line(
            .info, Identity.name, "started without privileges: \(missing.joined(separator: ", "))\(remedy)")
    }

    /// The settings; `nil` when something is wrong with them, which is then reported.
    private func readSettings() -> Settings? {
        do throws(SettingsError) {
            let settings = try Settings.read(
                from: environment, options: request.options, configuration: configuration,
                isElevated: ElevatedStart.isPossible(privileges)
            ) { file in reading?.begin(step: "settings", path: file) }
            reading?.end()
            return settings
        } catch {
            var reader = SettingsReader(
                environment: environment, options: request.options, configuration: configuration)
            report.log = LogSettings(reading: &reader)
            fail(error)
            return nil
        }
    }

    /// Runs the command as whoever the container was started as.
    private func runUnprepared(_ settings: Settings) throws(BootError) -> Int32 {
        _ = try withoutCapabilities()
        var command = request.command
        if command.isEmpty {
            reading?.begin(step: "start", path: Paths.passwd)
            let accounts = AccountFiles(passwd: (try? tree.read(Paths.passwd)) ?? nil)
            reading?.end()
            let shell = accounts.loginShell(ofUserID: privileges.user.effective)
            command = [CString(Array((shell ?? Paths.lastShell.string).utf8))]
        }
        throw become(
            settings.chained(command),
            environment: settings.environment.setting(
                [], removing: settings.secrets.stripped(in: settings.environment)))
    }
}
