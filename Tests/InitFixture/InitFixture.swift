import Boot
import Glibc
import Init
import Linux
import Text

/// Process 1 with a boot that does next to nothing: what the tests of `Init` start.
///
///     init-fixture [OPTION VALUE ...] -- COMMAND [ARGUMENT ...]
///
/// `--delay SECONDS` is a boot of that length, `--watched SECONDS` a change that is made in time, `--hang SECONDS` one that
/// may take so long and takes for ever, `--step SCRIPT` a command of the boot, `--exit CODE` a boot that fails.
/// `--configure SECONDS` hands over a grace late, as a boot does that reads a file. `--report FILE` is where the report
/// goes; `--say TEXT` prints a line when the boot begins, `--say-mask yes` which signals the boot blocks.
/// `--keeper NAME:WHAT`, which may be given twice or more, starts a ``FixtureKeeper`` before any delay; one whose name ends with `!` ends
/// the container when it dies.
/// The options of the init come from the environment.
@main
enum InitFixture {
    static func main() {
        Command.run(CommandLine.arguments)
        var settings = Settings()
        do throws(FormatError) {
            try settings.read(CommandLine.arguments)
        } catch {
            fail("init-fixture: \(error.expected)", code: 64)
        }
        let report = settings.report
        let side: InitHandle
        do throws(SystemCallError) {
            side = try InitSplit.start(settings.options) { end, _ in write(end, to: report) }
        } catch {
            fail("init-fixture: cannot start: \(error.reason) (\(error.symbol))", code: 125)
        }
        boot(settings, side)
        side.prepareCommand(deathSignal: settings.options.parentDeathSignal)
        execute(settings.command)
    }

    private static func boot(_ settings: Settings, _ side: InitHandle) {
        if !settings.keepers.isEmpty { FixtureKeeper.start(settings.keepers, side) }
        if let text = settings.text { Command.say(text) }
        if settings.saysMask { Command.say("blocked: \(Signals.block(.none).bits)") }
        if let step = settings.step, fork() == 0 { execute(["sh", "-c", step]) }
        if let limit = settings.watched {
            side.watchChange(seconds: limit, message: "scratch: this is never seen")
            side.endChange()
        }
        if let grace = settings.lateGrace {
            var options = settings.options
            options.grace = grace
            side.configure(options)
        }
        if let limit = settings.hang {
            // Like a process on a dead file server, deaf to everything but KILL.
            _ = Signals.blockAll()
            side.watchChange(
                seconds: limit, message: "scratch: /mloscratch did not answer within \(limit) s (10.0.0.5:/export)")
            while true { sleep(1000) }
        }
        if settings.delay > 0 { Clock.sleep(nanoseconds: settings.delay) }
        if let code = settings.exit { _exit(code) }
    }

    /// Becomes a command.
    static func execute(_ command: [String]) -> Never {
        var arguments = command.map { strdup($0) }
        arguments.append(nil)
        if let program = arguments[0] { execvp(program, arguments) }
        let code: Int32 = errno == ENOENT ? 127 : 126
        fail("init-fixture: cannot execute \(command[0])", code: code)
    }

    private static func write(_ end: EndReport, to path: String?) {
        guard let path, let file = fopen(path, "w") else { return }
        fputs(end.text + "\n", file)
        fclose(file)
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        let line = message + "\n"
        _ = Glibc.write(2, line, line.utf8.count)
        _exit(code)
    }
}

/// What the fixture was asked for.
private struct Settings {
    var options = InitOptions()
    var delay: UInt64 = 0
    var text: String?
    var saysMask = false
    var step: String?
    var watched: UInt32?
    var hang: UInt32?
    var exit: Int32?
    var lateGrace: UInt64?
    var report: String?
    var keepers: [String] = []
    var command: [String] = []

    mutating func read(_ arguments: [String]) throws(FormatError) {
        try readEnvironment()
        var rest = arguments.dropFirst()
        while let option = rest.popFirst() {
            if option == "--" { break }
            let value = rest.popFirst() ?? ""
            switch option {
            case "--delay": delay = try SignalFormats.parseSeconds(value)
            case "--say": text = value
            case "--say-mask": saysMask = value == "yes"
            case "--step": step = value
            case "--watched": watched = UInt32(value)
            case "--hang": hang = UInt32(value)
            case "--exit": exit = Int32(value)
            case "--configure": lateGrace = try SignalFormats.parseSeconds(value)
            case "--report": report = value
            case "--keeper": keepers.append(value)
            default: throw FormatError("unknown option \(option)")
            }
        }
        command = Array(rest)
        if command.isEmpty { throw FormatError("no command") }
    }

    private mutating func readEnvironment() throws(FormatError) {
        func text(_ name: String) -> String? { getenv("ENTRYPOINT_" + name).map { String(cString: $0) } }
        if let value = text("FORWARD") {
            options.forwardTo = try SignalFormats.parseReceiver(value) == .group ? .group : .child
        }
        if let value = text("REWRITE_SIGNALS") { options.rewrites = try SignalFormats.parseRewrites(value) }
        if let value = text("REMAP_EXIT") { options.remappedExits = try SignalFormats.parseRemappedExits(value) }
        options.writesJSON = text("LOG_FORMAT") == "json"
        if let value = text("WARN_REAPED") { options.warnReaped = value == "true" }
        if let value = text("GRACE") { options.grace = try SignalFormats.parseSeconds(value) }
        if let value = text("STOP_TIMEOUT") { options.stopTimeout = try SignalFormats.parseSeconds(value) }
        if let value = text("PARENT_DEATH_SIGNAL") {
            options.parentDeathSignal = try SignalFormats.parseSignal(value).rawValue
        }
    }
}
