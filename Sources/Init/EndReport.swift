package import Linux

/// What an init reports about its end: for one line on standard error, the report of the boot and the termination log.
package struct EndReport: Sendable {
    /// Why it ended.
    package let outcome: Supervisor.Outcome
    /// The exit code of the container.
    package let exitCode: Int32
    /// The first request to stop; `nil` when the command ended by itself.
    package let request: StopRequest?
    /// Nanoseconds from that request to the end of the command; 0 without one.
    package let timeToEnd: UInt64
    /// Whether the command did not end within its stop timeout and was killed.
    package let commandWasKilled: Bool
    /// How many other processes ended after they were told to.
    package let othersEnded: Int
    /// The processes that had to be killed.
    package let killed: KilledProcesses
    /// How many nanoseconds those processes had to end.
    package let killedAfter: UInt64
    /// What the boot was doing when it took too long, in its own words; otherwise empty.
    package internal(set) var overdue: [UInt8] = []
    /// How the services ended.
    package internal(set) var services = Services()

    package init(
        outcome: Supervisor.Outcome, exitCode: Int32, request: StopRequest? = nil, timeToEnd: UInt64 = 0,
        commandWasKilled: Bool = false, othersEnded: Int = 0, killed: KilledProcesses = KilledProcesses(),
        killedAfter: UInt64 = 0, overdue: [UInt8] = [], services: Services = Services()
    ) {
        self.outcome = outcome
        self.exitCode = exitCode
        self.request = request
        self.timeToEnd = timeToEnd
        self.commandWasKilled = commandWasKilled
        self.othersEnded = othersEnded
        self.killed = killed
        self.killedAfter = killedAfter
        self.overdue = overdue
        self.services = services
    }

    /// The end of the services.
    package struct Services: Sendable {
        /// What of them has ended the container.
        package let failure: Supervisor.Failure
        /// The service that has, if it was one.
        package let failed: ServiceName
        /// Nanoseconds from the first request to their keepers until they had ended, or were killed.
        package let timeToEnd: UInt64
        /// Whether any keeper was asked to end.
        package let wereTold: Bool
        /// Whether keepers did not end in their time.
        package let wereKilled: Bool

        package init(
            failure: Supervisor.Failure = .none, failed: ServiceName = ServiceName(), timeToEnd: UInt64 = 0,
            wereTold: Bool = false, wereKilled: Bool = false
        ) {
            (self.failure, self.failed) = (failure, failed)
            (self.timeToEnd, self.wereTold, self.wereKilled) = (timeToEnd, wereTold, wereKilled)
        }
    }

    /// A request to stop: a signal from the runtime or from an operator.
    package struct StopRequest: Sendable {
        package let signal: Signal
        /// The time in nanoseconds since 1970.
        package let receivedAt: UInt64
        /// The sender's process id in this pid namespace, and its user; 0 for a process outside of it.
        package let sender: Int32
        package let user: UInt32

        package init(signal: Signal, receivedAt: UInt64, sender: Int32, user: UInt32) {
            self.signal = signal
            self.receivedAt = receivedAt
            self.sender = sender
            self.user = user
        }
    }

    /// The line for standard error, without its end: `entrypoint: init: SIGTERM at 2026-11-21T05:04:03Z: …`.
    package var text: String {
        if overdue.isEmpty { return line().text }
        return "entrypoint: " + String(decoding: overdue, as: UTF8.self)
    }

    /// Whether there is anything to report: a command that ends by itself and leaves nothing behind is not news.
    var isNotable: Bool {
        switch outcome {
        case .bootOverdue, .bootStopped, .lost: true
        case .pending, .bootEnded, .commandEnded:
            request != nil || killed.count > 0 || services.failure != .none || services.wereKilled
        }
    }

    /// The stable name of what went wrong; `nil` where nothing did.
    package var id: InitMessage? {
        switch outcome {
        case .bootOverdue: .bootOverdue
        case .lost: .statusLost
        case .pending, .bootEnded, .bootStopped, .commandEnded:
            services.failure == .none ? nil : .serviceEndedContainer
        }
    }

    /// The line for standard error. Does not allocate memory.
    func line(isJSON: Bool = false) -> MessageLine {
        var line = MessageLine(id == nil ? .info : .error, id: id?.name ?? "", isJSON: isJSON)
        line.append("init")
        line.endStep()
        if services.failure != .none {
            appendFailure(to: &line)
        } else if let request {
            line.append(request.signal)
            line.append(" at ")
            line.append(realTime: request.receivedAt)
            if request.sender > 0 {
                line.append(" from process ")
                line.append(request.sender)
            }
            line.append(": ")
        }
        appendOutcome(to: &line)
        if services.wereTold { appendServices(to: &line) }
        if othersEnded > 0 {
            line.append("; ")
            line.append(othersEnded)
            line.append(othersEnded == 1 ? " other process ended" : " other processes ended")
        }
        if killed.count > 0 { appendKilled(to: &line) }
        return line
    }

    private func appendFailure(to line: inout MessageLine) {
        if case .keeper(let end) = services.failure {
            line.append("the keeper of services died (")
            line.append(end)
            line.append("): ")
            return
        }
        line.append("service ")
        for index in 0..<services.failed.count { line.append(foreign: services.failed[index]) }
        line.append(" failed: ")
    }

    private func appendServices(to line: inout MessageLine) {
        line.append(services.wereKilled ? "; services were still not ended after " : "; services ended in ")
        line.append(seconds: services.timeToEnd)
        if services.wereKilled { line.append(" and were killed") }
    }

    private func appendOutcome(to line: inout MessageLine) {
        switch outcome {
        case .bootStopped, .pending: line.append("the boot was stopped")
        case .bootOverdue: line.append("the boot took too long and was killed")
        case .lost: line.append("another process took the command's exit status; its exit code is unknown")
        case .bootEnded(let end): appendEnd("the boot", end, to: &line)
        case .commandEnded(let end): appendEnd("the command", end, to: &line)
        }
    }

    private func appendEnd(_ what: StaticString, _ end: ProcessEnd, to line: inout MessageLine) {
        line.append(what)
        line.append(commandWasKilled ? " was killed" : " ended")
        if request != nil || services.failure != .none {
            line.append(" ")
            line.append(seconds: timeToEnd)
            line.append(" after it")
        }
        line.append(" (")
        line.append(end)
        line.append(")")
    }

    private func appendKilled(to line: inout MessageLine) {
        line.append("; ")
        line.append(killed.count)
        line.append(killed.count == 1 ? " other process" : " other processes")
        line.append(" did not end within ")
        line.append(seconds: max(killedAfter, 100_000_000))
        line.append(killed.count == 1 ? " and was killed:" : " and were killed:")
        for index in 0..<killed.namedCount {
            let (process, name) = killed[index]
            line.append(index == 0 ? " " : ", ")
            line.append(name)
            line.append(" (")
            line.append(process)
            line.append(")")
        }
        if killed.count > killed.namedCount {
            line.append(" and ")
            line.append(killed.count - killed.namedCount)
            line.append(" more")
        }
    }
}
