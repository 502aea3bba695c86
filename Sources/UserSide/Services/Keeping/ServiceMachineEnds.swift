internal import Boot
internal import Linux
internal import Text

/// How a run ends, and what follows.
extension ServiceMachine {
    /// How many runs in a row have to fail.
    package static var failureLimit: Int { 5 }
    /// How often it is started again within a second without a wait, and the wait that follows.
    package static var hurryLimit: Int { 10 }
    package static var hurryPause: UInt64 { 100_000_000 }
    private static var second: UInt64 { 1_000_000_000 }

    /// There is no process.
    mutating func takeNoStart(_ reason: String, _ now: Moment) {
        guard phase == .starting || phase == .stopping else { return }
        if phase == .starting { failure = reason }
        // What is not there yet, and nobody needs, does not hold the command.
        if service.readiness == .started, !isNeeded { isGivenUp = true }
        (process, lastDuration) = (nil, 0)
        conclude(now)
    }

    mutating func takeEnd(_ end: ProcessEnd, _ reason: String?, _ rest: Int, _ now: Moment) {
        guard phase == .starting || phase == .running || phase == .stopping else { return }
        let wasTold = phase == .stopping
        (process, lastExit) = (nil, end)
        lastDuration = now.monotonic &- (started?.monotonic ?? now.monotonic)
        (readyBy, runBy, watchdogBy) = (nil, nil, nil)
        if !wasTold { actions.append(.unwatch) }
        failure = failure(of: end, reason, wasTold: wasTold)
        isReady = false
        guard rest > 0 else { return conclude(now) }
        phase = .clearing
        if !wasTold {
            next = .byPolicy
            (killAt, killPause) = (now.monotonic &+ service.stop.timeout, 0)
            let left = "\(rest == 1 ? "a process" : "\(rest) processes") of it"
            actions.append(
                end == .exited(0) && service.schedule == nil
                    ? .tell(
                        .warning, .servicesInBackground,
                        "its program has ended and left \(left) in the background, which \(rest == 1 ? "is" : "are") ended "
                            + "with it: run the program in the foreground")
                    : .tell(.debug, nil, "\(left) \(rest == 1 ? "was" : "were") left, and must end"))
        }
        actions.append(.signalRest(service.stop.signal, withGroup: !wasTold))
        if let killAt, killAt <= now.monotonic { actions.append(.kill) }
    }

    private func failure(of end: ProcessEnd, _ reason: String?, wasTold: Bool) -> String? {
        if let forced { return forced }
        if wasTold { return nil }
        if let reason { return reason }
        switch end {
        case .exited(0):
            let isEarly = service.schedule == nil && service.readiness != .started && !isReady
            return isEarly ? "ended before it was ready" : nil
        case .exited(let code): return "ended with exit code \(code)"
        case .signaled(let signal): return "was ended by \(signal.name)"
        }
    }

    /// All processes have ended.
    mutating func conclude(_ now: Moment) {
        (killAt, killPause, isReady, process) = (nil, 0, false, nil)
        lastError = failure ?? ""
        if isEnding || next == .stay {
            if isEnding, let failure { actions.append(.tell(.debug, nil, failure)) }
            phase = .stopped
            return
        }
        if next == .again {
            restarts += 1
            return start(now)
        }
        let isLong = lastDuration ?? 0 >= service.backoff.resetAfter
        if service.schedule != nil {
            failuresInRow = failure == nil ? 0 : failuresInRow + 1
            concludeRun(now)
        } else {
            if isLong { (pauses, failuresInRow) = (0, 0) }
            failuresInRow = failure == nil ? 0 : failuresInRow + 1
            concludeService(isLong: isLong, now)
        }
    }

    /// The end of one of many runs.
    private mutating func concludeRun(_ now: Moment) {
        if let failure {
            if service.onFailure == .stop && failuresInRow >= Self.failureLimit {
                return fail("\(failure), for the \(Self.failureLimit)th time in a row", now)
            }
            schedule(now)
            let time = forced == nil ? " after \(TimeText.seconds(lastDuration ?? 0))" : ""
            tellFailure("the run \(failure)\(time)", "", now)
        } else {
            actions.append(.tell(.debug, nil, "the run took \(TimeText.seconds(lastDuration ?? 0))"))
            schedule(now)
        }
    }

    /// The end of a service that is to run for long.
    private mutating func concludeService(isLong: Bool, _ now: Moment) {
        let wantsRestart = service.restart == .always || service.restart == .onFailure && failure != nil
        guard wantsRestart else {
            guard let failure else {
                phase = .ended
                actions.append(.tell(.debug, nil, "ended after \(TimeText.seconds(lastDuration ?? 0))"))
                return
            }
            return fail(failure, now)
        }
        if service.onFailure == .stop, let failure {
            if isNeeded && isGivenUp && !wasReady { return fail(failure, now) }
            if failuresInRow >= Self.failureLimit {
                return fail("\(failure), for the \(Self.failureLimit)th time in a row", now)
            }
        }
        let wait = wait(isLong: isLong, now)
        let words = failure ?? "ended with exit code 0"
        let then = wait == 0 ? "it is started again" : "it is started again in \(TimeText.seconds(wait))"
        // A program that was ended for a reason of the keeper's had its time.
        let time = lastExit == nil || forced != nil ? "" : " after \(TimeText.seconds(lastDuration ?? 0))"
        tellFailure(words + time, then, now)
        restarts += 1
        if wait == 0 { return start(now) }
        phase = .pausing
        wake = now.monotonic &+ wait
    }

    /// It has failed for good.
    mutating func fail(_ reason: String, _ now: Moment) {
        (phase, wake, wakeReal) = (.failed, nil, nil)
        lastError = reason
        actions.append(.tell(.error, .servicesFailed, "has failed: it \(reason)"))
    }

    /// The wait before it is started again.
    private mutating func wait(isLong: Bool, _ now: Moment) -> UInt64 {
        if !isLong && service.backoff.first > 0 {
            let doubled = pauses < 40 ? service.backoff.first.multipliedReportingOverflow(by: 1 << pauses) : (0, true)
            pauses += 1
            return doubled.1 ? service.backoff.longest : min(doubled.0, service.backoff.longest)
        }
        hurries.removeAll { now.monotonic &- $0 >= Self.second }
        let wait = hurries.count >= Self.hurryLimit ? Self.hurryPause : 0
        if hurries.count >= Self.hurryLimit { hurries.removeFirst() }
        hurries.append(now.monotonic &+ wait)
        return wait
    }

    /// Tells of a failure; of the same one again and again only once a minute.
    private mutating func tellFailure(_ words: String, _ then: String, _ now: Moment) {
        let text = failure ?? ""
        let isNews = told.text != text
        if isNews { told = (text, 0, 0) }
        told.count += 1
        let isMissing = wasExecuted == false
        let isLoud = told.count <= (isMissing ? 1 : 3) || now.monotonic &- told.time >= 60 * Self.second
        let count = told.count > 3 ? " (\(told.count) times in a row)" : ""
        if isLoud { told.time = now.monotonic }
        let level: LogRelay.Level = !isLoud ? .debug : failure == nil ? .info : .warning
        let id: MessageIdentifier = isExecuted ? .servicesEnded : .servicesNotStarted
        actions.append(
            .tell(level, failure == nil ? nil : id, words + count + (then.isEmpty ? "" : "; \(then)")))
    }

    /// Waits for the next run.
    mutating func schedule(_ now: Moment) {
        phase = .scheduled
        var jitter: UInt64 = 0
        if service.jitter > 0 {
            // xorshift64: nobody has to be unable to guess it.
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            jitter = random % (service.jitter &+ 1)
        }
        switch service.schedule {
        case .every(let interval): wake = now.monotonic &+ interval &+ jitter
        case .at(let line):
            guard let time = nextTime(line, now.real) else {
                return fail("is never due again (\(line.text))", now)
            }
            wakeReal = time &+ jitter
            wake = now.monotonic &+ (time &+ jitter &- min(now.real, time))
        case nil: start(now)
        }
    }

    /// The clock of the day was set: the times of a cron line are other ones.
    ///
    /// - Returns: what is to be done, in order.
    package mutating func takeNewClock(at now: Moment) -> [ServiceAction] {
        if phase == .scheduled, wakeReal != nil { schedule(now) }
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// How it is, as people are told it.
    package func state(at now: Moment) -> ServiceState {
        let told: ServiceState.Phase =
            switch phase {
            case .waiting: .waiting
            case .starting, .pausing: .starting
            case .running: .running
            case .scheduled: .scheduled
            case .stopping, .clearing: .stopping
            case .stopped: .stopped
            case .ended: .ended
            case .failed: .failed
            }
        let schedule =
            switch service.schedule {
            case .every(let time): "every \(TimeText.seconds(time))"
            case .at(let line): line.text
            case nil: ""
            }
        var state = ServiceState(
            name: service.name, identity: service.identity.rawValue, phase: told, isReady: isReady, schedule: schedule,
            after: service.after)
        (state.process, state.statusText, state.lastExit, state.restarts) = (process, statusText, lastExit, restarts)
        (state.started, state.lastDuration, state.lastError) = (started?.real, lastDuration, lastError)
        state.next = wakeReal ?? wake.map { now.real(at: $0) }
        return state
    }
}
