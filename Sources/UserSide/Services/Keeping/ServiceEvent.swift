package import Boot
package import Linux

/// A moment on both clocks, in nanoseconds.
package struct Moment: Hashable, Sendable {
    /// On the clock that nobody can set.
    package var monotonic: UInt64
    /// Since 1970.
    package var real: UInt64

    package init(monotonic: UInt64, real: UInt64) {
        self.monotonic = monotonic
        self.real = real
    }

    /// The present.
    package static var now: Moment { Moment(monotonic: Clock.monotonic, real: Clock.realTime) }

    /// The moment on the clock of the day that will be at a time of the other clock.
    func real(at time: UInt64) -> UInt64 {
        time >= monotonic ? real &+ (time - monotonic) : real &- min(real, monotonic - time)
    }
}

/// What happens to a service.
package enum ServiceEvent: Equatable, Sendable {
    /// Those before it are ready or given up: it may start.
    case begin
    /// There is a process, which becomes its program.
    case started(Int32)
    /// There is none, for this reason.
    case notStarted(String)
    /// The process has become its program.
    case executed
    /// It can be used.
    case ready
    /// It says something of itself.
    case status(String)
    /// It says that it is well (`WATCHDOG=1` of sd_notify(3)).
    case watchdog
    /// The process that leads it has ended.
    ///
    /// - Parameters:
    ///   - failure: why it did not become the program; `nil` where it did.
    ///   - rest: how many processes of the service there still are.
    case ended(ProcessEnd, failure: String?, rest: Int)
    /// The last process of it has ended.
    case cleared
    /// Time passes.
    case time
    case order(Order)
    /// The end has begun: it is not started again.
    case end
    /// It must end within so many nanoseconds, and is not started again.
    case stop(within: UInt64)

    /// What a person may tell a service.
    package enum Order: Equatable, Sendable { case start, stop, restart }
}

/// What is to be done for a service.
package enum ServiceAction: Equatable, Sendable {
    /// Make a process that becomes its program. The answer is ``ServiceEvent/started(_:)`` or
    /// ``ServiceEvent/notStarted(_:)``, at once.
    case start
    /// Find out when it is ready.
    case watch
    /// That is of no interest any more.
    case unwatch
    /// Send a signal to the process group of the process that leads it.
    case signal(Signal)
    /// Send a signal to what is left of it: also to those in the leader's group, which may have had it already.
    case signalRest(Signal, withGroup: Bool)
    /// KILL all of its processes.
    case kill
    /// Tell people.
    case tell(LogRelay.Level, MessageIdentifier?, String)
}
