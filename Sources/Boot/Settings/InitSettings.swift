package import Linux
internal import Text

/// Whether and how the process stays after the boot.
package struct InitSettings: SettingGroup {
    package static let name = "init"
    package static let title = "Process 1: signals, exit codes, and how the container ends"

    /// What the process becomes after the boot.
    package enum Mode: String, CaseIterable, Sendable {
        /// The command itself.
        case exec
        /// The parent of the command, which forwards signals and reaps processes.
        case `init`
    }

    /// Who receives a signal that is sent to the init.
    package enum Receiver: String, CaseIterable, Sendable {
        /// The command's process group.
        case group
        /// The command's process alone.
        case child

        static let standard = Receiver.group
    }

    package static let modeVariable = Variable<Mode>(
        "ENTRYPOINT_MODE", .choice,
        Words(
            "What the program becomes: the command itself (`exec`) or its init (`init`)",
            default: "init as process 1, else exec"),
        key: "init.mode", option: CommandOption("--mode", "MODE"))
    static let forwardVariable = Variable<Receiver>(
        "ENTRYPOINT_FORWARD", .choice(parse: SignalFormats.parseReceiver),
        Words(
            "Who gets a signal: the command's process group (`group`) or the command alone (`child`)",
            default: Receiver.standard.rawValue),
        key: "init.forward", option: CommandOption("--forward", "WHO"))
    static let rewriteVariable = Variable(
        "ENTRYPOINT_REWRITE_SIGNALS",
        .items { text throws(FormatError) in try SignalFormats.parseRewrites(text) },
        Words(
            "Signals that are forwarded as others: `FROM:TO`, separated by commas; 0 drops the signal",
            example: "[TERM:INT]"),
        key: "init.rewriteSignals", option: CommandOption("--rewrite-signal", "FROM:TO"))
    static let remapVariable = Variable(
        "ENTRYPOINT_REMAP_EXIT",
        .items(.integer(SignalFormats.exitCodes)) { text throws(FormatError) in
            try SignalFormats.parseRemappedExits(text)
        },
        Words("Exit codes of the command that become 0, separated by commas", example: "[143]"),
        key: "init.remapExit", option: CommandOption("--remap-exit", "CODE"))
    static let warnVariable = Variable(
        "ENTRYPOINT_WARN_REAPED", .boolean,
        Words("Whether each orphan that is reaped is reported: `true` or `false`", default: "false"),
        key: "init.warnReaped", option: CommandOption("--warn-reaped", nil))
    static let deathSignalVariable = Variable<Signal>(
        "ENTRYPOINT_PARENT_DEATH_SIGNAL",
        .text { text throws(FormatError) in try SignalFormats.parseSignal(text) },
        Words(
            "Signal that the program gets when its parent ends, and the command when the program ends", example: "TERM"),
        key: "init.parentDeathSignal", option: CommandOption("--parent-death-signal", "SIGNAL"))
    package static let graceVariable = Variable(
        "ENTRYPOINT_GRACE", .decimalSeconds,
        Words(
            "Seconds that other processes have between TERM and KILL once the command has ended",
            default: "\(standardGrace)", example: "\(standardGrace)"),
        key: "init.grace", option: CommandOption("--grace", "SECONDS"))
    static let stopTimeoutVariable = Variable(
        "ENTRYPOINT_STOP_TIMEOUT", .decimalSeconds,
        Words(
            "Seconds that the command has between the first TERM and KILL; 0 leaves it to the container runtime",
            default: "0", example: "25"),
        key: "init.stopTimeout", option: CommandOption("--stop-timeout", "SECONDS"))

    /// The default number of seconds from TERM to KILL.
    private static let standardGrace: UInt64 = 10

    /// The variables of the init.
    package static let variables: [any VariableDeclaration] = [
        modeVariable, forwardVariable, rewriteVariable, remapVariable, warnVariable, deathSignalVariable, graceVariable,
        stopTimeoutVariable,
    ]

    /// The mode that was asked for; `nil` means that process 1 stays and any other process does not.
    package let mode: Mode?
    /// Who receives the signals.
    package let forwardTo: Receiver
    /// Signals that are forwarded as other signals, or not at all.
    package let rewrites: SignalRewrites
    /// Exit codes of the command that count as success.
    package let remappedExits: ExitCodes
    /// Whether each orphan that is reaped is named on standard error.
    package let warnReaped: Bool
    /// The signal that the program gets when its parent ends, and the command when the program ends; 0 for none.
    package let parentDeathSignal: Int32
    /// Nanoseconds from TERM to KILL for the processes that the command leaves behind.
    package let grace: UInt64
    /// Nanoseconds from the first request to stop until the command gets KILL; 0 for never.
    package let stopTimeout: UInt64

    /// Reads the settings, noting problems; a bad value means the default.
    @export(interface) package init(reading reader: inout SettingsReader) {
        mode = reader.value(Self.modeVariable)
        forwardTo = reader.value(Self.forwardVariable) ?? .standard
        rewrites = reader.value(Self.rewriteVariable) ?? SignalRewrites()
        remappedExits = reader.value(Self.remapVariable) ?? ExitCodes()
        warnReaped = reader.value(Self.warnVariable) ?? false
        parentDeathSignal = reader.value(Self.deathSignalVariable)?.rawValue ?? 0
        grace = reader.value(Self.graceVariable) ?? Self.standardGrace * 1_000_000_000
        stopTimeout = reader.value(Self.stopTimeoutVariable) ?? 0
    }

    /// Whether a process with this id stays as an init.
    package func isInit(process id: Int32) -> Bool { mode.map { $0 == .`init` } ?? (id == 1) }

}
