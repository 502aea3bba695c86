internal import Boot
package import Linux
internal import Text

/// Why something could not be done with a snapshot.
package struct SnapshotFailure: Error, Equatable, Sendable {
    /// What it means for the settings, and for what may be done next.
    package enum Kind: Equatable, Sendable {
        /// The settings cannot be used: a file of credentials, the engine's program.
        case settings
        /// The repository has answered that it does not exist.
        case noRepository
        /// What the repository has given is not what was written. A bad copy of it may be in the cache.
        case corrupt
        /// Somebody works in the repository alone.
        case locked
        /// Anything else.
        case failed
        /// The user has interrupted it.
        case interrupted(Signal)
    }

    package let kind: Kind
    /// What could not be done, to what, why, and what to do about it.
    package let text: String

    package init(_ text: String, _ kind: Kind = .failed) {
        self.text = text
        self.kind = kind
    }

    /// The error of a call.
    package init(_ action: String, _ error: SystemCallError) {
        self.init("\(action): \(error.reason) (\(error.symbol))")
    }

    /// How a command ends because of it.
    ///
    /// - Parameter inBoot: whether the boot runs it.
    package func exitCode(inBoot: Bool) -> Int32 {
        switch kind {
        case .settings: ExitCode.settings.rawValue
        case .interrupted(let signal): 128 + signal.rawValue
        case .noRepository, .corrupt, .locked, .failed: inBoot ? ExitCode.boot.rawValue : 1
        }
    }
}
