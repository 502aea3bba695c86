package import Linux
package import Programs

/// A program that runs beside the command: for long, or again and again.
package struct Service: Equatable, Sendable {
    /// When it starts.
    package enum Start: String, CaseIterable, Sendable {
        /// The command waits until it is ready.
        case beforeCommand = "before-command"
        /// It starts as soon as the command runs.
        case afterCommand = "after-command"
    }

    /// Whether a program that has ended is started again.
    package enum Restart: String, CaseIterable, Sendable {
        case always
        /// It ended with another code than 0, or by a signal.
        case onFailure = "on-failure"
        case never
    }

    /// What happens when it has failed for good, or before it was ever ready.
    package enum OnFailure: String, CaseIterable, Sendable {
        case ignore
        /// The container ends with exit code 125.
        case stop
    }

    /// How it becomes known that it can be used.
    package enum Readiness: Equatable, Sendable {
        /// It can be used as soon as it has been started.
        case started
        /// The file exists, and is not older than the start.
        case file(FilePath)
        /// Something accepts connections at this port of the loopback interface.
        case tcp(UInt16)
        /// A program ends with 0, as which it is started with the environment and directory of the service.
        case exec([String])
        /// The service writes a line to this descriptor (s6's notification-fd).
        case descriptor(Int32)
        /// The service sends `READY=1` to the socket that `NOTIFY_SOCKET` names (sd_notify(3)). A watchdog of other than
        /// 0 nanoseconds expects `WATCHDOG=1` again and again; a service that is silent for that long has failed.
        case notify(watchdog: UInt64)
    }

    /// When it runs again and again; `nil` for a program that runs for long.
    package enum Schedule: Equatable, Sendable {
        /// This many nanoseconds after the end of the run before. The first run is at the start.
        case every(UInt64)
        /// At the times of a cron line, in the container's time zone.
        case at(CronSchedule)
    }

    /// The wait before a program that has ended early is started again, in nanoseconds.
    package struct Backoff: Equatable, Sendable {
        /// The first wait, which doubles each time; 0 for none.
        package var first: UInt64 = 500_000_000
        /// The longest wait.
        package var longest: UInt64 = 30_000_000_000
        /// A program that has lived for so long is started again without a wait, and the next waits begin anew.
        package var resetAfter: UInt64 = 30_000_000_000

        package init() {}
    }

    /// How it is ended.
    package struct Stop: Equatable, Sendable {
        package var signal = Signal.terminate
        /// Nanoseconds from the signal to KILL.
        package var timeout: UInt64 = 5_000_000_000

        package init() {}
    }

    /// A last run when the container ends.
    package struct Final: Equatable, Sendable {
        /// The program and its arguments; empty for the service's own.
        package var command: [String]
        /// Nanoseconds that it may take.
        package var timeout: UInt64
        /// Nanoseconds of the end that are kept for it, however long the services take to stop.
        package var reserve: UInt64

        package init(command: [String] = [], timeout: UInt64, reserve: UInt64) {
            self.command = command
            self.timeout = timeout
            self.reserve = reserve
        }
    }

    /// Where its output goes.
    package enum Log: Equatable, Sendable {
        /// To the container's log, with the service's name in front of each line.
        case pod
        /// To a file. When it has reached `size` bytes it becomes `FILE.1`, and so on; `keep` old ones stay.
        case file(FilePath, size: UInt64, keep: Int)
        case none
    }

    /// A limit on what it may use (setrlimit(2)).
    package struct Limit: Equatable, Sendable {
        package let resource: ResourceLimit
        /// The soft and hard limit; `.max` for none.
        package let value: UInt64

        package init(_ resource: ResourceLimit, _ value: UInt64) {
            self.resource = resource
            self.value = value
        }
    }

    package let name: String
    /// The program, as an absolute path or as a name that `PATH` leads to, and its arguments.
    package let command: [String]
    /// Who it is for ever: the user or root.
    package let identity: Actor
    /// Variables that it has besides those of the command, or of a step as root.
    package var environment: [Assignment] = []
    /// The names of the secrets that it gets from the start's environment.
    package var secrets: [String] = []
    /// Where it starts; `nil` for the command's directory, or `/` for root.
    package var directory: FilePath?
    package var start = Start.beforeCommand
    /// The services that are started before it, and stopped after it.
    package var after: [String] = []
    package var schedule: Schedule?
    /// At most this many nanoseconds, chosen anew each time, are added to a wait for the next run.
    package var jitter: UInt64 = 0
    /// Nanoseconds that a run may take; 0 for no limit.
    package var timeout: UInt64 = 0
    package var restart = Restart.onFailure
    package var backoff = Backoff()
    package var readiness = Readiness.started
    /// Nanoseconds from the start until it has to be ready.
    package var readyTimeout = Service.readyTimeout
    package var stop = Stop()
    package var final: Final?
    package var onFailure = OnFailure.ignore
    package var log = Log.pod
    /// The scheduling priority, from -20 (most) to 19 (least); `nil` for the container's (nice(2)).
    package var nice: Int32?
    /// How soon the kernel ends it for want of memory, from -1000 to 1000; `nil` for the container's (proc(5)).
    package var oomScore: Int32?
    package var limits: [Limit] = []

    /// Nanoseconds until a service has to be ready unless its entry says otherwise.
    package static let readyTimeout: UInt64 = 30_000_000_000

    package init(name: String, command: [String], identity: Actor = .user) {
        self.name = name
        self.command = command
        self.identity = identity
    }

    /// Whether the command waits for it.
    package var holdsCommand: Bool { start == .beforeCommand && schedule == nil }
}
