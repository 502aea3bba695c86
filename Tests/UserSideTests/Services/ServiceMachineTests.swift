import Boot
import Linux
import Testing
import UserSide

/// A machine with a clock that is set by hand.
struct MachineSite {
    var machine: ServiceMachine
    var now = Moment(monotonic: 1_000_000_000_000, real: 1_700_000_000_000_000_000)

    init(_ service: Service) {
        machine = ServiceMachine(service) { _, time in (time / 60_000_000_000 + 1) * 60_000_000_000 }
    }

    /// Time passes.
    mutating func pass(_ nanoseconds: UInt64) {
        now.monotonic += nanoseconds
        now.real += nanoseconds
    }

    @discardableResult
    mutating func take(_ event: ServiceEvent) -> [ServiceAction] {
        let actions = machine.take(event, at: now)
        if actions.contains(.start) { return actions + take(.started(100)) }
        return actions
    }

    /// Goes to the time that is due.
    @discardableResult
    mutating func wait() throws -> [ServiceAction] {
        let due = try #require(machine.due)
        pass(due > now.monotonic ? due - now.monotonic : 0)
        return take(.time)
    }

    /// The wait until it is due.
    var pause: UInt64? { machine.due.map { $0 - now.monotonic } }

    /// A run that ends by itself after a time.
    @discardableResult
    mutating func live(_ nanoseconds: UInt64, _ end: ProcessEnd = .exited(1)) -> [ServiceAction] {
        take(.executed)
        pass(nanoseconds)
        return take(.ended(end, failure: nil, rest: 0))
    }
}

extension [ServiceAction] {
    /// The signals and starts, without words.
    var deeds: [ServiceAction] {
        filter { action in
            if case .tell = action { false } else { action != .watch && action != .unwatch }
        }
    }

    func tells(_ id: MessageIdentifier) -> Bool {
        contains { action in
            if case .tell(_, id, _) = action { true } else { false }
        }
    }
}

/// What a service does.
struct ServiceMachineTests {
    private static let ms: UInt64 = 1_000_000
    private static let s: UInt64 = 1_000_000_000

    private func service(_ change: (inout Service) -> Void = { _ in }) -> Service {
        var service = Service(name: "web", command: ["/bin/web"])
        change(&service)
        return service
    }

    @Test(
        "a service that ends early is started again after half a second, which doubles to 30 s, and at once after 30 s of life"
    )
    func backoff() throws {
        var site = MachineSite(service())
        #expect(site.take(.begin).deeds == [.start])
        var waits: [UInt64] = []
        for _ in 0..<9 {
            site.live(10 * Self.ms)
            waits.append(try #require(site.pause) / Self.ms)
            #expect(site.machine.phase == .pausing)
            #expect(try site.wait().deeds == [.start])
        }
        #expect(waits == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
        #expect(site.live(30 * Self.s).deeds == [.start])
        site.live(10 * Self.ms)
        #expect(site.pause == 500 * Self.ms)
        #expect(site.machine.restarts == 11)
    }

    @Test("without back-off it is started again at once, but ten times a second at most")
    func hurry() throws {
        var site = MachineSite(service { $0.backoff.first = 0 })
        site.take(.begin)
        var starts = 0
        let begin = site.now.monotonic
        while site.now.monotonic < begin + 10 * Self.s {
            if site.machine.phase == .starting {
                starts += 1
                site.live(Self.ms)
            } else {
                try site.wait()
            }
        }
        #expect((90...120).contains(starts), "\(starts)")
    }

    @Test(
        "what becomes of a service that has ended",
        arguments: [
            (Service.Restart.onFailure, ProcessEnd.exited(0), ServiceMachine.Phase.ended),
            (.onFailure, .exited(1), .pausing), (.onFailure, .signaled(.kill), .pausing),
            (.always, .exited(0), .pausing), (.always, .exited(1), .pausing), (.never, .exited(0), .ended),
            (.never, .exited(1), .failed), (.never, .signaled(.terminate), .failed),
        ])
    func ends(restart: Service.Restart, end: ProcessEnd, phase: ServiceMachine.Phase) {
        var site = MachineSite(service { $0.restart = restart })
        site.take(.begin)
        site.live(Self.s, end)
        #expect(site.machine.phase == phase)
        #expect(site.machine.lastExit == end)
    }

    @Test(
        "a service that is not ready in time is ended and started again; one that the command needs has failed for good"
    )
    func notReady() throws {
        for isNeeded in [false, true] {
            var site = MachineSite(
                service {
                    ($0.readiness, $0.readyTimeout) = (.tcp(80), 2 * Self.s)
                    $0.onFailure = isNeeded ? .stop : .ignore
                })
            site.take(.begin)
            #expect(site.take(.executed) == [.watch])
            #expect(site.pause == 2 * Self.s && !site.machine.isSettled)
            let actions = try site.wait()
            #expect(actions.deeds == [.signal(.terminate)] && actions.tells(.servicesNotReady))
            #expect(site.machine.isSettled == !isNeeded)
            site.take(.ended(.exited(0), failure: nil, rest: 0))
            #expect(site.machine.phase == (isNeeded ? .failed : .pausing))
        }
    }

    @Test("a service that fails before it is ready is given up at its timeout, wherever it is then")
    func givenUp() throws {
        for isNeeded in [false, true] {
            var site = MachineSite(
                service {
                    ($0.readiness, $0.readyTimeout) = (.tcp(80), 2 * Self.s)
                    $0.onFailure = isNeeded ? .stop : .ignore
                })
            site.take(.begin)
            // 0.5 and 1 s of back-off, and then one of 2 s.
            for _ in 0..<3 {
                site.live(Self.ms)
                if site.machine.phase == .pausing && site.machine.restarts < 3 { try site.wait() }
            }
            #expect(!site.machine.isSettled)
            try site.wait()
            #expect(site.machine.isSettled)
            #expect(site.machine.phase == (isNeeded ? .failed : .pausing))
        }
    }

    @Test("with onFailure: stop, five failures in a row are one for good, unless it has lived for 30 s in between")
    func fiveFailures() throws {
        var site = MachineSite(service { $0.onFailure = .stop })
        site.take(.begin)
        for _ in 0..<4 {
            site.live(Self.s)
            try site.wait()
        }
        #expect(site.live(31 * Self.s).deeds == [.start])
        for _ in 0..<3 {
            site.live(Self.s)
            try site.wait()
        }
        #expect(site.live(Self.s).tells(.servicesFailed))
        #expect(site.machine.phase == .failed && site.machine.due == nil)
    }

    @Test("it gets its signal, then KILL, and what is left of it gets both, too")
    func stop() throws {
        var site = MachineSite(service { ($0.stop.signal, $0.stop.timeout) = (.interrupt, 3 * Self.s) })
        site.take(.begin)
        site.take(.executed)
        #expect(site.take(.order(.stop)).deeds == [.signal(.interrupt)])
        #expect(site.take(.order(.stop)).deeds == [])
        #expect(site.pause == 3 * Self.s)
        #expect(try site.wait().deeds == [.kill])
        #expect(
            site.take(.ended(.signaled(.kill), failure: nil, rest: 1)).deeds.first
                == .signalRest(.interrupt, withGroup: false))
        #expect(try site.wait().deeds == [.kill])
        site.take(.cleared)
        #expect(site.machine.phase == .stopped && site.machine.due == nil)
        #expect(site.take(.order(.start)).deeds == [.start])
    }

    @Test("what a program leaves behind is ended before it is started again, and a daemon is told of")
    func leftovers() throws {
        var site = MachineSite(service { $0.restart = .always })
        site.take(.begin)
        site.take(.executed)
        let actions = site.take(.ended(.exited(0), failure: nil, rest: 2))
        #expect(actions.deeds == [.signalRest(.terminate, withGroup: true)] && actions.tells(.servicesInBackground))
        #expect(site.machine.phase == .clearing)
        #expect(try site.wait().deeds == [.kill])
        site.take(.cleared)
        #expect(site.machine.phase == .pausing)
    }

    @Test("runs again and again: from the end of one to the next, with jitter, and never two at once")
    func every() throws {
        var site = MachineSite(service { ($0.schedule, $0.jitter) = (.every(10 * Self.s), Self.s) })
        #expect(site.take(.begin).deeds == [.start])
        var waits: Set<UInt64> = []
        for _ in 0..<20 {
            site.live(25 * Self.s, .exited(0))
            #expect(site.machine.phase == .scheduled && site.machine.isSettled)
            let wait = try #require(site.pause)
            #expect((10 * Self.s...11 * Self.s).contains(wait))
            waits.insert(wait)
            #expect(try site.wait().deeds == [.start])
        }
        #expect(waits.count > 10)
    }

    @Test("a cron line: at its times, after the clock was set at the new ones, and not before them")
    func at() throws {
        let line = try CronSchedule.parse("* * * * *")
        var site = MachineSite(service { $0.schedule = .at(line) })
        #expect(site.take(.begin).deeds == [] && site.machine.isSettled)
        let wait = try #require(site.pause)
        #expect(wait <= 60 * Self.s && (site.now.real + wait) % (60 * Self.s) == 0)
        // The clock was slowed down by 2 s.
        site.now.monotonic += wait
        site.now.real += wait - 2 * Self.s
        #expect(site.take(.time).deeds == [])
        #expect(site.pause == 2 * Self.s)
        // It was set back by half a minute.
        site.now.real -= 30 * Self.s
        _ = site.machine.takeNewClock(at: site.now)
        #expect(site.pause == 32 * Self.s)
        #expect(try site.wait().deeds == [.start])
    }

    @Test("a run that takes too long is ended, and has failed")
    func timeout() throws {
        var site = MachineSite(service { ($0.schedule, $0.timeout) = (.every(10 * Self.s), 5 * Self.s) })
        site.take(.begin)
        site.take(.executed)
        let actions = try site.wait()
        #expect(actions.deeds == [.signal(.terminate)] && actions.tells(.servicesOverdue))
        site.take(.ended(.exited(0), failure: nil, rest: 0))
        #expect(site.machine.phase == .scheduled && site.machine.lastError == "took longer than 5 s")
    }

    @Test("a watchdog that is not fed ends the service")
    func watchdog() throws {
        var site = MachineSite(service { $0.readiness = .notify(watchdog: 2 * Self.s) })
        site.take(.begin)
        site.take(.executed)
        site.take(.ready)
        for _ in 0..<5 {
            site.pass(Self.s)
            site.take(.watchdog)
        }
        #expect(site.pause == 2 * Self.s)
        #expect(try site.wait().deeds == [.signal(.terminate)])
        site.take(.ended(.exited(0), failure: nil, rest: 0))
        #expect(site.machine.phase == .pausing)
    }

    @Test("the same failure is told three times, and then once a minute; a missing program once")
    func told() throws {
        for isMissing in [false, true] {
            var site = MachineSite(service { $0.backoff.longest = Self.s })
            site.take(.begin)
            var loud = 0
            for _ in 0..<100 {
                let actions =
                    isMissing
                    ? site.take(.ended(.exited(127), failure: "cannot start", rest: 0)) : site.live(Self.ms)
                loud += actions.count { action in
                    if case .tell(.warning, _, _) = action { true } else { false }
                }
                try site.wait()
            }
            #expect(loud == (isMissing ? 2 : 4))
        }
    }
}
