package import Linux

/// How a service is at a moment, as people are told it.
package struct ServiceState: Equatable, Sendable {
    /// What it does.
    package enum Phase: String, CaseIterable, Sendable {
        /// It waits for the services before it, or for the command.
        case waiting
        /// Its program is being started, or is not ready yet; or it waits to be started again.
        case starting
        case running
        /// It waits for its next run.
        case scheduled
        /// Its processes were told to end.
        case stopping
        /// Somebody has stopped it, or the container ends.
        case stopped
        /// Its program has ended, and is not started again.
        case ended
        /// It has failed for good.
        case failed
    }

    package let name: String
    /// Who it is: `user` or `root`.
    package let identity: String
    package var phase: Phase
    /// The process that leads it; `nil` where there is none.
    package var process: Int32?
    package var isReady: Bool
    /// What it says of itself (`STATUS=` of sd_notify(3)); empty without a word.
    package var statusText = ""
    /// How its last run ended; `nil` before that.
    package var lastExit: ProcessEnd?
    /// How often it was started again after it had ended by itself.
    package var restarts = 0
    /// When the current or last run began, in nanoseconds since 1970.
    package var started: UInt64?
    /// When it runs next, or is started again, in nanoseconds since 1970.
    package var next: UInt64?
    /// How long its last run took, in nanoseconds.
    package var lastDuration: UInt64?
    /// Why its last run failed; empty where it did not.
    package var lastError = ""
    /// `every 300 s`, or the cron line; empty for a service that runs for long.
    package let schedule: String
    /// The services that are started before it.
    package let after: [String]

    package init(name: String, identity: String, phase: Phase, isReady: Bool, schedule: String, after: [String]) {
        self.name = name
        self.identity = identity
        self.phase = phase
        self.isReady = isReady
        self.schedule = schedule
        self.after = after
    }
}

/// Why a keeper does not do what it is asked for.
package enum KeeperRefusal: Error, Equatable, Sendable {
    case unknownService
    /// The keeper ends its services, and starts none.
    case ending
}

/// What may be asked of a keeper, from within its loop.
package protocol KeeperCommands: AnyObject {
    /// All services, in the order in which they are started.
    var states: [ServiceState] { get }

    /// Starts a service that does not run, at once. A service that runs already stays as it is.
    func start(_ name: String) throws(KeeperRefusal)

    /// Tells a service to end, and leaves it so.
    func stop(_ name: String) throws(KeeperRefusal)

    /// Ends a service, if it runs, and starts it.
    func restart(_ name: String) throws(KeeperRefusal)

    /// Is called after the state of any service has changed.
    var whenChanged: (() -> Void)? { get set }
}
