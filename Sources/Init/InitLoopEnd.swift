internal import Linux

// MARK: - The end

extension InitLoop {
    mutating func end(_ code: Int32) -> Never {
        var report = EndReport(
            outcome: supervisor.outcome, exitCode: code, request: request, timeToEnd: timeToEnd,
            commandWasKilled: supervisor.commandWasKilled, othersEnded: supervisor.othersEnded, killed: killed,
            killedAfter: supervisor.killedAfter)
        report.services = servicesEnd
        guard report.isNotable else { CurrentProcess.exit(code) }
        if supervisor.outcome != .bootOverdue {
            var line = report.line(isJSON: options.writesJSON)
            line.write(waitingMilliseconds: 200)
        }
        // The report has its own process: it may allocate, run out of memory or block without changing the exit code.
        switch try? Children.fork() {
        case .child:
            report.overdue = overdue
            if channel >= 0 { takeGivenFiles() }
            onEnd(report, hasFileForEnd ? DescriptorChannel.takeInput() : nil)
            CurrentProcess.exit(0)
        case .parent(let writer): wait(for: writer)
        case nil: break
        }
        CurrentProcess.exit(code)
    }

    private var timeToEnd: UInt64 {
        let isFailure = supervisor.failure != .none
        let asked = isFailure ? supervisor.failedAt : supervisor.stopRequestedAt
        let ended = supervisor.commandEndedAt
        return asked != 0 && ended > asked ? ended - asked : 0
    }

    private func wait(for writer: Int32) {
        let deadline = Clock.monotonic + 2 * InitLoop.second
        var isKilled = false
        while true {
            switch Children.next() {
            case .childless: return
            case .ended(let process, _): if process == writer { return }
            case .stopped, .continued, .nothing: break
            }
            let now = Clock.monotonic
            if now >= deadline {
                if isKilled { return }
                Signals.send(.kill, to: .process(writer))
                isKilled = true
            }
            _ = Signals.next(of: SignalSet(.child), within: now < deadline ? deadline - now : 100_000_000)
        }
    }
}
