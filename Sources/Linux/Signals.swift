private import CLinux

/// A signal that was taken from the queue, with the information that it carries.
package struct ReceivedSignal: Equatable, Sendable {
    package let signal: Signal
    /// `si_code` of sigaction(2): at most 0 if a process sent the signal, and higher if the kernel raised it.
    package let code: Int32
    /// The id of the sending process in this pid namespace; 0 for a process outside of it, and for the kernel.
    package let sender: Int32
    /// The user of that process.
    package let user: UInt32

    package init(signal: Signal, code: Int32, sender: Int32, user: UInt32) {
        self.signal = signal
        self.code = code
        self.sender = sender
        self.user = user
    }
}

/// The signals of the calling process. Nothing here allocates memory or throws unless it says so.
package enum Signals {
    /// Blocks all signals that can be blocked, 32 and 33 included.
    ///
    /// - Returns: the previous mask.
    package static func blockAll() -> SignalSet { change(SIG_SETMASK, .all) }

    /// Sets the mask.
    ///
    /// - Returns: the previous mask.
    @discardableResult
    package static func setMask(_ mask: SignalSet) -> SignalSet { change(SIG_SETMASK, mask) }

    /// Blocks some more signals.
    ///
    /// - Returns: the previous mask.
    package static func block(_ signals: SignalSet) -> SignalSet { change(SIG_BLOCK, signals) }

    private static func change(_ how: CInt, _ set: SignalSet) -> SignalSet {
        var bits = set.bits
        var old: UInt64 = 0
        // This only fails for arguments that are never passed here.
        _ = linux_signal_mask(how, &bits, &old)
        return SignalSet(bits: old)
    }

    /// The result of waiting for a signal.
    package enum Arrival: Sendable {
        case received(ReceivedSignal)
        /// The time is over.
        case timedOut
        /// The call failed, with EINTR when the process was stopped and continued, or when a tracer attached.
        case failed(Errno)
    }

    /// Takes a pending signal, or waits for one (sigtimedwait(2)).
    ///
    /// - Parameters:
    ///   - set: the signals to wait for, all of them blocked.
    ///   - nanoseconds: how long to wait; for ever when `nil`.
    package static func next(of set: SignalSet, within nanoseconds: UInt64?) -> Arrival {
        var information = linux_signal_information()
        let limit = nanoseconds.map { Int64(clamping: $0) } ?? -1
        if linux_signal_wait(set.bits, limit, &information) > 0 {
            return .received(
                ReceivedSignal(
                    signal: Signal(rawValue: information.number), code: information.code,
                    sender: information.sender, user: information.user))
        }
        let number = Linux.errno
        return number == EAGAIN ? .timedOut : .failed(Errno(rawValue: number))
    }

    /// Whether a signal is ignored.
    package static func isIgnored(_ signal: Signal) -> Bool { linux_signal_is_ignored(signal.rawValue) }

    /// Ignores a signal, or restores its default action.
    package static func setIgnored(_ signal: Signal, _ ignored: Bool) {
        _ = linux_signal_set_ignored(signal.rawValue, ignored)
    }

    /// Blocks the signals with which a terminal stops a process: ^Z, and reading or writing in the background.
    ///
    /// - Returns: the previous mask.
    package static func blockTerminalStops() -> SignalSet {
        block(SignalSet(bits: [SIGTSTP, SIGTTIN, SIGTTOU].reduce(0) { $0 | SignalSet(Signal(rawValue: $1)).bits }))
    }

    /// Blocks the signals of timers and of a limit on processor time (setitimer(2), RLIMIT_CPU).
    package static func blockTimers() {
        _ = block(
            SignalSet(
                bits: [SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU].reduce(0) { $0 | SignalSet(Signal(rawValue: $1)).bits }))
    }

    /// Makes HUP, INT, QUIT and TERM end process 1, too, with 128 plus the number as exit code: the kernel drops
    /// signals for process 1 that have the default action (pid_namespaces(7)). Ignored signals stay ignored; a new
    /// program has the default actions again.
    ///
    /// - Parameter ends: `false` restores the default actions.
    package static func endProcess1(_ ends: Bool = true) {
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] { linux_signal_set_ending(signal, ends) }
    }

    /// The receiver of a signal.
    package enum Receiver: Sendable {
        case process(Int32)
        /// All members of a process group.
        case group(Int32)
        /// All processes that the caller can see and may signal, except itself and process 1.
        case everyone
        /// The caller's own process group.
        case ownGroup
    }

    /// Sends a signal (kill(2)).
    ///
    /// - Returns: whether somebody could receive it, and if not, why.
    @discardableResult
    package static func send(_ signal: Signal, to receiver: Receiver) -> Delivery {
        kill(receiver, signal.rawValue)
    }

    /// Sends a process a signal that carries a number (sigqueue(3)); the signal comes without one where that fails, as at
    /// the limit on queued signals (RLIMIT_SIGPENDING).
    ///
    /// - Returns: whether somebody could receive it, and if not, why.
    @discardableResult
    package static func sendQueued(_ signal: Signal, value: Int32, to process: Int32) -> Delivery {
        if linux_signal_queue(process, signal.rawValue, value) == 0 { return .sent }
        return send(signal, to: .process(process))
    }

    /// Checks whether anybody could receive a signal.
    package static func probe(_ receiver: Receiver) -> Delivery { kill(receiver, 0) }

    private static func kill(_ receiver: Receiver, _ number: Int32) -> Delivery {
        let target: Int32 =
            switch receiver {
            case .process(let id): id
            case .group(let id): -id
            case .everyone: -1
            case .ownGroup: 0
            }
        // The manual page knows no temporary error, but a tracer or a security module may still cause one.
        for _ in 0..<3 {
            if CLinux.kill(target, number) == 0 { return .sent }
            let error = Linux.errno
            if error == ESRCH { return .nobody }
            if error != EINTR && error != EAGAIN && error != ENOMEM { break }
        }
        return .refused
    }

    /// The result of sending a signal.
    package enum Delivery: Sendable { case sent, nobody, refused }

    /// Sends a signal to a process through a descriptor, which cannot come to mean another process.
    ///
    /// - Parameters:
    ///   - signal: the signal.
    ///   - process: the process's id.
    ///   - isMeant: called once the descriptor is open: whether it is still the intended process.
    package static func send(_ signal: Signal, toProcess process: Int32, if isMeant: () -> Bool) {
        let descriptor = linux_pidfd_open(process)
        // Before Linux 5.3, or if a seccomp profile does not know the call, the number must suffice.
        if descriptor < 0 {
            if Linux.errno != ESRCH && isMeant() { send(signal, to: .process(process)) }
            return
        }
        if isMeant() && linux_pidfd_send_signal(descriptor, signal.rawValue) < 0 && Linux.errno != ESRCH {
            send(signal, to: .process(process))
        }
        CLinux.close(descriptor)
    }

    /// Asks for SIGIO when a descriptor becomes readable or loses its last writer.
    ///
    /// - Throws: the error of fcntl(2).
    package static func announceReadable(_ descriptor: CInt) throws(SystemCallError) {
        try systemCall("fcntl") { linux_signal_when_readable(descriptor) }
    }
}
