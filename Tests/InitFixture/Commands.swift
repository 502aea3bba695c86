import Glibc
import Linux

/// Commands for the tests to run under an init, told by the program's own name: `init-fixture record`, …
enum Command {
    /// Runs the command that the arguments name; returns when they name none.
    static func run(_ arguments: [String]) {
        switch arguments.dropFirst().first {
        case "record": record()
        case "clean": startClean(Array(arguments.dropFirst(2)))
        case "nest": nest(Array(arguments.dropFirst(2)))
        case "exit": _exit(Int32(count(arguments)))
        case "orphans": makeOrphans(count(arguments))
        case "scene": playScene()
        case "storm": storm(milliseconds: count(arguments))
        case "keeper": FixtureKeeper.run(Array(arguments.dropFirst(2)))
        default: return
        }
    }

    private static func count(_ arguments: [String]) -> Int { arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0 }

    /// Runs a command with no signal blocked and none ignored: threads of a test block most of them.
    private static func startClean(_ command: [String]) -> Never {
        for number in 1...Signal.highest { Signals.setIgnored(Signal(rawValue: number), false) }
        Signals.setMask(.none)
        InitFixture.execute(command)
    }

    /// Is process 1 for a command that is not, so that no mistake of an init under test leaves the namespace.
    private static func nest(_ command: [String]) -> Never {
        let child = fork()
        if child == 0 { InitFixture.execute(command) }
        var code: Int32 = 0
        while true {
            switch Children.next() {
            case .ended(child, let end): code = end.code
            // What the command leaves behind is not cleared away by the end of the namespace.
            case .childless: _exit(code)
            default: Clock.sleep(nanoseconds: 2_000_000)
            }
        }
    }

    /// Prints the number of every signal that comes, up to SIGRTMAX, which ends it.
    private static func record() -> Never {
        _ = Signals.blockAll()
        say("ready")
        while true {
            guard case .received(let received) = Signals.next(of: .all, within: nil) else { continue }
            say(String(received.signal.rawValue))
            if received.signal.rawValue == Signal.highest { _exit(0) }
        }
    }

    /// Makes orphans that all end at SIGUSR1, and prints how many of them are left after five seconds at the most.
    private static func makeOrphans(_ number: Int) -> Never {
        // A pipe that nobody writes to: its end wakes all of them.
        var ends: [CInt] = [-1, -1]
        pipe(&ends)
        if fork() == 0 {
            for _ in 0..<number where fork() == 0 {
                close(ends[1])
                var byte: UInt8 = 0
                read(ends[0], &byte, 1)
                _exit(3)
            }
            _exit(0)
        }
        wait(nil)
        _ = Signals.blockAll()
        say("ready")
        while true {
            if case .received = Signals.next(of: SignalSet(Signal(rawValue: SIGUSR1)), within: nil) { break }
        }
        close(ends[1])
        close(ends[0])
        let table = ProcessTable()
        var left = 0
        for _ in 0..<100 {
            left = 0
            table.forEach { process in
                if process != 1 && process != getpid() && table.entry(of: process)?.parent == 1 { left += 1 }
            }
            if left == 0 { break }
            Clock.sleep(nanoseconds: 50_000_000)
        }
        say("left \(left)")
        _exit(left == 0 ? 0 : 1)
    }

    /// Leaves two orphans behind, one that has ended and one that ignores TERM, waits for TERM and exits with 17.
    ///
    /// Makes no system call that a tracer could make fail, as far as a command that prints and waits can.
    private static func playScene() -> Never {
        _ = Signals.blockAll()
        for isDeaf in [false, true] where fork() == 0 {
            if fork() == 0 {
                if isDeaf { while true { pause() } }
                _exit(0)
            }
            _exit(0)
        }
        // A line in one call; a failed one is repeated.
        for _ in 0..<3 where say("ready") { break }
        while true {
            if case .received(let received) = Signals.next(of: SignalSet(.terminate), within: nil),
                received.signal == .terminate
            {
                _exit(17)
            }
        }
    }

    /// Makes orphans one after another as fast as it can, deaf to all signals but TERM.
    private static func storm(milliseconds: Int) -> Never {
        say("ready")
        let end = Clock.monotonic + UInt64(milliseconds) * 1_000_000
        while Clock.monotonic < end {
            if fork() == 0 {
                for _ in 0..<8 where fork() == 0 { _exit(0) }
                _exit(0)
            }
            wait(nil)
        }
        _exit(0)
    }

    /// Prints a line.
    ///
    /// - Returns: whether it was printed.
    @discardableResult
    static func say(_ text: String) -> Bool {
        let line = text + "\n"
        return Glibc.write(1, line, line.utf8.count) > 0
    }
}
