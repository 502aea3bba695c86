import Boot
import Linux
import Testing
import UserSide

/// A keeper's machine with a clock that is set by hand; its processes do what they are told, at once or never.
private struct KeeperSite {
    var machine: KeeperMachine
    var now = Moment(monotonic: 1_000_000_000_000, real: 1_700_000_000_000_000_000)
    /// What was done, such as `start a`.
    var deeds: [String] = []
    /// The services that do not end when they are told to.
    var deaf: Set<String> = []
    /// The services that do not become ready.
    var slow: Set<String> = []
    var exit: Int32?
    private let names: [String]
    private var process: Int32 = 100

    init(_ services: [Service], isByHand: Bool = false, usualEnd: UInt64 = 8_000_000_000) {
        names = services.map { $0.name }
        machine = KeeperMachine(services, isByHand: isByHand, usualEnd: usualEnd) { _, _ in nil }
    }

    mutating func begin() { perform(machine.begin(at: now)) }

    mutating func take(_ event: KeeperEvent) { perform(machine.take(event, at: now)) }

    mutating func take(_ name: String, _ event: ServiceEvent) {
        if let index = names.firstIndex(of: name) { take(.service(index, event)) }
    }

    /// Goes on until a time has passed.
    mutating func pass(_ nanoseconds: UInt64) {
        let end = now.monotonic + nanoseconds
        while exit == nil, let due = machine.due, due <= end {
            step(to: max(due, now.monotonic))
            take(.time)
        }
        step(to: end)
    }

    private mutating func step(to time: UInt64) {
        now.real += time - now.monotonic
        now.monotonic = time
    }

    private mutating func perform(_ actions: [KeeperAction]) {
        for action in actions {
            switch action {
            case .service(let index, let action): perform(action, index)
            case .ready: deeds.append("ready")
            case .refuse(let words): deeds.append("refuse \(words)")
            case .requestEnd(let index): deeds.append("request by \(names[index])")
            case .startFinal(let index):
                deeds.append("final \(names[index])")
                process += 1
                take(.finalStarted(index, process, ""))
            case .killFinal(let index):
                deeds.append("kill final \(names[index])")
                take(.finalEnded(index, .signaled(.kill), failure: nil))
            case .tell: break
            case .exit(let code):
                exit = code
                deeds.append("exit \(code)")
            }
        }
    }

    private mutating func perform(_ action: ServiceAction, _ index: Int) {
        let name = names[index]
        switch action {
        case .start:
            deeds.append("start \(name)")
            process += 1
            take(name, .started(process))
            take(name, .executed)
        case .watch:
            if !slow.contains(name) { take(name, .ready) }
        case .signal:
            deeds.append("signal \(name)")
            if !deaf.contains(name) { take(name, .ended(.exited(0), failure: nil, rest: 0)) }
        case .kill:
            deeds.append("kill \(name)")
            take(name, .ended(.signaled(.kill), failure: nil, rest: 0))
        default: break
        }
    }
}

/// All services of a keeper.
struct KeeperMachineTests {
    private static let s: UInt64 = 1_000_000_000

    private func service(_ name: String, after: [String] = [], _ change: (inout Service) -> Void = { _ in }) -> Service
    {
        var service = Service(name: name, command: ["/bin/\(name)"])
        service.after = after
        change(&service)
        return service
    }

    @Test("services start when those before them are ready, and end in reverse, one after another")
    func order() {
        var site = KeeperSite([
            service("a") { $0.readiness = .tcp(1) }, service("b", after: ["a"]), service("c"),
            service("d", after: ["b"]) { $0.start = .afterCommand },
        ])
        site.slow = ["a"]
        site.begin()
        #expect(site.deeds == ["start a", "start c"])
        site.take("a", .ready)
        #expect(site.deeds == ["start a", "start c", "start b", "ready"])
        site.take(.commandRuns)
        #expect(site.deeds.last == "start d")
        site.deeds = []
        site.take(.stop(within: nil))
        #expect(site.deeds == ["signal d", "signal c", "signal b", "signal a", "exit 0"])
    }

    @Test("a stop during the start ends what runs, and starts nothing more")
    func early() {
        var site = KeeperSite([
            service("a"), service("b") { $0.readiness = .tcp(1) },
            service("c", after: ["b"]) { $0.final = .init(timeout: Self.s, reserve: Self.s) },
        ])
        site.slow = ["b"]
        site.begin()
        site.take(.stop(within: Self.s))
        #expect(site.deeds == ["start a", "start b", "signal b", "signal a", "exit 0"])
    }

    @Test("the command does not wait for a service that is given up, unless it needs it")
    func givenUp() {
        for isNeeded in [false, true] {
            var site = KeeperSite([
                service("a"),
                service("b") {
                    ($0.readiness, $0.readyTimeout) = (.tcp(1), 2 * Self.s)
                    $0.onFailure = isNeeded ? .stop : .ignore
                },
            ])
            site.slow = ["b"]
            site.begin()
            site.pass(Self.s)
            #expect(site.deeds == ["start a", "start b"])
            site.pass(Self.s)
            #expect(
                site.deeds
                    == (isNeeded
                        ? [
                            "start a", "start b", "signal b", "refuse b was not ready within 2 s", "signal a",
                            "exit 125",
                        ] : ["start a", "start b", "signal b", "ready"]))
        }
    }

    @Test("a service that fails for good asks for the end of the container once, and the keeper goes on")
    func request() {
        var site = KeeperSite([
            service("a"), service("b") { ($0.restart, $0.onFailure) = (.never, .stop) },
        ])
        site.begin()
        site.take("b", .ended(.exited(1), failure: nil, rest: 0))
        site.take("a", .ended(.exited(1), failure: nil, rest: 0))
        site.pass(Self.s)
        #expect(site.deeds == ["start a", "start b", "ready", "request by b", "start a"])
        var byHand = KeeperSite(
            [service("a"), service("b") { ($0.restart, $0.onFailure) = (.never, .stop) }], isByHand: true)
        byHand.begin()
        byHand.take("b", .ended(.exited(1), failure: nil, rest: 0))
        #expect(byHand.deeds == ["start a", "start b", "ready", "signal a", "exit 125"])
    }

    @Test("by hand it ends when everything has ended")
    func nothingLeft() {
        for (code, end) in [(0, ProcessEnd.exited(0)), (1, .exited(1))] {
            var site = KeeperSite([service("a") { $0.restart = .never }], isByHand: true)
            site.begin()
            site.take("a", .ended(end, failure: nil, rest: 0))
            #expect(site.deeds == ["start a", "ready", "exit \(code)"])
        }
    }

    @Test("the time that is left is shared, what is reserved is kept for the final runs, and all ends in time")
    func deadline() {
        let names = ["a", "b", "c", "d"]
        var site = KeeperSite(
            names.map { name in
                service(name) { if name == "a" { $0.final = .init(timeout: 3 * Self.s, reserve: 3 * Self.s) } }
            }, usualEnd: 8 * Self.s)
        site.deaf = Set(names)
        site.begin()
        site.deeds = []
        let start = site.now.monotonic
        site.take(.stop(within: nil))
        site.pass(1_300_000_000)
        // Each has a quarter of the 5 s that are not reserved.
        #expect(site.deeds == ["signal d", "kill d", "signal c"])
        while site.exit == nil && site.now.monotonic < start + 20 * Self.s { site.pass(100_000_000) }
        #expect(site.now.monotonic - start <= 8 * Self.s)
        #expect(site.deeds.suffix(4) == ["kill a", "final a", "kill final a", "exit 0"])
    }

    @Test("a second request leaves one second")
    func second() {
        var site = KeeperSite(["a", "b"].map { service($0) }, usualEnd: 60 * Self.s)
        site.deaf = ["a", "b"]
        site.begin()
        site.take(.stop(within: nil))
        site.pass(Self.s)
        site.take(.stop(within: nil))
        let start = site.now.monotonic
        while site.exit == nil && site.now.monotonic < start + 60 * Self.s { site.pass(10_000_000) }
        #expect(site.exit == 0 && site.now.monotonic - start <= Self.s)
    }

    @Test("final runs are made of services that were allowed to start and that nobody has stopped")
    func finals() {
        var site = KeeperSite([
            service("a") { $0.final = .init(timeout: Self.s, reserve: Self.s) },
            service("b") { $0.final = .init(timeout: Self.s, reserve: Self.s) },
            service("c") { ($0.final, $0.start) = (.init(timeout: Self.s, reserve: Self.s), .afterCommand) },
        ])
        site.begin()
        site.take(.order(0, .stop))
        site.deeds = []
        site.take(.stop(within: 5 * Self.s))
        #expect(site.deeds == ["signal b", "final b"])
        site.take(.finalEnded(1, .exited(0), failure: nil))
        #expect(site.deeds.last == "exit 0")
    }
}
