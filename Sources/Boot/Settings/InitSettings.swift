package import Linux
internal import Text

/// How the process stays after the boot, if it does.
package struct InitSettings: Sendable {
    /// What the process becomes.
    package enum Mode: String, CaseIterable, Sendable {
        /// The command itself.
        case exec
        /// The parent of the command, which forwards signals and reaps.
        case `init`
    }

    /// Who gets a signal that the init receives.
    package enum Receiver: String, CaseIterable, Sendable {
        /// The command's process group.
        case group
        /// The command's process alone.
        case child
    }

    static let modeVariable = Variable<Mode>(
        "ENTRYPOINT_MODE", "What the program becomes: the command itself (`exec`) or its init (`init`)",
        default: "init as process 1, else exec", option: CommandOption("--mode", "MODE"), key: "init.mode",
        shape: .choice(of: Mode.self), parse: ValueFormats.choice)
    static let forwardVariable = Variable(
        "ENTRYPOINT_FORWARD", "Who gets a signal: the command's process group (`group`) or the command alone (`child`)",
        default: "group", option: CommandOption("--forward", "WHO"), key: "init.forward",
        shape: .choice(of: Receiver.self), parse: SignalFormats.parseReceiver)
    static let rewriteVariable = Variable(
        "ENTRYPOINT_REWRITE_SIGNALS",
        "Signals that are sent on as others, as `FROM:TO` with commas between; 0 drops the signal",
        option: CommandOption("--rewrite-signal", "FROM:TO"),
        key: "init.rewriteSignals", shape: .list(.text), example: "[TERM:INT]",
        parse: { text throws(FormatError) in try SignalFormats.parseRewrites(text) })
    static let remapVariable = Variable(
        "ENTRYPOINT_REMAP_EXIT", "Exit codes of the command that become 0, with commas between",
        option: CommandOption("--remap-exit", "CODE"),
        key: "init.remapExit", shape: .list(.integer(0...255)), example: "[143]",
        parse: { text throws(FormatError) in try SignalFormats.parseRemappedExits(text) })
    static let warnVariable = Variable(
        "ENTRYPOINT_WARN_REAPED", "Whether every orphan that is reaped is named: `true` or `false`", default: "false",
        option: CommandOption("--warn-reaped", nil), key: "init.warnReaped", shape: .boolean,
        parse: ValueFormats.boolean)
    static let deathSignalVariable = Variable(
        "ENTRYPOINT_PARENT_DEATH_SIGNAL",
        "Signal that the program gets when its parent ends, and the command when the program ends",
        option: CommandOption("--parent-death-signal", "SIGNAL"),
        key: "init.parentDeathSignal", example: "TERM",
        parse: { text throws(FormatError) in try SignalFormats.parseSignal(text).rawValue })
    static let graceVariable = Variable(
        "ENTRYPOINT_GRACE", "Seconds that other processes have between TERM and KILL once the command has ended",
        default: "10", option: CommandOption("--grace", "SECONDS"), key: "init.grace", shape: .number, example: "10",
        parse: SignalFormats.parseSeconds)
    static let stopTimeoutVariable = Variable(
        "ENTRYPOINT_STOP_TIMEOUT",
        "Seconds that the command has between the first TERM and KILL; 0 leaves it to the container runtime",
        default: "0", option: CommandOption("--stop-timeout", "SECONDS"), key: "init.stopTimeout", shape: .number,
        example: "25",
        parse: SignalFormats.parseSeconds)

    /// The variables of the init.
    package static let variables: [any VariableDeclaration] = [
        modeVariable, forwardVariable, rewriteVariable, remapVariable, warnVariable, deathSignalVariable, graceVariable,
        stopTimeoutVariable,
    ]

    /// What was asked for; `nil` leaves it to whether the process is process 1.
    package let mode: Mode?
    /// Who gets the signals.
    package let forwardTo: Receiver
    /// Signals that are sent on as others, or not at all.
    package let rewrites: SignalRewrites
    /// Exit codes of the command that count as success.
    package let remappedExits: ExitCodes
    /// Whether each orphan that is reaped is named on standard error.
    package let warnReaped: Bool
    /// What the program gets when its parent ends, and the command when the program ends; 0 for nothing.
    package let parentDeathSignal: Int32
    /// Nanoseconds from TERM to KILL for what the command leaves behind.
    package let grace: UInt64
    /// Nanoseconds from the first request to stop to KILL for the command; 0 for never.
    package let stopTimeout: UInt64

    /// Reads the settings, noting problems; a bad value means the default.
    package init(reading reader: inout SettingsReader) {
        mode = reader.value(Self.modeVariable)
        forwardTo = reader.value(Self.forwardVariable) ?? .group
        rewrites = reader.value(Self.rewriteVariable) ?? SignalRewrites()
        remappedExits = reader.value(Self.remapVariable) ?? ExitCodes()
        warnReaped = reader.value(Self.warnVariable) ?? false
        parentDeathSignal = reader.value(Self.deathSignalVariable) ?? 0
        grace = reader.value(Self.graceVariable) ?? 10_000_000_000
        stopTimeout = reader.value(Self.stopTimeoutVariable) ?? 0
    }

    /// Whether a process with this id stays as the init.
    package func isInit(process id: Int32) -> Bool { mode.map { $0 == .`init` } ?? (id == 1) }

}
