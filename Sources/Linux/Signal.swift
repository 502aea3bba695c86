/// A signal, by its number from 1 to 64; 0 is none.
package struct Signal: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    // These are computed: a stored static is initialised on first use, which takes a lock and may allocate.
    package static var hangup: Signal { Signal(rawValue: 1) }
    package static var interrupt: Signal { Signal(rawValue: 2) }
    package static var quit: Signal { Signal(rawValue: 3) }
    package static var kill: Signal { Signal(rawValue: 9) }
    package static var brokenPipe: Signal { Signal(rawValue: 13) }
    package static var terminate: Signal { Signal(rawValue: 15) }
    package static var child: Signal { Signal(rawValue: 17) }
    package static var resume: Signal { Signal(rawValue: 18) }
    package static var stop: Signal { Signal(rawValue: 19) }
    package static var terminalStop: Signal { Signal(rawValue: 20) }
    package static var terminalInput: Signal { Signal(rawValue: 21) }
    package static var terminalOutput: Signal { Signal(rawValue: 22) }
    package static var urgent: Signal { Signal(rawValue: 23) }
    package static var windowChange: Signal { Signal(rawValue: 28) }
    package static var inputOutput: Signal { Signal(rawValue: 29) }

    /// The highest number.
    package static var highest: Int32 { 64 }
    /// The numbers that programs know as SIGRTMIN to SIGRTMAX: the C library reserves 32 and 33.
    package static var realTime: ClosedRange<Int32> { 34...64 }

    /// Whether the signal stops a process that does not handle it (signal(7), action Stop).
    package var stops: Bool {
        self == .stop || self == .terminalStop || self == .terminalInput || self == .terminalOutput
    }

    /// Whether the signal ends a process that does not handle it (signal(7), actions Term and Core).
    package var terminates: Bool {
        !stops && self != .child && self != .resume && self != .urgent && self != .windowChange
    }

    /// Whether a fault of the process itself raises the signal.
    package var isFault: Bool {
        switch rawValue {
        case 4, 5, 7, 8, 11, 31: true  // ILL TRAP BUS FPE SEGV SYS
        default: false
        }
    }

    /// The name, without `SIG`, of a signal that has a fixed number; `nil` for a real-time signal.
    ///
    /// The numbers are those of signal(7) for x86_64 and ARM.
    package var fixedName: StaticString? {
        switch rawValue {
        case 1: "HUP"
        case 2: "INT"
        case 3: "QUIT"
        case 4: "ILL"
        case 5: "TRAP"
        case 6: "ABRT"
        case 7: "BUS"
        case 8: "FPE"
        case 9: "KILL"
        case 10: "USR1"
        case 11: "SEGV"
        case 12: "USR2"
        case 13: "PIPE"
        case 14: "ALRM"
        case 15: "TERM"
        case 16: "STKFLT"
        case 17: "CHLD"
        case 18: "CONT"
        case 19: "STOP"
        case 20: "TSTP"
        case 21: "TTIN"
        case 22: "TTOU"
        case 23: "URG"
        case 24: "XCPU"
        case 25: "XFSZ"
        case 26: "VTALRM"
        case 27: "PROF"
        case 28: "WINCH"
        case 29: "IO"
        case 30: "PWR"
        case 31: "SYS"
        default: nil
        }
    }

    /// The name as manual pages write it, such as `SIGTERM` or `SIGRTMIN+3`.
    package var name: String {
        if let fixedName { return "SIG\(fixedName)" }
        let first = Signal.realTime.lowerBound
        guard Signal.realTime.contains(rawValue) else { return "signal \(rawValue)" }
        return rawValue == first ? "SIGRTMIN" : "SIGRTMIN+\(rawValue - first)"
    }

    /// Reads a signal as people write it: `TERM`, `SIGTERM`, `sigterm`, `15`, `RTMIN`, `RTMIN+3`, `SIGRTMAX-2`.
    ///
    /// Returns `nil` if the text is not a signal.
    package init?(_ text: some StringProtocol) {
        // Int32 accepts a sign, which means nothing here.
        if let number = Int32(text), (1...Signal.highest).contains(number), text.first != "+" {
            self.init(rawValue: number)
            return
        }
        var name = Substring(text.uppercased())
        if name.hasPrefix("SIG") { name = name.dropFirst(3) }
        for known in 1...Int32(31) {
            let signal = Signal(rawValue: known)
            if let fixed = signal.fixedName, name == fixed.description {
                self = signal
                return
            }
        }
        let aliases: [Substring: Int32] = ["POLL": 29, "IOT": 6, "CLD": 17]
        if let number = aliases[name] {
            self.init(rawValue: number)
            return
        }
        guard let number = Signal.realTimeNumber(name) else { return nil }
        self.init(rawValue: number)
    }

    private static func realTimeNumber(_ name: Substring) -> Int32? {
        let base: Int32
        if name.hasPrefix("RTMIN") {
            base = realTime.lowerBound
        } else if name.hasPrefix("RTMAX") {
            base = realTime.upperBound
        } else {
            return nil
        }
        let offset = name.dropFirst(5)
        if offset.isEmpty { return base }
        guard let sign = offset.first, sign == (base == realTime.lowerBound ? "+" : "-"),
            let distance = Int32(offset.dropFirst()), (0..<Int32(realTime.count)).contains(distance),
            offset.dropFirst().first != "+"
        else { return nil }
        return sign == "+" ? base + distance : base - distance
    }
}

/// A set of signals in the kernel's format: bit n - 1 stands for signal n.
package struct SignalSet: Equatable, Sendable {
    package var bits: UInt64

    package init(bits: UInt64) {
        self.bits = bits
    }

    /// A set with one signal.
    package init(_ signal: Signal) {
        bits = 1 << UInt64(truncatingIfNeeded: signal.rawValue - 1)
    }

    /// Every signal.
    package static var all: SignalSet { SignalSet(bits: .max) }
    /// No signal.
    package static var none: SignalSet { SignalSet(bits: 0) }

    package func contains(_ signal: Signal) -> Bool { bits & SignalSet(signal).bits != 0 }
}
