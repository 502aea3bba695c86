package import Linux
package import Text

/// The formats of the init's settings.
package enum SignalFormats {
    /// Reads who receives the signals: `group` or `child`.
    package static func parseReceiver(_ text: String) throws(FormatError) -> InitSettings.Receiver {
        switch text {
        case "group": return .group
        case "child": return .child
        default: throw FormatError("\(named(text)) is not a receiver of signals; write group or child")
        }
    }

    /// Reads rules such as `TERM:QUIT`, `USR1:0` or `15:RTMIN+3`, separated by commas or spaces.
    ///
    /// - Parameter text: the rules; a target of 0 drops the signal.
    /// - Parameter rewrites: earlier rules, to which these are added.
    package static func parseRewrites(
        _ text: String, addingTo rewrites: SignalRewrites = SignalRewrites()
    ) throws(FormatError) -> SignalRewrites {
        var result = rewrites
        for rule in items(text) {
            let parts = rule.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw FormatError(
                    "\(named(rule)) is not a rule FROM:TO; write for example TERM:QUIT, or USR1:0 to drop USR1")
            }
            let signal = try parseSignal(parts[0])
            if let reason = whyNeverForwarded(signal) {
                throw FormatError("\(named(rule)) rewrites \(signal.name), \(reason)")
            }
            result.rewrite(signal, to: parts[1] == "0" ? nil : try parseSignal(parts[1]))
        }
        return result
    }

    /// The exit codes that a process can have.
    static let exitCodes = 0...255

    /// Reads exit codes that count as success, such as `143` or `143,130`.
    package static func parseRemappedExits(
        _ text: String, addingTo codes: ExitCodes = ExitCodes()
    ) throws(FormatError) -> ExitCodes {
        var result = codes
        for item in items(text) {
            guard let code = Int32(item), exitCodes.contains(Int(code)) else {
                throw FormatError("\(named(item)) is not an exit code; write a number from 0 to 255")
            }
            result.insert(code)
        }
        return result
    }

    /// Reads a time in seconds, which may have a fraction: `10`, `0.5`.
    ///
    /// - Returns: the time in nanoseconds.
    package static func parseSeconds(_ text: String) throws(FormatError) -> UInt64 {
        guard let time = text.utf8.nanosecondsOfSeconds, time < (longestSeconds + 1) * 1_000_000_000 else {
            throw FormatError(
                "\(named(text)) is not a time; write seconds from 0 to \(longestSeconds), such as 10 or 0.5")
        }
        return time
    }

    /// One year: longer times are mistakes, and the sum of a few of them fits into 64 bits of nanoseconds.
    private static var longestSeconds: UInt64 { 31_536_000 }

    /// Reads one signal: `TERM`, `SIGTERM`, `15`, `RTMIN+3`.
    package static func parseSignal(_ text: some StringProtocol) throws(FormatError) -> Signal {
        guard let signal = Signal(text) else {
            throw FormatError(
                "\(named(text)) is not a signal; "
                    + "write a name such as TERM or RTMIN+3, or a number from 1 to 64")
        }
        return signal
    }

    private static func whyNeverForwarded(_ signal: Signal) -> String? {
        switch signal {
        case .kill, .stop: "which no process can receive"
        case .child: "which tells the init of its children and is never sent on"
        default: nil
        }
    }

    /// The item in quotes; `it` if its bytes would break the message's line or make it too long.
    private static func named(_ item: some StringProtocol) -> String {
        item.utf8.count <= 40 && item.utf8.allSatisfy { $0.isPrintable } ? "\"\(item)\"" : "it"
    }

    private static func items(_ text: String) -> [Substring] {
        text.split { $0 == "," || $0 == " " || $0 == "\t" || $0 == "\n" }
    }
}
