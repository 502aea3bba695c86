package import Linux

/// How the init treats signals, exit codes and processes that the command leaves behind.
///
/// The value has a fixed size and no references, because the boot passes it to the init through shared memory.
package struct InitOptions: BitwiseCopyable, Sendable {
    /// Who receives a signal that is sent to the init.
    package enum Receiver: UInt8, BitwiseCopyable, Sendable {
        /// The command's process group.
        case group
        /// The command's process alone.
        case child
    }

    /// Who receives the signals.
    package var forwardTo = Receiver.group
    /// Signals that are forwarded as other signals, or not at all.
    package var rewrites = SignalRewrites()
    /// Exit codes of the command that count as success.
    package var remappedExits = ExitCodes()
    /// Whether each orphan that is reaped is named on standard error.
    package var warnReaped = false
    /// Nanoseconds from TERM to KILL for the processes that the command leaves behind.
    package var grace: UInt64 = 10_000_000_000
    /// Nanoseconds from the first request to stop until the command gets KILL; 0 for never.
    package var stopTimeout: UInt64 = 0
    /// The signal that the init gets when its parent ends, and the command when the init ends; 0 for none.
    package var parentDeathSignal: Int32 = 0

    /// Whether what the init prints are JSON objects.
    package var writesJSON = false

    package init() {}
}
