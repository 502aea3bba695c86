internal import Linux

// The keepers of services: processes that the boot has started and that became the init's own children.
extension InitLoop {
    /// Takes note of what the boot says of keepers.
    mutating func lookForKeepers() {
        guard expectsKeepers else { return }
        while keeperCount < watch.keeperCount {
            let (process, endsContainer) = watch.keeper(keeperCount)
            keepers[keeperCount] = process
            keeperCount += 1
            tell(.keeperStarted(endsContainer: endsContainer))
        }
        if stopRequests < 0 && channel >= 0 && watch.hasStopRequests { takeGivenFiles() }
        // A boot that has ended starts none.
        if command == 0 { expectsKeepers = false }
    }

    /// Takes the files that the child has given.
    mutating func takeGivenFiles() {
        while let (file, purpose) = DescriptorChannel.receive(over: channel) {
            switch purpose {
            case .report: hasFileForEnd = DescriptorChannel.makeInput(file) || hasFileForEnd
            case .stopRequests where stopRequests < 0 && (try? Signals.announceReadable(file)) != nil:
                stopRequests = file
            default: OpenFiles.close(file)
            }
        }
    }

    /// Reads which services ask for the container's end.
    mutating func takeStopRequests() {
        while stopRequests >= 0 {
            var buffer = InlineArray<64, UInt8>(repeating: 0)
            var name = ServiceName()
            let count = withUnsafeMutableBytes(of: &buffer) { bytes in
                let count = OpenFiles.take(fromPipe: stopRequests, into: bytes)
                if let count { name = ServiceName(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
                return count
            }
            guard let count else { return }
            if count == 0 {
                // No keeper is left.
                OpenFiles.close(stopRequests)
                stopRequests = -1
            } else {
                if failedService.count == 0 { failedService = name }
                tell(.serviceFailed)
            }
        }
    }

    /// Which keeper a process is; `nil` for one that is none.
    func indexOfKeeper(_ process: Int32) -> Int? {
        for index in 0..<keeperCount where keepers[index] == process { return index }
        return nil
    }

    /// Asks a keeper to end. Its number cannot have come to mean another process, because nobody else takes the news of
    /// its end.
    func tellKeeper(_ index: Int, milliseconds: Int32) {
        let process = keepers[index]
        guard process != 0 else { return }
        Signals.sendQueued(.terminate, value: milliseconds, to: process)
        if remaining.table.entry(of: process)?.isStopped == true { Signals.send(.resume, to: .process(process)) }
    }

    func warnOfKeeper(_ end: ProcessEnd) {
        var line = MessageLine(.warning, id: InitMessage.keeperDied.name, isJSON: options.writesJSON)
        line.append("init")
        line.endStep()
        line.append("the keeper of services died (")
        line.append(end)
        line.append("): its services have ended with it")
        line.write(waitingMilliseconds: 0)
    }

    /// What is reported of the services' end.
    var servicesEnd: EndReport.Services {
        let keepers = supervisor.keepers
        let ended = keepers.killedAt != 0 ? keepers.killedAt : keepers.endedAt
        return EndReport.Services(
            failure: supervisor.failure, failed: failedService,
            timeToEnd: keepers.toldAt != 0 && ended > keepers.toldAt ? ended - keepers.toldAt : 0,
            wereTold: keepers.toldAt != 0, wereKilled: keepers.killedAt != 0)
    }
}
