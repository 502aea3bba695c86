internal import Linux

/// Which processes belong to which service.
///
/// A process belongs to a service if its parent does, if it is in a session that a process of the service led, or if its
/// environment says so (`ENTRYPOINT_SERVICE`). The keeper is the subreaper of all of them (prctl(2)): whoever loses its
/// parent becomes a child of the keeper's, and can be told by its session or its environment.
final class ServiceProcesses {
    private let table = ProcessTable()
    private let own = CurrentProcess.id
    private let entries: [[UInt8]]
    /// The processes that the keeper has started itself and has not waited for, and their services.
    private(set) var leaders: [Int32: Int] = [:]
    /// Processes that lead no service: probes and final runs.
    private var helpers: Set<Int32> = []
    /// The sessions of services. One counts as long as there may be processes in it: its number is not given to another
    /// process before.
    private var sessions: [Int32: Int] = [:]

    /// - Parameter names: the services' names.
    init(_ names: [String]) {
        entries = names.map { Array("\(ServiceProcesses.variable)=\($0)".utf8) }
    }

    /// The variable that says which service a process belongs to.
    static let variable = "ENTRYPOINT_SERVICE"

    /// Whether there are any processes that the keeper has started.
    var isEmpty: Bool { leaders.isEmpty }

    /// Adds a process that the keeper has started.
    ///
    /// - Parameter isHelper: whether it is a probe or a final run.
    func add(_ process: Int32, of service: Int, isHelper: Bool = false) {
        leaders[process] = service
        sessions[process] = service
        if isHelper { helpers.insert(process) }
    }

    /// Removes a process that is about to be waited for; its session still counts.
    func remove(_ process: Int32) {
        leaders[process] = nil
        if helpers.remove(process) != nil { sessions[process] = nil }
    }

    /// Forgets the sessions of a service that has no processes.
    func forgetSessions(of service: Int) {
        sessions = sessions.filter { $0.value != service || leaders[$0.key] != nil }
    }

    /// The service that a process belongs to; `nil` for none, and for a process that is not there.
    func owner(of process: Int32) -> Int? {
        var current = process
        for _ in 0..<1000 {
            if let service = leaders[current] { return service }
            guard let kinship = table.kinship(of: current) else { return nil }
            if kinship.parent == own { return owner(ofChild: current, kinship) }
            if kinship.parent <= 1 { return nil }
            current = kinship.parent
        }
        return nil
    }

    /// The service that an adopted child belongs to.
    private func owner(ofChild process: Int32, _ kinship: ProcessTable.Kinship) -> Int? {
        sessions[kinship.session] ?? sessions[kinship.group]
            ?? entries.firstIndex { table.environment(of: process, has: $0) }
    }

    /// Whether there is a process of this id.
    func exists(_ process: Int32) -> Bool { table.kinship(of: process) != nil }

    /// Whether a process is stopped.
    func isStopped(_ process: Int32) -> Bool { table.kinship(of: process)?.state == UInt8(ascii: "T") }

    /// The adopted children of a service that have not ended: they, and what descends from them, are all that is left of it
    /// when its leader has ended.
    ///
    /// - Returns: `nil` where nobody can tell: one that could belong to it ended during the look, and may have started
    ///   another, which was not seen.
    func rest(of service: Int) -> [Int32]? {
        for _ in 0..<10 {
            var (found, isSure): ([Int32], Bool) = ([], true)
            for process in table.children(of: own) where leaders[process] == nil {
                guard let kinship = table.kinship(of: process) else {
                    isSure = false
                    continue
                }
                if kinship.state == UInt8(ascii: "Z") {
                    let known = sessions[kinship.session] ?? sessions[kinship.group]
                    if known == nil || known == service { isSure = false }
                } else if owner(ofChild: process, kinship) == service {
                    found.append(process)
                }
            }
            if isSure || !found.isEmpty { return found }
        }
        return nil
    }

    /// A process, as it was found.
    private struct Found {
        let process: Int32
        let kinship: ProcessTable.Kinship
    }

    /// All processes of a service, those before that have started them.
    private func all(of service: Int) -> [Found] {
        var found: [Found] = []
        var members: Set<Int32> = []
        table.forEachDescendant(of: own) { process in
            guard let kinship = table.kinship(of: process) else { return }
            let owner: Int? =
                if let leader = leaders[process] {
                    leader
                } else if members.contains(kinship.parent) {
                    service
                } else if kinship.parent == own {
                    self.owner(ofChild: process, kinship)
                } else {
                    sessions[kinship.session]
                }
            guard owner == service else { return }
            members.insert(process)
            if kinship.state != UInt8(ascii: "Z") { found.append(Found(process: process, kinship: kinship)) }
        }
        return found
    }

    /// Sends a signal to a process if it is still the one that was found.
    private func send(_ signal: Signal, to found: Found) {
        Signals.send(signal, toProcess: found.process) {
            table.kinship(of: found.process)?.started == found.kinship.started
        }
    }

    /// Sends a signal to the process group of a leader that was not waited for: its number is nobody else's.
    func signal(_ signal: Signal, leader: Int32) {
        guard leaders[leader] != nil else { return }
        // Its group is there as soon as it has made its session.
        if Signals.send(signal, to: .group(leader)) != .sent { Signals.send(signal, to: .process(leader)) }
        if signal != .kill && isStopped(leader) { Signals.send(.resume, to: .group(leader)) }
    }

    /// Sends a signal to what is left of a service.
    ///
    /// - Parameter group: the process group that has had the signal already; `nil` for none.
    func signalRest(_ signal: Signal, of service: Int, without group: Int32?) {
        for found in all(of: service) where leaders[found.process] == nil && found.kinship.group != group {
            send(signal, to: found)
            if found.kinship.state == UInt8(ascii: "T") { send(.resume, to: found) }
        }
    }

    /// Kills all processes of a service. They are stopped first, until there are no more of them: who is stopped makes no
    /// others.
    func kill(_ service: Int) {
        var stopped: [Int32: Found] = [:]
        var emptyLooks = 0
        let deadline = Clock.monotonic + 50_000_000
        for _ in 0..<100 where emptyLooks < 2 && Clock.monotonic < deadline {
            let fresh = all(of: service).filter { stopped[$0.process]?.kinship.started != $0.kinship.started }
            // One that ended during the look may have started another.
            emptyLooks = fresh.isEmpty ? emptyLooks + 1 : 0
            for found in fresh {
                send(.stop, to: found)
                stopped[found.process] = found
            }
        }
        for found in stopped.values { send(.kill, to: found) }
    }

    /// Kills all that is left of all services, and what nobody can tell the service of.
    func killAll() {
        for _ in 0..<100 {
            var count = 0
            table.forEachDescendant(of: own) { process in
                guard let kinship = table.kinship(of: process), kinship.state != UInt8(ascii: "Z") else { return }
                count += 1
                send(.kill, to: Found(process: process, kinship: kinship))
            }
            while case .ended(let process) = Children.look(), Children.reap(process) != nil {}
            if count == 0 { return }
            Clock.sleep(nanoseconds: 1_000_000)
        }
    }
}
