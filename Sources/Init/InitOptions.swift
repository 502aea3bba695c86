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

    package init() {}
}
