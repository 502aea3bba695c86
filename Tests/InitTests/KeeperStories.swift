import Init
import Linux

private typealias Step = (time: UInt64, event: Supervisor.Event, actions: String)

private let toldRest = "rest TERM, resume rest, hang up rest"
private let started: Step = (10, .commandStarted, "")
private let root: Step = (1, .keeperStarted(endsContainer: false), "")
private let user: Step = (2, .keeperStarted(endsContainer: true), "")
private let ended: Step = (1000, .commandEnded(.exited(3)), "return terminal")

/// What keepers of services are told, and when. The grace is ten seconds unless a story says otherwise.
enum KeeperStories {
    static let ends: [Story] = [
        Story(
            name: "keepers end one after the other, and then what is left",
            course: [
                root, user, started, ended, (1000, .childrenLeft, "keeper 1 TERM 7000"), (1000, .childrenLeft, ""),
                (1500, .keeperEnded(1, .exited(0)), ""), (1500, .childrenLeft, "keeper 0 TERM 6500"),
                (2000, .keeperEnded(0, .exited(0)), ""), (2000, .childrenLeft, toldRest),
                (2000, .orphanEnded, ""), (2000, .childless(others: false), "exit 3"),
            ], deadline: 2100),
        Story(
            name: "what is left is killed two seconds before the grace is over",
            course: [
                user, started, ended, (1000, .childrenLeft, "keeper 0 TERM 7000"),
                (8000, .keeperEnded(0, .exited(0)), ""), (8000, .childrenLeft, toldRest),
                (9000, .time, "hang up rest, rest KILL"),
                (9000, .childless(others: false), "exit 3"),
            ], deadline: 9100),
        Story(
            name: "half of the time is for the user's keeper alone, and those that do not end are killed",
            course: [
                root, user, started, ended, (1000, .childrenLeft, "keeper 1 TERM 7000"), (4499, .time, ""),
                (4500, .time, "keeper 0 TERM 3500"), (8499, .time, ""), (8500, .time, "keeper 0 KILL, keeper 1 KILL"),
                (8500, .keeperEnded(0, .signaled(.kill)), ""), (8500, .childrenLeft, ""),
                (8501, .keeperEnded(1, .signaled(.kill)), ""), (8501, .childrenLeft, toldRest),
            ], deadline: 8601),
        Story(
            name: "of a short grace half is for KILL",
            options: InitOptions().with { $0.grace = 2_000_000_000 },
            course: [user, started, ended, (1000, .childrenLeft, "keeper 0 TERM 875")], deadline: 1937),
        Story(
            name: "without a grace everything is killed at once",
            options: InitOptions().with { $0.grace = 0 },
            course: [
                user, started, ended, (1000, .childrenLeft, "keeper 0 TERM 1"),
                (1000, .time, "keeper 0 KILL, rest KILL"),
            ], deadline: 1100),
        Story(
            name: "a second TERM leaves a second, a first one after the command's own end does not",
            course: [
                root, user, started, ended, (1000, .childrenLeft, "keeper 1 TERM 7000"),
                (2000, .signal(.terminate), ""), (3000, .signal(.terminate), "keeper 0 TERM 875"),
                (3500, .signal(.terminate), ""), (3937, .time, ""),
                (3938, .time, "keeper 0 KILL, keeper 1 KILL"), (4000, .time, "rest KILL"),
            ], deadline: 4100),
        Story(
            name: "keepers that have ended before leave everything its grace",
            course: [
                root, user, started, (20, .keeperEnded(0, .exited(0)), ""), (30, .keeperEnded(1, .exited(0)), ""),
                ended,
                (1000, .childrenLeft, toldRest),
            ], deadline: 1100),
        Story(
            name: "a keeper that dies while it ends is told of, unless TERM came before it was ready",
            course: [
                root, user, started, ended, (1000, .childrenLeft, "keeper 1 TERM 7000"),
                (1001, .keeperEnded(1, .signaled(.terminate)), ""), (1001, .childrenLeft, "keeper 0 TERM 6999"),
                (1002, .keeperEnded(0, .exited(70)), "warn of keeper: exited(70)"),
                (1002, .childless(others: false), "exit 3"),
            ], deadline: 9000),
    ]

    static let failures: [Story] = [
        Story(
            name: "a service that fails ends the command as a runtime does, within the grace",
            course: [
                user, started, (100, .serviceFailed, "group TERM, resume stopped"), (200, .serviceFailed, ""),
                (10_099, .time, ""), (10_100, .time, "group KILL"),
                (10_101, .commandEnded(.signaled(.kill)), "return terminal"),
                (10_101, .childrenLeft, "keeper 0 TERM 7000"),
                (10_102, .keeperEnded(0, .exited(0)), ""), (10_102, .childless(others: false), "exit 125"),
            ], deadline: 18_101),
        Story(
            name: "its TERM is rewritten as the runtime's is, its code is not",
            options: InitOptions().with {
                $0.rewrites.rewrite(.terminate, to: .quit)
                $0.stopTimeout = 5_000_000_000
                $0.remappedExits.insert(125)
            },
            course: [
                user, started, (100, .serviceFailed, "group QUIT, resume stopped"), (5099, .time, ""),
                (5100, .time, "group KILL"), (5101, .commandEnded(.signaled(.kill)), "return terminal"),
                (5101, .keeperEnded(0, .exited(0)), ""), (5101, .childless(others: false), "exit 125"),
            ], deadline: 13_101),
        Story(
            name: "a dropped TERM leaves KILL",
            options: InitOptions().with { $0.rewrites.rewrite(.terminate, to: nil) },
            course: [user, started, (100, .serviceFailed, ""), (10_100, .time, "group KILL")], deadline: nil),
        Story(
            name: "a service that fails while a command saves its work ends nothing until the grace is over",
            course: [
                user, started, (100, .signal(.terminate), "group TERM, resume stopped"), (200, .serviceFailed, ""),
                (5000, .signal(.interrupt), "group INT, resume stopped"), (10_100, .time, ""), (14_999, .time, ""),
                (15_000, .time, "group TERM, resume stopped"),
            ], deadline: 25_000),
        Story(
            name: "and the command's code counts if it ends until then",
            course: [
                user, started, (100, .signal(.terminate), "group TERM, resume stopped"), (200, .serviceFailed, ""),
                ended,
                (1000, .keeperEnded(0, .signaled(.kill)), "warn of keeper: signaled(Linux.Signal(rawValue: 9))"),
                (1000, .childless(others: false), "exit 3"),
            ], deadline: 9000),
        Story(
            name: "a keeper's death ends the container only if it must",
            course: [
                root, user, started, (100, .keeperEnded(0, .exited(1)), "warn of keeper: exited(1)"),
                (200, .keeperEnded(1, .exited(1)), "warn of keeper: exited(1), group TERM, resume stopped"),
                (300, .commandEnded(.exited(0)), "return terminal"), (300, .childless(others: false), "exit 125"),
            ], deadline: nil),
        Story(
            name: "one that has died during the boot counts when the command runs",
            course: [
                user, (5, .keeperEnded(0, .exited(1)), ""),
                (10, .commandStarted, "warn of keeper: exited(1), group TERM, resume stopped"),
            ], deadline: 10_010),
        Story(
            name: "a service that fails ends the boot, which is not waited for long",
            course: [
                user, (100, .serviceFailed, "group TERM"), (100, .childrenLeft, ""), (150, .time, "group KILL"),
                (349, .time, ""), (350, .time, "keeper 0 TERM 6750"), (400, .keeperEnded(0, .exited(0)), ""),
                (400, .childrenLeft, toldRest), (410, .commandEnded(.signaled(.kill)), "return terminal"),
                (410, .childless(others: false), "exit 125"),
            ], deadline: 500),
        Story(
            name: "a boot that takes too long is killed, and then the services end",
            course: [
                user, (100, .bootOverdue, "group KILL"), (101, .commandEnded(.signaled(.kill)), "return terminal"),
                (101, .childrenLeft, "keeper 0 TERM 6999"), (102, .keeperEnded(0, .exited(0)), ""),
                (102, .childless(others: false), "exit 125"),
            ], deadline: 8100),
        Story(
            name: "keepers that the kernel denies are asked for again",
            course: [
                user, started, ended, (1000, .childrenLeft, "keeper 0 TERM 7000"),
                (1001, .childless(others: false), ""),
                (1101, .time, ""), (1101, .keeperEnded(0, .exited(0)), ""), (1101, .childless(others: false), "exit 3"),
            ], deadline: 9000),
    ]
}
