import Glibc
import Init
import Linux

/// A keeper without services, for the tests to see what an init makes of it. It prints what it is told.
///
/// `NAME:WHAT` is its name and what it does: `plain` ends when it is told to, `slow=MILLISECONDS` later, `deaf` never,
/// `ends` at once, before the init knows it, `fails=CODE` likewise with that code; `asks=SERVICE` asks the init at once to
/// end the container, `later=SERVICE` when it gets USR1. `stops` stops itself when it gets USR1.
enum FixtureKeeper {
    /// Starts keepers as a boot does.
    static func start(_ keepers: [String], _ side: InitHandle) {
        guard let requests = try? OpenFiles.makePipe() else { _exit(125) }
        let reader = OpenFiles.own(requests.reading)
        do throws(SystemCallError) {
            try side.giveStopRequests(reader)
        } catch {
            _exit(125)
        }
        // A keeper keeps it when it becomes another program.
        let writer = dup(requests.writing)
        close(requests.writing)
        // What a keeper is told before it is ready waits for it.
        let mask = Signals.blockAll()
        for keeper in keepers { start(keeper, writer, side) }
        close(writer)
        Signals.setMask(mask)
    }

    private static func start(_ keeper: String, _ writer: CInt, _ side: InitHandle) {
        let middle = fork()
        if middle == 0 {
            let process = fork()
            if process == 0 {
                setsid()
                InitFixture.execute([CommandLine.arguments[0], "keeper", keeper, String(writer)])
            }
            // One that ends at once has ended by now.
            if keeper.hasSuffix(":ends") || keeper.split(separator: ":").last?.hasPrefix("fails=") == true {
                Clock.sleep(nanoseconds: 100_000_000)
            }
            let endsContainer = keeper.split(separator: ":").first?.last == "!"
            side.add(keeper: process, endsContainer: endsContainer)
            _exit(0)
        }
        waitpid(middle, nil, 0)
    }

    /// Is a keeper.
    static func run(_ arguments: [String]) -> Never {
        let parts = (arguments.first ?? "").split(separator: ":").map(String.init)
        let writer = CInt(arguments.count > 1 ? arguments[1] : "") ?? -1
        let (name, words) = (parts[0].filter { $0 != "!" }, parts[1].split(separator: "=").map(String.init))
        let what = words[0]
        let value = words.count > 1 ? words[1] : ""
        _ = Signals.blockAll()
        if what == "ends" { _exit(0) }
        if what == "fails" { _exit(Int32(value) ?? 1) }
        Command.say("\(name) keeps \(getpid())")
        if what == "asks" { write(writer, value, value.utf8.count) }
        while true {
            var information = siginfo_t()
            var set = sigset_t()
            sigfillset(&set)
            let number = sigwaitinfo(&set, &information)
            if number == SIGUSR1 && what == "later" { write(writer, value, value.utf8.count) }
            if number == SIGUSR1 && what == "stops" { kill(getpid(), SIGSTOP) }
            guard number == SIGTERM else { continue }
            // SI_QUEUE of sigaction(2).
            let milliseconds = information.si_code == -1 ? Int(information._sifields._rt.si_sigval.sival_int) : -1
            Command.say("\(name) told \(milliseconds)")
            if what == "deaf" { continue }
            if what == "slow" { Clock.sleep(nanoseconds: (UInt64(value) ?? 0) * 1_000_000) }
            Command.say("\(name) ended")
            _exit(0)
        }
    }
}
