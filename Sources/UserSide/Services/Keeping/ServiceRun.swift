internal import Boot
internal import Linux

/// The descriptors and processes of one service.
final class ServiceRun {
    let index: Int
    let service: Service
    let channel: LogChannel
    let program: ServiceProgram
    /// The pipe that it writes its output to, for as long as the keeper lives; -1 before its first start. For a service
    /// without a log, the null device.
    var output: (reading: CInt, writing: CInt) = (-1, -1)
    var process: Int32?
    /// The process that led its last run, whose number may be another's by now; its group may still have members.
    var lastLeader: Int32?
    /// Why the process did not become the program.
    var failure: String?
    /// When it was started, on the clock of the day.
    var started: UInt64 = 0
    /// Tells whether its program runs; -1 once that is known.
    var report: CInt = -1
    /// The pipe that it writes a line to when it is ready; -1 without one.
    var readyPipe: CInt = -1
    /// Whether it is of interest that it is ready.
    var isWatched = false
    /// When it is looked after, on the monotonic clock, and the time until the look after that.
    var nextLook: UInt64?
    var pause: UInt64 = 0
    /// The sockets of connections that are tried.
    var trials: [TrialBox] = []
    /// The process that finds out whether it is ready, and the descriptor of its report.
    var probe: (process: Int32, report: CInt)?
    /// For how long that process has run, in nanoseconds.
    var probeTime: UInt64 = 0
    /// Whether it was told that this cannot be found out.
    var isProbeTold = false
    /// The process of its final run, and the descriptor of its report.
    var final: (process: Int32, report: CInt)?
    var notify: NotifyBox?

    init(_ index: Int, _ program: ServiceProgram, _ channel: LogChannel) {
        self.index = index
        service = program.service
        self.program = program
        self.channel = channel
    }
}

/// Holds what cannot be copied.
final class TrialBox {
    let trial: ConnectionTrial

    init(_ trial: consuming ConnectionTrial) {
        self.trial = trial
    }
}

/// Likewise.
final class NotifyBox {
    let socket: DatagramSocket

    init(_ socket: consuming DatagramSocket) {
        self.socket = socket
    }
}
