internal import Boot
internal import Init
internal import Linux
internal import Programs
internal import Text

/// The start of a boot: the configuration is read, and the init is split off if there is to be one.
struct ProcessSplit {
    private(set) var configuration: Configuration
    /// The options of the init; some of them also matter without one.
    private(set) var options: InitOptions
    /// The child's side of an init; `nil` where the process itself becomes the command.
    private(set) var initHandle: InitHandle?
    /// What cannot be done as the configuration says.
    private(set) var notice: Note?
    /// Ends the boot when a file that the settings name cannot be read in time; `nil` without an init.
    private(set) var watch: ChangeWatch?

    /// Forks if there is to be an init, and then returns in the child.
    init(
        of request: BootRun.Request, _ environment: EnvironmentBlock, _ privileges: Privileges, id: Int32
    ) throws(BootError) {
        // Process 1 never receives a signal that arrives before it has blocked it.
        let mask = Signals.blockAll()
        let isElevated = ElevatedStart.isPossible(privileges)
        // Only the image's files are read here. A file that is named may lie on a file server, and a process 1 that
        // waits for a server can neither be ended nor say what it waits for.
        configuration = Configuration.read(from: FileTree(), isStrict: isElevated)
        var reader = SettingsReader(
            environment: environment, options: request.options, configuration: configuration, isElevated: isElevated)
        let settings = InitSettings(reading: &reader)
        options = InitOptions(settings, LogSettings(reading: &reader))
        // This happens before anything else is touched: the child boots and becomes the command.
        if !request.isPlan && settings.isInit(process: id) {
            initHandle = try Self.startInit(options, mask)
        } else {
            // Without an init, nobody else ends the boot before there is a command that handles signals.
            if id == 1 { Signals.endProcess1() }
            Signals.setMask(mask)
        }
        watch = initHandle.map {
            ChangeWatch(of: $0, seconds: reader.value(PodVariables.timeout) ?? PodVariables.standardTimeout)
        }
        guard !isElevated, let file = Configuration.file(namedBy: environment) else { return }
        watch?.begin(step: "settings", path: file)
        configuration.add(file, from: FileTree(), isRequired: true)
        watch?.end()
        var secondReader = SettingsReader(
            environment: environment, options: request.options, configuration: configuration)
        let allSettings = InitSettings(reading: &secondReader)
        options = InitOptions(allSettings, LogSettings(reading: &secondReader))
        if let initHandle {
            initHandle.configure(options)
            if !allSettings.isInit(process: id) {
                notice = Note(
                    .settingsInitMode,
                    "init.mode of \(file.shown()) is read after the init has started: write it in "
                        + "\(Paths.configuration.shown()), or set \(InitSettings.modeVariable.name)")
            }
        } else if !request.isPlan && allSettings.isInit(process: id) {
            if id == 1 { Signals.endProcess1(false) }
            initHandle = try Self.startInit(options, nil)
        }
        watch = initHandle.map {
            ChangeWatch(of: $0, seconds: secondReader.value(PodVariables.timeout) ?? PodVariables.standardTimeout)
        }
    }

    private static func startInit(_ options: InitOptions, _ mask: SignalSet?) throws(BootError) -> InitHandle {
        do throws(SystemCallError) {
            return try InitSplit.start(
                options, callersMask: mask, explainOverdue: ChangeWatch.explain, onEnd: StateDirectory.keep(_:in:))
        } catch {
            throw BootError(.startNoProcess, step: "init", "cannot start the boot", attempts: [Attempt(as: "", error)])
        }
    }
}
