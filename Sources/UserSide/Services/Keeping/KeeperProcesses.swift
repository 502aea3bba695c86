internal import Boot
internal import Linux

/// Processes begin and end.
extension Keeper {
    func takeSignals() {
        while let queued = signals.next() {
            switch queued.signal {
            case .child: break
            case .hangup where !options.isByHand: break
            // The end of the container is the init's business. A program of the user's that tells all others to end, or a
            // hostile service, must not take the services away in silence.
            case _ where !isObeyed(queued):
                relay.say(
                    .warning, nil,
                    "\(queued.signal.name) from process \(queued.sender) of user \(queued.user) is not obeyed: "
                        + "entrypointctl services stop ends a service", .servicesKeeper)
            default:
                // The value is the time that a parent gives it, in milliseconds.
                let time = queued.value.flatMap { $0 > 0 ? UInt64($0) * 1_000_000 : nil }
                feed(.stop(within: time))
            }
        }
        takeEnds()
    }

    /// Whether a signal that ends the keeper is from somebody who may end it.
    private func isObeyed(_ queued: SignalQueue.Queued) -> Bool {
        options.isByHand || queued.user == 0 || queued.sender == CurrentProcess.parent || queued.sender == initProcess
    }

    // A start.

    func start(_ run: ServiceRun) {
        do throws(ServiceProgram.Refusal) {
            let start = try run.program.start()
            do throws(SystemCallError) {
                try prepareOutput(run)
                try prepareNotify(run)
                try begin(run, start)
            } catch {
                throw ServiceProgram.Refusal(words: "cannot be started: \(error.reason) (\(error.symbol))")
            }
        } catch {
            feed(run, .notStarted(error.words))
        }
    }

    private func begin(_ run: ServiceRun, _ start: ServiceStart) throws(SystemCallError) {
        var ready: (source: CInt, target: CInt)?
        if case .descriptor(let number) = run.service.readiness {
            let pipe = try OpenFiles.makeReadPipe()
            run.readyPipe = pipe.reading
            ready = (pipe.writing, number)
        }
        defer { if let ready { OpenFiles.close(ready.source) } }
        run.started = Clock.realTime
        let process: Int32
        do throws(SystemCallError) {
            (process, run.report) = try start.start(input: input, output: run.output.writing, ready: ready)
        } catch {
            closeReadyPipe(run)
            throw error
        }
        run.process = process
        run.lastLeader = process
        processes.add(process, of: run.index)
        feed(run, .started(process))
        do throws(SystemCallError) {
            try loop.watch(run.report, .readable) { [unowned self] _ in _ = takeReport(run) }
        } catch {
            trouble("cannot wait for its program", error, of: run.service.name)
            // It is looked at when it is due.
            run.nextLook = Clock.monotonic + 20_000_000
        }
    }

    /// Finds out whether its program runs.
    ///
    /// - Returns: why it does not; `nil` where it does.
    func takeReport(_ run: ServiceRun) -> String? {
        guard run.report >= 0 else { return nil }
        let report = ServiceStart.report(from: run.report)
        if case .pending = report { return nil }
        loop.unwatch(run.report)
        OpenFiles.close(run.report)
        run.report = -1
        guard case .failed(let step, let errno) = report else {
            feed(run, .executed)
            return nil
        }
        run.failure = run.program.words(step, errno)
        return run.failure
    }

    // An end.

    /// Takes all children that have ended.
    func takeEnds() {
        lookAgain = look()
        for run in runs where machine.services[run.index].phase == .clearing {
            guard let rest = processes.rest(of: run.index) else {
                // Somebody ended while it was looked, and may have started another.
                lookAgain = lookAgain ?? Clock.monotonic + 50_000_000
                continue
            }
            guard rest.isEmpty else { continue }
            processes.forgetSessions(of: run.index)
            feed(run, .cleared)
        }
    }

    /// Takes children that have ended.
    ///
    /// - Returns: when to look again; `nil` for when the kernel tells of another one.
    private func look() -> UInt64? {
        // A flood of ends must not keep it from everything else.
        for _ in 0..<1000 {
            switch Children.look() {
            case .ended(let process):
                if !takeEnd(of: process) { return Clock.monotonic + 50_000_000 }
            case .none: return nil
            // A call that has failed tells nothing, nor does one that denies the children that there are.
            case .childless: return processes.isEmpty ? nil : Clock.monotonic + 50_000_000
            case .failed: return Clock.monotonic + 50_000_000
            }
        }
        return Clock.monotonic
    }

    /// - Returns: whether it could be waited for.
    private func takeEnd(of process: Int32) -> Bool {
        guard let index = processes.leaders[process] else { return Children.reap(process) != nil }
        let run = runs[index]
        if run.process == process { return takeEnd(of: run, process) }
        guard let end = Children.reap(process) else { return false }
        processes.remove(process)
        if run.probe?.process == process {
            takeProbeEnd(run, end)
        } else if run.final?.process == process {
            takeFinalEnd(run, end)
        }
        return true
    }

    private func takeEnd(of run: ServiceRun, _ process: Int32) -> Bool {
        _ = takeReport(run)
        takeLastReadiness(run)
        drain(run)
        // Its number is its own until it is waited for, so that nobody else is taken for a process of its session.
        let rest = processes.rest(of: run.index)?.count ?? 1
        guard let end = Children.reap(process) else { return false }
        processes.remove(process)
        if rest == 0 {
            processes.forgetSessions(of: run.index)
            run.channel.finish()
        }
        run.process = nil
        let failure = run.failure
        run.failure = nil
        unwatch(run)
        feed(run, .ended(end, failure: failure, rest: rest))
        return true
    }

    // The final run.

    func startFinal(_ run: ServiceRun) {
        let command = run.service.final?.command ?? []
        do throws(ServiceProgram.Refusal) {
            let start = try run.program.start(command.isEmpty ? nil : command)
            do throws(SystemCallError) {
                try prepareOutput(run)
                let (process, report) = try start.start(input: input, output: run.output.writing, ready: nil)
                run.final = (process, report)
                processes.add(process, of: run.index, isHelper: true)
                feed(.finalStarted(run.index, process, ""))
            } catch {
                throw ServiceProgram.Refusal(words: "\(error.reason) (\(error.symbol))")
            }
        } catch {
            feed(.finalStarted(run.index, nil, error.words))
        }
    }

    private func takeFinalEnd(_ run: ServiceRun, _ end: ProcessEnd) {
        guard let final = run.final else { return }
        run.final = nil
        var failure: String?
        if case .failed(let step, let errno) = ServiceStart.report(from: final.report) {
            let command = run.service.final?.command ?? []
            failure = run.program.words(step, errno, command: command.isEmpty ? nil : command)
        }
        OpenFiles.close(final.report)
        drain(run)
        feed(.finalEnded(run.index, end, failure: failure))
    }
}
