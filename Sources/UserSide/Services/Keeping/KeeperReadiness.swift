internal import Boot
internal import Linux
internal import Text

/// Finds out when services are ready.
extension Keeper {
    private static var shortestPause: UInt64 { 2_000_000 }
    private static var longestPause: UInt64 { 250_000_000 }
    /// The longest time that a program may take to find out.
    private static var probeLimit: UInt64 { 5_000_000_000 }

    func watch(_ run: ServiceRun) {
        run.isWatched = true
        run.pause = Self.shortestPause
        switch run.service.readiness {
        case .started: break
        case .file, .tcp, .exec: look(after: run)
        case .descriptor:
            watch(run.readyPipe, run) { [unowned self] in takeReadyPipe(run) }
        case .notify:
            // It is watched from the first start on.
            takeDatagrams(run)
        }
    }

    private func watch(_ descriptor: CInt, _ run: ServiceRun, _ body: @escaping () -> Void) {
        do throws(SystemCallError) {
            try loop.watch(descriptor, .readable) { _ in body() }
        } catch {
            trouble("cannot wait for its word", error, of: run.service.name)
        }
    }

    func unwatch(_ run: ServiceRun) {
        run.isWatched = false
        run.nextLook = nil
        endTrials(run)
        if let probe = run.probe { processes.signal(.kill, leader: probe.process) }
        closeReadyPipe(run)
    }

    func closeReadyPipe(_ run: ServiceRun) {
        guard run.readyPipe >= 0 else { return }
        loop.unwatch(run.readyPipe)
        OpenFiles.close(run.readyPipe)
        run.readyPipe = -1
    }

    /// Looks whether it is ready.
    func look(after run: ServiceRun) {
        run.nextLook = nil
        // Nobody tells of its program.
        if run.report >= 0 {
            _ = takeReport(run)
            if run.report >= 0 { run.nextLook = Clock.monotonic + Self.shortestPause }
        }
        guard run.isWatched else { return }
        run.nextLook = Clock.monotonic + run.pause
        run.pause = min(run.pause * 2, Self.longestPause)
        switch run.service.readiness {
        case .file: takeFile(run)
        case .tcp(let port): tryPort(run, port)
        case .exec(let command): startProbe(run, command)
        default: run.nextLook = nil
        }
    }

    /// What a service may have told before its end.
    func takeLastReadiness(_ run: ServiceRun) {
        if run.isWatched, case .file = run.service.readiness { takeFile(run) }
        if run.readyPipe >= 0 { takeReadyPipe(run) }
        if run.notify != nil { takeDatagrams(run) }
    }

    private func takeFile(_ run: ServiceRun) {
        guard case .file(let path) = run.service.readiness,
            let status = (try? FileTree().status(path, links: .follow)) ?? nil
        else { return }
        if status.isChanged(since: run.started) { feed(run, .ready) }
    }

    // A port.

    private func tryPort(_ run: ServiceRun, _ port: UInt16) {
        endTrials(run)
        for six in [false, true] where run.isWatched {
            guard let trial = try? ConnectionTrial(port: port, six: six) else { continue }
            if trial.isDone { return feed(run, .ready) }
            let box = TrialBox(trial)
            run.trials.append(box)
            do throws(SystemCallError) {
                try loop.watch(box.trial.descriptor, .writable) { [unowned self] _ in
                    let isConnected = box.trial.isConnected
                    loop.unwatch(box.trial.descriptor)
                    run.trials.removeAll { $0 === box }
                    if isConnected { feed(run, .ready) }
                }
            } catch {
                run.trials.removeAll { $0 === box }
            }
        }
    }

    private func endTrials(_ run: ServiceRun) {
        for box in run.trials { loop.unwatch(box.trial.descriptor) }
        run.trials.removeAll()
    }

    // A program.

    private func startProbe(_ run: ServiceRun, _ command: [String]) {
        if let probe = run.probe {
            // It takes too long.
            run.probeTime += run.pause
            if run.probeTime >= Self.probeLimit { processes.signal(.kill, leader: probe.process) }
            return
        }
        run.probeTime = 0
        do throws(ServiceProgram.Refusal) {
            let start = try run.program.start(command)
            let output = (try? OpenFiles.nullDevice()) ?? -1
            defer { if output >= 0 { OpenFiles.close(output) } }
            if let (process, report) = try? start.start(
                input: input, output: output >= 0 ? output : run.output.writing, ready: nil)
            {
                run.probe = (process, report)
                processes.add(process, of: run.index, isHelper: true)
            }
        } catch {
            tellProbe(run, error.words)
        }
    }

    func takeProbeEnd(_ run: ServiceRun, _ end: ProcessEnd) {
        guard let probe = run.probe else { return }
        run.probe = nil
        if case .failed(let step, let errno) = ServiceStart.report(from: probe.report),
            case .exec(let command) = run.service.readiness
        {
            tellProbe(run, run.program.words(step, errno, command: command))
        } else if end == .exited(0) && run.isWatched {
            feed(run, .ready)
        }
        OpenFiles.close(probe.report)
    }

    private func tellProbe(_ run: ServiceRun, _ words: String) {
        if run.isProbeTold { return }
        run.isProbeTold = true
        relay.say(.warning, run.service.name, "what finds out whether it is ready \(words)", .servicesNotReady)
    }

    // A line.

    private func takeReadyPipe(_ run: ServiceRun) {
        guard run.readyPipe >= 0 else { return }
        while let count = OpenFiles.readSome(run.readyPipe, into: buffer) {
            if buffer[..<count].contains(UInt8(ascii: "\n")) { return feed(run, .ready) }
            if count == 0 { return closeReadyPipe(run) }
        }
    }

    // Datagrams.

    /// Makes the socket that it tells its state to, once for all of its runs.
    func prepareNotify(_ run: ServiceRun) throws(SystemCallError) {
        guard case .notify = run.service.readiness, run.notify == nil else { return }
        let place = options.surroundings.socket(run.index)
        let box = NotifyBox(try DatagramSocket(at: place))
        try loop.watch(box.socket.descriptor, .readable) { [unowned self] _ in takeDatagrams(run) }
        run.notify = box
    }

    private func takeDatagrams(_ run: ServiceRun) {
        // A flood must not keep it from everything else.
        for _ in 0..<64 {
            guard let datagram = run.notify?.socket.next() else { return }
            if belongs(datagram, to: run) { take(datagram.bytes, run) }
        }
    }

    /// Whether a process of the service has sent it. One that has ended since cannot be asked about; then its user counts.
    private func belongs(_ datagram: DatagramSocket.Datagram, to run: ServiceRun) -> Bool {
        if let owner = processes.owner(of: datagram.sender) { return owner == run.index }
        // One of another pid namespace has no number here.
        return datagram.sender > 0 && datagram.user == CurrentProcess.effectiveUser
            && !processes.exists(datagram.sender)
    }

    private func take(_ message: [UInt8], _ run: ServiceRun) {
        for line in message.split(separator: UInt8(ascii: "\n")) {
            if line.elementsEqual("READY=1".utf8) {
                // It may come before it is known that the program runs.
                _ = takeReport(run)
                feed(run, .ready)
            } else if line.elementsEqual("WATCHDOG=1".utf8) {
                feed(run, .watchdog)
            } else if line.starts(with: "STATUS=".utf8) {
                feed(run, .status(Array(line.dropFirst(7).prefix(200)).shown(limit: 200)))
            } else if line.elementsEqual("STOPPING=1".utf8) {
                relay.say(.debug, run.service.name, "it says that it stops")
            }
        }
    }
}

extension FileStatus {
    /// Whether the file was changed at or after a time, in nanoseconds since 1970. Some file systems know whole seconds only,
    /// and the kernel's own time is some milliseconds old.
    fileprivate func isChanged(since time: UInt64) -> Bool {
        let seconds = UInt64(clamping: modified.seconds)
        if modified.nanoseconds == 0 { return seconds >= time / 1_000_000_000 }
        return seconds &* 1_000_000_000 &+ UInt64(clamping: modified.nanoseconds) &+ 20_000_000 >= time
    }
}
