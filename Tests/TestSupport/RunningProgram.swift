import CTestSupport
import Foundation
import Glibc
import Synchronization
import Text

/// A program that has been started. One that is still running when nobody holds this any more is killed.
package final class RunningProgram {
    /// The process id in the test's own process namespace.
    package let pid: Int32
    /// Called before the program is killed because its time is over, for what must be killed by other means.
    package var onDeadline: () -> Void = {}

    private let description: String
    private let started: ContinuousClock.Instant
    private let pidfd: Int32
    private var input: Int32
    private var output: Int32
    private var error: Int32
    private var unwritten: ArraySlice<UInt8>
    private var keepsInputOpen: Bool
    private var standardOutput: [UInt8] = []
    private var standardError: [UInt8] = []
    private var outcome: Outcome?
    private var hasEnded = false

    /// Takes over a program that has been started: its pidfd, and the test's ends of its pipes.
    init(_ program: Program, pid: Int32, pidfd: Int32, started: ContinuousClock.Instant, pipes: Pipes) {
        description = ([program.path] + program.arguments.prefix(20).map(\.text)).joined(separator: " ")
        self.pid = pid
        self.pidfd = pidfd
        self.started = started
        (input, output, error) = (pipes.input, pipes.output, pipes.error)
        unwritten = program.input.bytes[...]
        keepsInputOpen = program.keepsInputOpen || program.terminal
    }

    deinit {
        if outcome == nil {
            kill()
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
        }
        for descriptor in [input, output, error, pidfd] where descriptor >= 0 { close(descriptor) }
    }

    /// Sends it a signal. To a program that has ended nothing is sent.
    package func signal(_ number: Int32) throws {
        let result = test_signal(pidfd, number)
        if result < 0 && result != -ESRCH {
            throw TestFailure("cannot signal \(description): \(String(cString: strerror(-result)))")
        }
    }

    /// Writes to its standard input or terminal.
    package func write(_ bytes: ByteString) { unwritten += bytes.bytes }

    /// Ends its standard input, after what is still to be written there.
    package func closeInput() { keepsInputOpen = false }

    /// Sets the size of its terminal, as a window that is resized does.
    package func resize(columns: UInt16, rows: UInt16) throws {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try check(ioctl(output, UInt(TIOCSWINSZ), &size), "ioctl", "terminal of \(description)")
    }

    /// Everything that it has written so far to standard output or its terminal.
    package var outputSoFar: ByteString { ByteString(standardOutput) }
    /// Everything that it has written so far to standard error.
    package var errorsSoFar: ByteString { ByteString(standardError) }

    /// Notes from now on when it ends, by a thread of its own: those of the tests may be busy with another test.
    package func noteEnd() -> EndTime {
        let time = EndTime()
        let descriptor = fcntl(pidfd, F_DUPFD_CLOEXEC, 3)
        Thread.detachNewThread {
            var end = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&end, 1, -1) == -1 && errno == EINTR {}
            time.note(.now)
            close(descriptor)
        }
        return time
    }

    /// Whether it has not ended yet.
    package func isRunning() throws -> Bool {
        pump(until: .now)
        return !hasEnded
    }

    /// Waits until it has written this text to standard output or its terminal, after what `outputSoFar` has now if
    /// `fresh`, else anywhere.
    ///
    /// - Throws: `TestFailure` with all output, when it ends or the time is over before.
    package func waitForOutput(_ text: ByteString, fresh: Bool = false, within deadline: Duration = .seconds(90)) throws
    {
        let start = fresh ? standardOutput.count : 0
        try wait(for: "the output \(text)", within: deadline) {
            self.standardOutput[min(start, self.standardOutput.count)...].contains(text.bytes)
        }
    }

    /// Waits until it has written this text to standard error.
    ///
    /// - Throws: `TestFailure` with all output, when it ends or the time is over before.
    package func waitForErrors(_ text: ByteString, within deadline: Duration = .seconds(90)) throws {
        try wait(for: "the error \(text)", within: deadline) { self.standardError.contains(text.bytes) }
    }

    /// Waits for the end. A program that takes longer is killed, with its session.
    ///
    /// - Parameter deadline: counted from now.
    /// - Throws: `TestFailure` with all output, when the time is over before.
    package func wait(within deadline: Duration = .seconds(90)) throws -> Outcome {
        if let outcome { return outcome }
        let limit = ContinuousClock.now + deadline
        while !hasEnded {
            if ContinuousClock.now >= limit { try giveUp("did not end", deadline) }
            pump(until: limit)
        }
        let ended = ContinuousClock.now
        // The program has ended, so what it wrote is in the pipes. A descendant that lives on may hold them open.
        let (quiet, patience) = (ended + .milliseconds(250), ended + .seconds(5))
        var isMoving = true
        while (output >= 0 || error >= 0) && ContinuousClock.now < (isMoving ? patience : quiet) {
            isMoving = pump(until: quiet)
        }
        return try reap(ended - started)
    }

    /// Kills it and its session, and waits for the end.
    @discardableResult
    package func stop() throws -> Outcome {
        if outcome == nil { kill() }
        return try wait()
    }

    private func kill() {
        // The session that it was started with; a descendant may have left that, but not a process namespace.
        _ = Glibc.kill(-pid, SIGKILL)
        _ = test_signal(pidfd, SIGKILL)
    }

    private func reap(_ duration: Duration) throws -> Outcome {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) == -1 {
            if errno != EINTR { throw TestFailure("\(description) was waited for by somebody else") }
        }
        let signal = test_end_signal(status)
        let outcome = Outcome(
            ending: signal == 0 ? .exited(test_exit_status(status)) : .killed(signal: signal),
            standardOutput: ByteString(standardOutput), standardError: ByteString(standardError), duration: duration,
            peakMemory: usage.ru_maxrss * 1024, outputStayedOpen: output >= 0 || error >= 0)
        self.outcome = outcome
        return outcome
    }

    private func wait(for what: String, within deadline: Duration, _ isMet: () -> Bool) throws {
        let limit = ContinuousClock.now + deadline
        while !isMet() {
            if hasEnded {
                let outcome = try wait(within: deadline)
                if isMet() { return }
                throw TestFailure("\(description) ended without \(what): \(outcome)")
            }
            if ContinuousClock.now >= limit { try giveUp("did not give \(what)", deadline) }
            pump(until: limit)
        }
    }

    private func giveUp(_ what: String, _ deadline: Duration) throws -> Never {
        onDeadline()
        kill()
        let limit = ContinuousClock.now + .seconds(5)
        while !hasEnded && ContinuousClock.now < limit { pump(until: limit) }
        // A process that not even KILL ends yet is left to the namespace that the tests run in.
        let outcome = hasEnded ? try reap(ContinuousClock.now - started) : nil
        throw TestFailure(
            "\(description) \(what) within \(deadline)" + (outcome == nil ? ", and could not be killed" : "")
                + Outcome.shown(ByteString(standardOutput), as: "standard output")
                + Outcome.shown(ByteString(standardError), as: "standard error"))
    }

    /// Moves bytes until something has happened, or the time has come.
    ///
    /// - Returns: whether something has happened.
    @discardableResult
    private func pump(until limit: ContinuousClock.Instant) -> Bool {
        if unwritten.isEmpty && !keepsInputOpen { closeInputNow() }
        // poll passes over negative descriptors.
        var descriptors = [
            pollfd(fd: hasEnded ? -1 : pidfd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: error, events: Int16(POLLIN), revents: 0),
            pollfd(fd: unwritten.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
        ]
        let rest = (limit - .now).components
        let milliseconds = rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1
        guard poll(&descriptors, nfds_t(descriptors.count), Int32(clamping: max(milliseconds, 0))) > 0 else {
            return false
        }
        if descriptors[0].revents != 0 { hasEnded = true }
        if descriptors[1].revents != 0 { RunningProgram.read(&output, into: &standardOutput) }
        if descriptors[2].revents != 0 { RunningProgram.read(&error, into: &standardError) }
        if descriptors[3].revents != 0 { writeSome() }
        return true
    }

    private static func read(_ descriptor: inout Int32, into bytes: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count > 0 {
            bytes += buffer[..<count]
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            // A terminal that nobody has open any more answers EIO.
            close(descriptor)
            descriptor = -1
        }
    }

    private func writeSome() {
        let count = unwritten.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
        if count > 0 {
            unwritten = unwritten.dropFirst(count)
        } else if errno != EAGAIN && errno != EINTR {
            unwritten = []
            keepsInputOpen = false
        }
    }

    private func closeInputNow() {
        // The duplicate of a terminal's descriptor: closing it ends nothing.
        if input >= 0 { close(input) }
        input = -1
    }
}

/// When a program ended.
package final class EndTime: Sendable {
    private let time = Mutex<ContinuousClock.Instant?>(nil)

    /// The time; nothing while it runs.
    package var noted: ContinuousClock.Instant? { time.withLock { $0 } }

    fileprivate func note(_ end: ContinuousClock.Instant) { time.withLock { $0 = end } }
}
