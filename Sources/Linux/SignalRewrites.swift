/// For each signal, the one that is forwarded instead.
package struct SignalRewrites: BitwiseCopyable, Sendable {
    private var targets = InlineArray<65, UInt8>(repeating: SignalRewrites.unchanged)

    private static var unchanged: UInt8 { 255 }

    package init() {}

    /// The signal to forward for one that arrived; `nil` when it is dropped.
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
