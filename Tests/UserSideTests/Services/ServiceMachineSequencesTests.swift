import Boot
import Linux
import Testing
import UserSide

/// A service with its processes, in which whatever can happen may happen.
private struct World {
    var machine: ServiceMachine
    var now = Moment(monotonic: 1_000_000_000_000, real: 1_700_000_000_000_000_000)
    var isAlive = false
    var isExecuted = false
    var hasRest = false
    /// Whether the leader of this run had its signal.
    var isSignalled = false
    var isStopAsked = false
    var starts = 0
    var trace: [String] = []
    var mistake: String?

    enum Step: CaseIterable {
        case begin, execute, notExecuted, ready, endWell, endBadly, endWithRest, clear, time, start, stop, restart, end
    }

    init(_ service: Service) {
        machine = ServiceMachine(service, nextTime: { _, time in (time / 60_000_000_000 + 1) * 60_000_000_000 })
    }

    /// Whether a step can come.
    func mayCome(_ step: Step) -> Bool {
        switch step {
        case .begin: machine.phase == .waiting
        case .execute, .notExecuted: isAlive && !isExecuted
        case .ready: isAlive && isExecuted && machine.phase == .starting
        case .endWell, .endBadly, .endWithRest: isAlive && (isExecuted || step == .endBadly)
        case .clear: hasRest && !isAlive
        case .time: machine.due != nil
        case .start, .stop, .restart: true
        case .end: !isStopAsked
        }
    }

    mutating func go(_ step: Step) {
        trace.append("\(step)")
        switch step {
        case .begin: take(.begin)
        case .execute:
            isExecuted = true
            take(.executed)
        case .notExecuted: end(.exited(127), failure: "cannot start", rest: 0)
        case .ready: take(.ready)
        case .endWell: end(.exited(0), failure: nil, rest: 0)
        case .endBadly: end(.exited(1), failure: nil, rest: 0)
        case .endWithRest:
            hasRest = true
            end(.exited(0), failure: nil, rest: 1)
        case .clear:
            hasRest = false
            take(.cleared)
        case .time: passTime()
        case .start: take(.order(.start))
        case .stop: take(.order(.stop))
        case .restart: take(.order(.restart))
        case .end:
            isStopAsked = true
            take(.stop(within: 1_000_000_000))
        }
    }

    private mutating func passTime() {
        guard let due = machine.due else { return }
        let step = due > now.monotonic ? due - now.monotonic : 0
        now.monotonic += step
        now.real += step
        let before = machine.phase
        take(.time)
        if let next = machine.due, next <= now.monotonic, machine.phase == before { fail("it is due again at once") }
    }

    private mutating func end(_ end: ProcessEnd, failure: String?, rest: Int) {
        isAlive = false
        take(.ended(end, failure: failure, rest: rest))
    }

    private mutating func fail(_ words: String) {
        if mistake == nil { mistake = "\(words): \(trace.joined(separator: " ")) in \(machine.phase)" }
    }

    private mutating func take(_ event: ServiceEvent) {
        for action in machine.take(event, at: now) {
            switch action {
            case .start:
                if isAlive || hasRest { fail("two runs at once") }
                if isStopAsked { fail("a start after the end") }
                (isAlive, isExecuted, isSignalled) = (true, false, false)
                starts += 1
                _ = machine.take(.started(Int32(starts)), at: now)
            case .signal:
                if !isAlive { fail("a signal to nobody") }
                if isSignalled { fail("a second signal") }
                isSignalled = true
            case .signalRest(_, let withGroup):
                if isAlive || !hasRest { fail("a signal to a rest that is not there") }
                if withGroup && isSignalled { fail("a second signal to the group") }
            case .kill:
                if !isAlive && !hasRest { fail("KILL to nobody") }
            case .watch, .unwatch, .tell: break
            }
        }
        if machine.hasProcesses != (isAlive || hasRest) { fail("it is wrong about its processes") }
        if machine.process != nil && !isAlive { fail("it has a process that has ended") }
        switch machine.phase {
        case .waiting, .stopped, .ended, .failed:
            if machine.due != nil { fail("it is due in \(machine.phase)") }
        default:
            if machine.due == nil && machine.phase != .running && machine.phase != .clearing {
                fail("it waits for ever")
            }
        }
    }

    /// Ends it: only KILL ends its processes. Nothing may be left.
    mutating func finish() {
        if !isStopAsked { go(.end) }
        for _ in 0..<8 where machine.hasProcesses {
            passTime()
            if isAlive {
                end(.signaled(.kill), failure: nil, rest: hasRest ? 1 : 0)
            } else if hasRest {
                go(.clear)
            }
        }
        if isAlive || hasRest { fail("something is left") }
        switch machine.phase {
        case .stopped, .ended, .failed: break
        default: fail("it has not ended")
        }
    }
}

/// Every order of what can happen to a service.
struct ServiceMachineSequencesTests {
    private static let kinds: [(name: String, change: @Sendable (inout Service) -> Void)] = [
        ("plain", { _ in }),
        ("always, no back-off", { ($0.restart, $0.backoff.first) = (.always, 0) }),
        ("never", { $0.restart = .never }),
        ("ready by tcp, needed", { ($0.readiness, $0.onFailure) = (.tcp(1), .stop) }),
        ("every", { ($0.schedule, $0.timeout) = (.every(1_000_000_000), 5_000_000_000) }),
        ("watchdog", { $0.readiness = .notify(watchdog: 1_000_000_000) }),
        ("no time to stop", { $0.stop.timeout = 0 }),
    ]

    @Test(
        "no order of five or six events starts two runs at once, signals nobody or twice, or leaves anything",
        arguments: kinds.map { $0.name })
    func sequences(name: String) throws {
        let change = try #require(Self.kinds.first { $0.name == name }).change
        var service = Service(name: "web", command: ["/bin/web"])
        change(&service)
        var (count, mistakes) = (0, [String]())
        explore(World(service), depth: name == "plain" ? 6 : 5, &count, &mistakes)
        #expect(mistakes.isEmpty, "\(mistakes.prefix(3).joined(separator: "\n"))")
        #expect(count > 1000)
    }

    private func explore(_ world: World, depth: Int, _ count: inout Int, _ mistakes: inout [String]) {
        var last = world
        last.finish()
        count += 1
        if let mistake = world.mistake ?? last.mistake {
            mistakes.append(mistake)
            return
        }
        guard depth > 0 else { return }
        for step in World.Step.allCases where world.mayCome(step) {
            var next = world
            next.go(step)
            explore(next, depth: depth - 1, &count, &mistakes)
        }
    }
}
