package import Init
internal import Linux

/// How the process stays after the boot, if it does.
package struct InitSettings: Sendable {
    /// What the process becomes.
    package enum Mode: String, CaseIterable, Sendable {
        /// The command itself.
        case exec
        /// The parent of the command, which forwards signals and reaps.
        case `init`
    }

    static let modeVariable = Variable<Mode>(
        "ENTRYPOINT_MODE", "What the program becomes: the command itself (`exec`) or its init (`init`)",
        default: "init as process 1, else exec", option: CommandOption("--mode", "MODE"), key: "init.mode",
        shape: .choice(of: Mode.self), parse: Formats.choice)
    static let forwardVariable = Variable(
        "ENTRYPOINT_FORWARD", "Who gets a signal: the command's process group (`group`) or the command alone (`child`)",
        default: "group", option: CommandOption("--forward", "WHO"), key: "init.forward",
        shape: .choice(["group", "child"]), parse: initOption(InitOptions.parseReceiver))
    static let rewriteVariable = Variable(
        "ENTRYPOINT_REWRITE_SIGNALS",
        "Signals that are sent on as others, as `FROM:TO` with commas between; 0 drops the signal",
        option: CommandOption("--rewrite-signal", "FROM:TO"),
        key: "init.rewriteSignals", shape: .list(.text), example: "[TERM:INT]",
        parse: initOption { text throws(InitOptionError) in try InitOptions.parseRewrites(text) })
    static let remapVariable = Variable(
        "ENTRYPOINT_REMAP_EXIT", "Exit codes of the command that become 0, with commas between",
        option: CommandOption("--remap-exit", "CODE"),
        key: "init.remapExit", shape: .list(.integer(0...255)), example: "[143]",
        parse: initOption { text throws(InitOptionError) in try InitOptions.parseRemappedExits(text) })
    static let warnVariable = Variable(
        "ENTRYPOINT_WARN_REAPED", "Whether every orphan that is reaped is named: `true` or `false`", default: "false",
        option: CommandOption("--warn-reaped", nil), key: "init.warnReaped", shape: .boolean, parse: Formats.boolean)
    static let deathSignalVariable = Variable(
        "ENTRYPOINT_PARENT_DEATH_SIGNAL",
        "Signal that the program gets when its parent ends, and the command when the program ends",
        option: CommandOption("--parent-death-signal", "SIGNAL"),
        key: "init.parentDeathSignal", example: "TERM",
        parse: initOption { text throws(InitOptionError) in try InitOptions.parseSignal(text).rawValue })
    static let graceVariable = Variable(
        "ENTRYPOINT_GRACE", "Seconds that other processes have between TERM and KILL once the command has ended",
        default: "10", option: CommandOption("--grace", "SECONDS"), key: "init.grace", shape: .number, example: "10",
        parse: initOption(InitOptions.parseSeconds))
    static let stopTimeoutVariable = Variable(
        "ENTRYPOINT_STOP_TIMEOUT",
        "Seconds that the command has between the first TERM and KILL; 0 leaves it to the container runtime",
        default: "0", option: CommandOption("--stop-timeout", "SECONDS"), key: "init.stopTimeout", shape: .number,
        example: "25",
        parse: initOption(InitOptions.parseSeconds))

    /// The variables of the init.
    package static let variables: [any VariableDeclaration] = [
        modeVariable, forwardVariable, rewriteVariable, remapVariable, warnVariable, deathSignalVariable, graceVariable,
        stopTimeoutVariable,
    ]

    /// What was asked for; `nil` leaves it to whether the process is process 1.
    package let mode: Mode?
    /// The options of the init.
    package let options: InitOptions

    /// Reads the settings, noting problems; a bad value means the default.
    package init(reading reader: inout SettingsReader) {
        var options = InitOptions()
        mode = reader.value(Self.modeVariable)
        options.forwardTo = reader.value(Self.forwardVariable) ?? options.forwardTo
        options.rewrites = reader.value(Self.rewriteVariable) ?? options.rewrites
        options.remappedExits = reader.value(Self.remapVariable) ?? options.remappedExits
        options.warnReaped = reader.value(Self.warnVariable) ?? options.warnReaped
        options.parentDeathSignal = reader.value(Self.deathSignalVariable) ?? options.parentDeathSignal
        options.grace = reader.value(Self.graceVariable) ?? options.grace
        options.stopTimeout = reader.value(Self.stopTimeoutVariable) ?? options.stopTimeout
        self.options = options
    }

    /// Whether a process with this id stays as the init.
    package func isInit(process id: Int32) -> Bool { mode.map { $0 == .`init` } ?? (id == 1) }

    /// A reader of an option of the init as the format of a variable.
    private static func initOption<Value>(
        _ parse: @escaping @Sendable (String) throws(InitOptionError) -> Value
    ) -> @Sendable (String) throws(FormatError) -> Value {
        { text throws(FormatError) in
            do throws(InitOptionError) {
                return try parse(text)
            } catch {
                throw FormatError(error.message)
            }
        }
    }
}
