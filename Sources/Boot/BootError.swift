package import Linux

/// Why the boot cannot go on, or why a change could not be made.
package struct BootError: Error, Equatable, Sendable {
    /// What it is, whatever the words.
    package let id: MessageIdentifier
    /// The step or stage; empty until the runner adds it.
    package var step: String
    /// What could not be done, to what: `cannot create /scratch/jane`.
    package let action: String
    /// The reason when no system call gives it.
    package let reason: String
    /// What was tried, in order.
    package let attempts: [Attempt]
    /// What to do about it, in a clause; empty when the rest says everything.
    package let remedy: String
    /// What has the same effect on other changes, if that is known.
    package let cause: Cause?

    /// A reason that several changes fail for: it is told once.
    package enum Cause: Equatable, Sendable {
        /// Only root could make the change, and the boot is not root.
        case noRoot
        /// What is mounted at a place cannot be written, for the reason of this error.
        case mount(FilePath, Errno)
    }

    package init(
        _ id: MessageIdentifier, step: String = "", _ action: String, reason: String = "", attempts: [Attempt] = [],
        remedy: String = "", cause: Cause? = nil
    ) {
        self.id = id
        self.step = step
        self.action = action
        self.reason = reason
        self.attempts = attempts
        self.remedy = remedy
        self.cause = cause
    }

    /// How the program ends because of it.
    package var exitCode: ExitCode { id.exitCode }

    /// The error on one line without the step: what, why, which calls as whom, what to do.
    package var message: String { text(withAttempts: true) }

    /// The error as people are told it: without the calls.
    package var brief: String { text(withAttempts: false) }

    private func text(withAttempts: Bool) -> String {
        var text = action
        let words = reason.isEmpty ? attempts.last?.error.reason ?? "" : reason
        if !words.isEmpty { text += ": \(words)" }
        if withAttempts && !attempts.isEmpty { text += " (\(attemptsText))" }
        if !remedy.isEmpty { text += "; \(remedy)" }
        return text
    }

    /// The attempts, such as `mkdirat EACCES as user 1000:1000, as seed 177449:83070`.
    private var attemptsText: String {
        var parts: [String] = []
        var symbol = ""
        for attempt in attempts {
            let identity = attempt.identity.isEmpty ? "" : " as \(attempt.identity)"
            parts.append(
                attempt.error.symbol == symbol ? String(identity.dropFirst()) : attempt.error.symbol + identity)
            symbol = attempt.error.symbol
        }
        return parts.joined(separator: ", ")
    }
}

extension BootError {
    /// Whether somebody with more privileges might have been able to see more.
    package var isForWantOfPrivileges: Bool {
        guard let errno = attempts.last?.error.errno else { return false }
        return errno == .permissionDenied || errno == .notPermitted
    }

    /// The error with its step, if it has none yet.
    package func inStep(_ name: String) -> BootError {
        var error = self
        if error.step.isEmpty { error.step = name }
        return error
    }
}
