import Init
import Linux
import Testing

/// What happens to an init, and what it does about it.
struct Story: Sendable, CustomTestStringConvertible {
    let name: String
    var options = InitOptions()
    var hasTerminal = false
    /// Milliseconds, an event, and the actions in words.
    let course: [(time: UInt64, event: Supervisor.Event, actions: String)]
    /// Milliseconds at which the init wants to be woken at the end; `nil` for never.
    let deadline: UInt64?

    var testDescription: String { name }
}

extension Supervisor.Action {
    /// The action as the tables below write it.
    fileprivate var words: String {
        switch self {
        case .nothing: "nothing"
        case .signalCommand(let signal, let wholeGroup): "\(wholeGroup ? "group" : "child") \(signal.name.dropFirst(3))"
        case .resumeStopped: "resume stopped"
        case .hangUp: "hang up"
        case .signalRest(let signal): "rest \(signal.name.dropFirst(3))"
        case .resumeRest: "resume rest"
        case .hangUpRest: "hang up rest"
        case .suspend(let signal): "suspend \(signal.name.dropFirst(3))"
        case .stopItself(let signal): "stop itself for \(signal.name.dropFirst(3))"
        case .tellKeeper(let index, let milliseconds): "keeper \(index) TERM \(milliseconds)"
        case .killKeeper(let index): "keeper \(index) KILL"
        case .warnOfKeeper(let end): "warn of keeper: \(end)"
        case .giveTerminal: "give terminal"
        case .returnTerminal: "return terminal"
        case .exit(let code): "exit \(code)"
        }
    }
}

extension InitOptions {
    func with(_ change: (inout InitOptions) throws -> Void) rethrows -> InitOptions {
        var copy = self
        try change(&copy)
        return copy
    }
}

private let toldRest = "rest TERM, resume rest, hang up rest"
/// An interactive shell may be missed by one look for it.
private let looks: [(time: UInt64, event: Supervisor.Event, actions: String)] = [
    (1100, .time, "hang up rest"), (1200, .time, "hang up rest"), (1300, .time, "hang up rest"),
]
private let started: (time: UInt64, event: Supervisor.Event, actions: String) = (10, .commandStarted, "")

struct SupervisorTests {
    static let ends: [Story] = [
        Story(
            name: "a command that leaves nobody ends at once",
            course: [
                started, (500, .commandEnded(.exited(3)), "return terminal"),
                (500, .childless(others: false), "exit 3"),
            ], deadline: nil),
        Story(
            name: "what a command leaves has its grace, and is not told twice",
            course: [
                started, (1000, .commandEnded(.signaled(.kill)), "return terminal"), (1000, .childrenLeft, toldRest),
            ] + looks + [
                (2000, .orphanEnded, ""), (2000, .childrenLeft, ""), (3000, .orphanEnded, ""),
                (3000, .childless(others: false), "exit 137"),
            ], deadline: 11_000),
        Story(
            name: "after the grace it is killed, again and again, and after two seconds given up",
            course: [
                started, (1000, .commandEnded(.exited(0)), "return terminal"), (1000, .childrenLeft, toldRest),
            ] + looks + [
                (10_999, .time, ""), (11_000, .time, "rest KILL"), (11_000, .childrenLeft, ""), (11_099, .time, ""),
                (11_100, .time, "rest KILL"), (13_000, .time, "rest KILL, exit 0"),
            ], deadline: 13_100),
        Story(
            name: "a grace of 0 kills at once",
            options: InitOptions().with { $0.grace = 0 },
            course: [
                started, (1000, .commandEnded(.exited(0)), "return terminal"), (1000, .childrenLeft, toldRest),
                (1000, .time, "rest KILL"), (1000, .childless(others: false), "exit 0"),
            ], deadline: 1100),
        Story(
            name: "TERM while others are waited for leaves them a second",
            course: [
                started, (1000, .commandEnded(.exited(0)), "return terminal"), (1000, .childrenLeft, toldRest),
            ] + looks + [
                (1400, .signal(.terminate), ""), (2000, .time, "rest KILL"),
            ], deadline: 2100),
        Story(
            name: "TERM after more than a second kills at once, another signal does nothing",
            course: [
                started, (1000, .commandEnded(.exited(0)), "return terminal"), (1000, .childrenLeft, toldRest),
            ] + looks + [
                (3000, .signal(Signal(rawValue: 10)), ""), (3000, .time, ""), (4000, .signal(.terminate), ""),
                (4000, .time, "rest KILL"),
            ], deadline: 4100),
        Story(
            name: "processes that are not children are looked after every tenth of a second",
            course: [
                started, (1000, .commandEnded(.exited(0)), "return terminal"),
                (1000, .childless(others: true), toldRest),
            ] + looks + [
                (1300, .childless(others: true), ""), (1400, .time, ""), (1400, .childless(others: false), "exit 0"),
            ], deadline: 11_000),
        Story(
            name: "a denied child is asked for again, and the command goes on",
            course: [started, (1000, .childless(others: false), ""), (1100, .time, ""), (1100, .childrenLeft, "")],
            deadline: nil),
        Story(
            name: "a named code is success",
            options: InitOptions().with { $0.remappedExits.insert(143) },
            course: [
                started, (20, .commandEnded(.signaled(.terminate)), "return terminal"),
                (20, .childless(others: false), "exit 0"),
            ], deadline: nil),
    ]

    static let signals: [Story] = [
        Story(
            name: "signals go to the group, and nothing is killed by the clock",
            course: [
                started, (100, .signal(.terminate), "group TERM, resume stopped"),
                (200, .signal(.terminate), "group TERM, resume stopped"),
                (300, .signal(Signal(rawValue: 64)), "group RTMIN+30"), (999_999, .time, ""),
            ], deadline: nil),
        Story(
            name: "or to the child alone",
            options: InitOptions().with { $0.forwardTo = .child },
            course: [started, (100, .signal(.hangup), "child HUP"), (200, .signal(.terminate), "child TERM")],
            deadline: nil),
        Story(
            name: "one is rewritten, one is dropped",
            options: InitOptions().with {
                $0.rewrites.rewrite(.terminate, to: .quit)
                $0.rewrites.rewrite(.interrupt, to: nil)
            },
            course: [
                started, (100, .signal(.terminate), "group QUIT, resume stopped"), (100, .signal(.interrupt), ""),
            ], deadline: nil),
        Story(
            name: "a stop timeout counts from the first request, and not from signals that are none",
            options: InitOptions().with { $0.stopTimeout = 5_000_000_000 },
            course: [
                started, (100, .signal(Signal(rawValue: 10)), "group USR1"),
                (1000, .signal(.terminate), "group TERM, resume stopped"),
                (3000, .signal(.terminate), "group TERM, resume stopped"), (5999, .time, ""),
                (6000, .time, "group KILL"),
            ], deadline: nil),
        Story(
            name: "HUP without a terminal is no request to stop",
            options: InitOptions().with { $0.stopTimeout = 5_000_000_000 },
            course: [started, (100, .signal(.hangup), "group HUP")], deadline: nil),
        Story(
            name: "HUP is a request to stop on a terminal",
            options: InitOptions().with { $0.stopTimeout = 5_000_000_000 }, hasTerminal: true,
            course: [started, (100, .signal(.hangup), "group HUP, resume stopped")], deadline: 5100),
        Story(
            name: "a stop timeout holds for a rewritten signal",
            options: InitOptions().with {
                $0.stopTimeout = 5_000_000_000
                $0.rewrites.rewrite(.windowChange, to: .quit)
            },
            course: [started, (100, .signal(.windowChange), "group QUIT, resume stopped")], deadline: 5100),
        Story(
            name: "a stopped command is continued to take TERM",
            course: [
                started, (100, .commandStopped(by: .stop), ""),
                (200, .signal(.terminate), "group TERM, child CONT, resume stopped"),
                (200, .commandContinued, ""), (300, .signal(.terminate), "group TERM, resume stopped"),
            ], deadline: nil),
        Story(
            name: "on a terminal TERM may be a hang-up, which waits for the job that has the terminal",
            hasTerminal: true,
            course: [
                started, (100, .signal(.terminate), "group TERM, resume stopped, hang up"), (100, .terminalInUse, ""),
                (200, .time, "hang up"), (200, .terminalInUse, ""), (300, .time, "hang up"),
            ], deadline: nil),
        Story(
            name: "a shell that has missed the hang-up is hung up again, until it ends",
            hasTerminal: true,
            course: [
                started, (100, .signal(.terminate), "group TERM, resume stopped, hang up"), (100, .hungUp, ""),
                (1100, .time, "hang up"), (1100, .hungUp, ""),
                (1500, .commandEnded(.signaled(.hangup)), "return terminal"),
                (1500, .childless(others: false), "exit 129"),
            ], deadline: nil),
        Story(
            name: "a command that does not ignore TERM is looked at four times",
            hasTerminal: true,
            course: [
                started, (100, .signal(.terminate), "group TERM, resume stopped, hang up"),
                (100, .terminateNotIgnored, ""),
                (200, .time, "hang up"), (200, .terminateNotIgnored, ""), (300, .time, "hang up"),
                (300, .terminateNotIgnored, ""), (400, .time, "hang up"), (400, .terminateNotIgnored, ""),
            ], deadline: nil),
    ]

    static let boots: [Story] = [
        Story(
            name: "what would end a command ends the boot",
            course: [
                (100, .signal(.terminate), "group TERM, \(toldRest)"),
                (101, .commandEnded(.signaled(.terminate)), "return terminal"),
                (101, .childless(others: false), "exit 143"),
            ], deadline: 200),
        Story(
            name: "a boot that does not end is killed after 50 ms, its commands have the grace",
            course: [
                (100, .signal(.interrupt), "group TERM, \(toldRest)"), (149, .time, ""), (150, .time, "group KILL"),
                (160, .commandEnded(.signaled(.kill)), "return terminal"), (160, .childrenLeft, ""),
                (170, .orphanEnded, ""),
                (170, .childless(others: false), "exit 130"),
            ], deadline: 200),
        Story(
            name: "what would not end a command is not for the boot",
            course: [
                (1, .signal(.resume), ""), (2, .signal(.windowChange), ""), (3, .signal(.urgent), ""),
                (4, .signal(.terminalStop), ""),
            ], deadline: nil),
        Story(
            name: "a signal that is dropped does not end the boot",
            options: InitOptions().with { $0.rewrites.rewrite(.hangup, to: nil) },
            course: [(1, .signal(.hangup), "")], deadline: nil),
        Story(
            name: "the code of a failed boot is not remapped",
            options: InitOptions().with { $0.remappedExits.insert(78) },
            course: [(1, .commandEnded(.exited(78)), "return terminal"), (1, .childless(others: false), "exit 78")],
            deadline: nil),
        Story(
            name: "a boot that takes too long is killed, and given up if even that does not help",
            course: [
                (60_000, .bootOverdue, "group KILL, rest KILL"), (60_000, .childrenLeft, ""),
                (60_001, .bootOverdue, ""),
                (62_000, .time, "rest KILL, exit 125"),
            ], deadline: 62_100),
        Story(
            name: "a command is never overdue",
            course: [started, (60_000, .bootOverdue, "")], deadline: nil),
    ]

    static let jobs: [Story] = [
        Story(
            name: "the init is suspended with a command that the terminal stops, and goes on with it",
            hasTerminal: true,
            course: [
                started, (100, .commandStopped(by: .terminalStop), "suspend TSTP"),
                (5000, .resumed, "give terminal, group CONT"), (5000, .terminalGiven, "group CONT"),
                (5000, .commandContinued, ""),
            ], deadline: nil),
        Story(
            name: "if nobody could continue it, the command is",
            hasTerminal: true,
            course: [
                started, (100, .commandStopped(by: .terminalStop), "suspend TSTP"),
                (100, .notSuspended(.terminalStop), "group CONT"),
            ], deadline: nil),
        Story(
            name: "unless somebody stopped it by way of the init",
            hasTerminal: true,
            course: [
                started, (90, .signal(.terminalStop), "group TSTP, stop itself for TSTP"),
                (90, .notSuspended(.terminalStop), ""), (100, .commandStopped(by: .terminalStop), ""),
                (200, .signal(.resume), "group CONT"), (200, .commandContinued, ""),
                (300, .commandStopped(by: .terminalStop), "suspend TSTP"),
                (300, .notSuspended(.terminalStop), "group CONT"),
            ], deadline: nil),
        Story(
            name: "a reader in the background is continued only if it gets the terminal",
            hasTerminal: true,
            course: [
                started, (100, .commandStopped(by: .terminalInput), "suspend TTIN"),
                (100, .notSuspended(.terminalInput), "give terminal"), (100, .terminalGiven, "group CONT"),
            ], deadline: nil),
        Story(
            name: "a signal that stops, sent to the init, stops the command and the init, with a terminal or without",
            course: [
                started, (100, .signal(.terminalOutput), "group TTOU, stop itself for TTOU"),
                (900, .resumed, "give terminal, group CONT"), (900, .commandContinued, ""),
            ], deadline: nil),
        Story(
            name: "a stop that was sent on is taken back by TERM, even before anybody has stopped",
            course: [
                started, (100, .signal(.terminalStop), "group TSTP, stop itself for TSTP"),
                (110, .signal(.terminate), "group TERM, group CONT, resume stopped"),
                (120, .signal(.terminate), "group TERM, resume stopped"),
            ], deadline: nil),
        Story(
            name: "one that is rewritten or dropped stops nobody",
            options: InitOptions().with {
                $0.rewrites.rewrite(.terminalStop, to: .interrupt)
                $0.rewrites.rewrite(.terminalInput, to: nil)
            },
            course: [
                started, (100, .signal(.terminalInput), ""),
                (200, .signal(.terminalStop), "group INT, resume stopped"),
            ], deadline: nil),
        Story(
            name: "STOP is somebody's order", hasTerminal: true,
            course: [started, (100, .commandStopped(by: .stop), "")], deadline: nil),
        Story(
            name: "without a terminal there are no jobs",
            course: [started, (100, .commandStopped(by: .terminalStop), "")], deadline: nil),
    ]

    @Test(arguments: ends + signals + boots + jobs + KeeperStories.ends + KeeperStories.failures)
    func does(story: Story) {
        var supervisor = Supervisor(options: story.options, hasTerminal: story.hasTerminal)
        for step in story.course {
            let actions = supervisor.handle(step.event, at: step.time * 1_000_000)
            let words = (0..<actions.count).map { actions[$0].words }.joined(separator: ", ")
            #expect(words == step.actions, "at \(step.time) ms, \(step.event)")
        }
        #expect(supervisor.deadline.map { $0 / 1_000_000 } == story.deadline)
    }

    @Test func `the supervisor gives up on a command whose end somebody else took note of`() {
        var supervisor = Supervisor(options: InitOptions(), hasTerminal: false)
        _ = supervisor.handle(.commandStarted, at: 1)
        var last = Supervisor.Actions()
        for turn in 1...21 { last = supervisor.handle(.childless(others: false), at: UInt64(turn) * 100_000_000) }
        #expect(last.count == 1 && last[0] == .exit(125))
        #expect(supervisor.outcome == .lost)
    }

    @Test func `the supervisor remembers the first request and how many ended by themselves`() {
        var supervisor = Supervisor(options: InitOptions(), hasTerminal: false)
        _ = supervisor.handle(.commandStarted, at: 1)
        _ = supervisor.handle(.orphanEnded, at: 2)
        _ = supervisor.handle(.signal(.interrupt), at: 1000)
        _ = supervisor.handle(.signal(.terminate), at: 2000)
        _ = supervisor.handle(.commandEnded(.exited(0)), at: 5000)
        _ = supervisor.handle(.childrenLeft, at: 5000)
        _ = supervisor.handle(.orphanEnded, at: 6000)
        #expect(supervisor.stopSignal == .interrupt)
        #expect(supervisor.stopRequestedAt == 1000)
        #expect(supervisor.commandEndedAt == 5000)
        #expect(supervisor.othersEnded == 1)
    }
}
