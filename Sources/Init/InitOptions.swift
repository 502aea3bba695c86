package import Linux

/// How the init treats signals, exit codes and what the command leaves behind.
///
/// A value of fixed size without references: the boot hands it to the init through shared memory.
package struct InitOptions: BitwiseCopyable, Sendable {
    /// Who gets a signal that the init receives.
    package enum Receiver: UInt8, BitwiseCopyable, Sendable {
        /// The command's process group.
        case group
        /// The command's process alone.
        case child
    }

    /// Who gets the signals.
    package var forwardTo = Receiver.group
    /// Signals that are sent on as others, or not at all.
    package var rewrites = SignalRewrites()
    /// Exit codes of the command that count as success.
    package var remappedExits = ExitCodes()
    /// Whether each orphan that is reaped is named on standard error.
    package var warnReaped = false
    /// Nanoseconds from TERM to KILL for what the command leaves behind.
    package var grace: UInt64 = 10_000_000_000
    /// Nanoseconds from the first request to stop to KILL for the command; 0 for never.
    package var stopTimeout: UInt64 = 0
    /// What the init gets when its parent ends and the command gets when the init ends; 0 for nothing.
    package var parentDeathSignal: Int32 = 0
    /// Nanoseconds that the whole boot may take; 0 for any time.
    package var bootTimeout: UInt64 = 0

    package init() {}
}

/// For each signal the one that is sent on in its place.
package struct SignalRewrites: BitwiseCopyable, Sendable {
    private var targets = InlineArray<65, UInt8>(repeating: SignalRewrites.unchanged)

    private static var unchanged: UInt8 { 255 }

    package init() {}

    /// The signal to send on for one that arrived; `nil` when it is dropped.
    package func target(of signal: Signal) -> Signal? {
        guard (1...Signal.highest).contains(signal.rawValue) else { return signal }
        let target = targets[Int(signal.rawValue)]
        if target == SignalRewrites.unchanged { return signal }
        return target == 0 ? nil : Signal(rawValue: Int32(target))
    }

    /// Adds a rule; `nil` drops the signal. A later rule for the same signal replaces an earlier one.
    package mutating func rewrite(_ signal: Signal, to target: Signal?) {
        guard (1...Signal.highest).contains(signal.rawValue) else { return }
        targets[Int(signal.rawValue)] = UInt8(truncatingIfNeeded: target?.rawValue ?? 0)
    }
}

/// A set of exit codes, 0 to 255.
package struct ExitCodes: BitwiseCopyable, Sendable {
    private var bits = InlineArray<4, UInt64>(repeating: 0)

    package init() {}

    package func contains(_ code: Int32) -> Bool {
        guard (0...255).contains(code) else { return false }
        return bits[Int(code) / 64] & (1 << UInt64(code % 64)) != 0
    }

    package mutating func insert(_ code: Int32) {
        guard (0...255).contains(code) else { return }
        bits[Int(code) / 64] |= 1 << UInt64(code % 64)
    }
}
