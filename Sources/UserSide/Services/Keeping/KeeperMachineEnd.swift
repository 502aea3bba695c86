internal import Boot
internal import Linux
internal import Text

/// The end: services in reverse, one after another, then all final runs.
extension KeeperMachine {
    /// The time that a second request to stop leaves.
    package static var hurriedEnd: UInt64 { 1_000_000_000 }
    /// From KILL until a service that is still there is passed over.
    private static var patience: UInt64 { 500_000_000 }

    mutating func takeStop(_ time: UInt64?, _ now: Moment) {
        guard stage != .serving else { return beginEnd(code: 0, within: time, now) }
        let limit = now.monotonic &+ min(time ?? Self.hurriedEnd, Self.hurriedEnd)
        guard limit < deadline, stage != .over else { return }
        deadline = limit
        reserve = min(reserve, (deadline - now.monotonic) / 2)
        for (index, run) in finals { finals[index]?.killAt = min(run.killAt, limit) }
        // It is told again, with less time.
        if let index = current?.index { tellEnd(index, now) }
    }

    mutating func beginEnd(code: Int32, within time: UInt64?, _ now: Moment) {
        let whole = time ?? usualEnd
        (stage, exitCode, endBegan) = (.stopping, code, now.monotonic)
        deadline = now.monotonic &+ whole
        let kept = services.map { mayEndWithRun($0) ? $0.service.final?.reserve ?? 0 : 0 }.max() ?? 0
        // However much is kept, a service has some time to end.
        reserve = min(kept, whole / 4 * 3)
        for index in services.indices { pass(.end, to: index, now) }
    }

    /// Whether a service has a last run. One that was never allowed to start has none: what it would write may not be
    /// there yet. Nor has one that a person has stopped.
    private func mayEndWithRun(_ machine: ServiceMachine) -> Bool {
        machine.service.final != nil && machine.hasBegun && !machine.isStoppedByPerson
    }

    /// Tells a service to end, with its part of the time that is left.
    private mutating func tellEnd(_ index: Int, _ now: Moment) {
        let end = deadline - min(deadline, reserve)
        let whole = end > now.monotonic ? end - now.monotonic : 0
        // KILL needs some time, too.
        let slack = min(Self.patience, whole / 5)
        let left = whole - slack
        let wanted = services[...index].reduce(0 as UInt64) { sum, machine in
            machine.hasProcesses ? sum &+ machine.service.stop.timeout : sum
        }
        let own = services[index].service.stop.timeout
        let time = wanted <= left ? own : UInt64(Double(own) * (Double(left) / Double(max(wanted, 1))))
        current = (index, now.monotonic &+ time &+ max(slack, 50_000_000))
        pass(.stop(within: time), to: index, now)
    }

    /// Goes on with the services before.
    mutating func stopNext(_ now: Moment) {
        if let current {
            if services[current.index].hasProcesses {
                guard now.monotonic >= current.passAt else { return }
                // The last chance, if it was not there before.
                actions.append(.service(current.index, .kill))
                passed.insert(current.index)
                actions.append(
                    .tell(
                        .warning, .servicesNotEnded,
                        "\(services[current.index].service.name): it has not ended; the others end without it"))
            }
            self.current = nil
        }
        while let index = services.indices.last(where: { services[$0].hasProcesses && !passed.contains($0) }) {
            tellEnd(index, now)
            if services[index].hasProcesses { return }
            current = nil
        }
        beginFinals(now)
    }

    private mutating func beginFinals(_ now: Moment) {
        stage = .finals
        for (index, machine) in services.enumerated() {
            guard let final = machine.service.final, mayEndWithRun(machine), !passed.contains(index) else { continue }
            let limit = min(final.timeout, deadline > now.monotonic ? deadline - now.monotonic : 0)
            finals[index] = FinalRun(
                started: now.monotonic, limit: limit, killAt: now.monotonic &+ limit)
            actions.append(.startFinal(index))
        }
    }

    mutating func takeFinal(_ index: Int, _ process: Int32?, _ reason: String, _ now: Moment) {
        guard finals[index] != nil else { return }
        if let process {
            finals[index]?.process = process
        } else {
            finals[index] = nil
            tellFinal(index, "could not be started: \(reason)")
        }
    }

    mutating func takeFinalEnd(_ index: Int, _ end: ProcessEnd, _ failure: String?, _ now: Moment) {
        guard let run = finals.removeValue(forKey: index) else { return }
        let time = TimeText.seconds(now.monotonic &- run.started)
        if run.isKilled {
            tellFinal(index, "took longer than \(TimeText.seconds(run.limit)) and was killed")
        } else if let failure {
            tellFinal(index, "could not be started: \(failure)")
        } else if end != .exited(0) {
            switch end {
            case .exited(let code): tellFinal(index, "ended with exit code \(code) after \(time)")
            case .signaled(let signal): tellFinal(index, "was ended by \(signal.name) after \(time)")
            }
        } else {
            actions.append(.service(index, .tell(.info, nil, "the final run took \(time)")))
        }
    }

    private mutating func tellFinal(_ index: Int, _ words: String) {
        actions.append(.service(index, .tell(.warning, .servicesFinalRun, "the final run \(words)")))
    }

    /// Ends final runs whose time is over, and then everything.
    mutating func endFinals(_ now: Moment) {
        for (index, run) in finals where run.killAt <= now.monotonic {
            finals[index]?.isKilled = true
            finals[index]?.killAt = now.monotonic &+ 100_000_000
            actions.append(.killFinal(index))
            if run.isKilled && now.monotonic >= deadline {
                finals[index] = nil
                tellFinal(index, "was killed, and has not ended")
            }
        }
        guard finals.isEmpty else { return }
        stage = .over
        actions.append(.tell(.debug, nil, "the services ended in \(TimeText.seconds(now.monotonic &- endBegan))"))
        actions.append(.exit(exitCode))
    }
}
