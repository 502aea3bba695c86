private import CLinux

/// A descriptor that is readable when one of some blocked signals is pending (signalfd(2)).
package struct SignalQueue: ~Copyable {
    private let queue: Descriptor

    /// A signal, with what its sender gave along (sigqueue(3)).
    package struct Queued: Equatable, Sendable {
        package let signal: Signal
        /// The value of sigqueue(3); `nil` for a signal that was sent in another way.
        package let value: Int32?
        /// The sender, and its user; 0 for a process outside of the pid namespace.
        package let sender: Int32
        package let user: UInt32
    }

    /// - Throws: the error of signalfd(2).
    package init(of set: SignalSet) throws(SystemCallError) {
        queue = Descriptor(owning: try systemCall("signalfd4") { linux_signal_descriptor(set.bits) })
    }

    /// The descriptor's number.
    package var descriptor: CInt { queue.rawValue }

    /// The next pending signal; `nil` where there is none.
    package func next() -> Queued? {
        var received = linux_queued_signal()
        guard linux_next_signal(queue.rawValue, &received) == 1 else { return nil }
        // SI_QUEUE is -1.
        return Queued(
            signal: Signal(rawValue: received.number), value: received.code == -1 ? received.value : nil,
            sender: received.sender, user: received.user)
    }
}

/// A descriptor that is readable when somebody has set the clock (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
package struct ClockWatch: ~Copyable {
    private let timer: Descriptor

    /// - Throws: the error of timerfd_create(2) or timerfd_settime(2).
    package init() throws(SystemCallError) {
        let timer = Descriptor(owning: try systemCall("timerfd_create") { linux_clock_watch() })
        let number = timer.rawValue
        try systemCall("timerfd_settime") { linux_arm_clock_watch(number) }
        self.timer = timer
    }

    /// The descriptor's number.
    package var descriptor: CInt { timer.rawValue }

    /// Takes the news, and waits for the next.
    package func rearm() {
        var count: UInt64 = 0
        _ = read(timer.rawValue, &count, 8)
        _ = linux_arm_clock_watch(timer.rawValue)
    }
}
