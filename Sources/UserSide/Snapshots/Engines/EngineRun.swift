internal import Linux
internal import Text

/// A run of a program that keeps snapshots: what it prints is read as it comes, and it ends with its deadline or when the
/// user interrupts.
struct EngineRun {
    /// The files that the program may be, in order.
    let programs: [FilePath]
    /// The arguments, beginning with the program's own name.
    let arguments: [String]
    /// All of its environment.
    let environment: [CString]
    /// Where it starts; `nil` where the caller is.
    var directory: FilePath?
    /// Its standard input; `nil` for none.
    var input: CInt?
    /// Its scheduling priority; `nil` for the caller's.
    var nice: Int32?
    /// Its standard output, in the place of a pipe; `nil` for a pipe.
    var output: CInt?

    /// How it ended.
    struct Outcome {
        let end: ProcessEnd
        /// Whether it was ended because its time was over.
        let isOverdue: Bool
        /// The signal that the caller has got meanwhile.
        let interruption: Signal?

        var isDone: Bool { end == .exited(0) && !isOverdue }
    }

    /// What happens with what it prints, and while it runs.
    struct Watch {
        /// Nanoseconds that it may take; `nil` for ever.
        var limit: UInt64?
        /// Nanoseconds for which it may neither read nor write anything; `nil` for ever.
        var patience: UInt64?
        /// Receives each line of its output.
        var output: ([UInt8]) -> Void = { _ in }
        /// Receives each line of its errors.
        var errors: (String) -> Void = { _ in }
        /// Is called every ``interval`` nanoseconds; whether the program is to end.
        var tick: (EngineProcess) -> Bool = { _ in false }
        var interval: UInt64 = 1_000_000_000
    }

    /// The signals that interrupt, which the caller has blocked.
    static let interruptions = [Signal.terminate, .interrupt, .hangup].reduce(SignalSet.none) {
        SignalSet(bits: $0.bits | SignalSet($1).bits)
    }
    /// Runs it.
    ///
    /// - Throws: why it was not started.
    func run(_ watch: Watch) throws(SystemCallError) -> Outcome {
        var process = try start()
        return process.wait(watch)
    }

    /// Starts it.
    ///
    /// - Throws: why it was not started; ENOENT where there is no such program.
    func start() throws(SystemCallError) -> EngineProcess {
        var start = ServiceStart(
            programs: programs.map { CString(Array($0.string.utf8)) },
            arguments: arguments.map { CString(Array($0.utf8)) }, environment: environment,
            directory: directory.map { CString(Array($0.string.utf8)) }, deathSignal: .interrupt)
        start.nice = nice
        let out = try OpenFiles.makeReadPipe()
        let errors = try OpenFiles.makeReadPipe()
        let empty = try OpenFiles.makePipe()
        OpenFiles.close(empty.writing)
        defer { for descriptor in [out.writing, errors.writing, empty.reading] { OpenFiles.close(descriptor) } }
        let (id, report) = try start.start(
            input: input ?? empty.reading, output: output ?? out.writing, errors: errors.writing, ready: nil)
        defer { OpenFiles.close(report) }
        _ = OpenFiles.wait(forInput: report, milliseconds: nil)
        if case .failed(_, let errno) = ServiceStart.report(from: report) {
            _ = Children.end(of: id)
            for descriptor in [out.reading, errors.reading] { OpenFiles.close(descriptor) }
            throw SystemCallError(call: "execve", path: programs.last, errno: errno)
        }
        return EngineProcess(id: id, out.reading, errors.reading)
    }
}

/// A program that runs.
struct EngineProcess {
    let id: Int32
    private var output: LineReader
    private var errors: LineReader
    private var killAt: UInt64?
    private var seen: (bytes: UInt64, ticks: UInt64) = (0, 0)
    private let began = Clock.monotonic
    private var movedAt = Clock.monotonic
    private var nextTick: UInt64 = 0
    private var isOverdue = false
    private var interruption: Signal?

    /// Takes over the reading ends of its streams.
    init(id: Int32, _ output: CInt, _ errors: CInt) {
        self.id = id
        self.output = LineReader(output)
        self.errors = LineReader(errors)
    }

    /// Nanoseconds from INT to KILL: a lock in a repository is removed meanwhile.
    private static let grace: UInt64 = 3_000_000_000

    /// How many bytes it has written, to files and elsewhere (proc(5), wchar); `nil` where nobody tells.
    var bytesWritten: UInt64? { bytes("wchar: ") }

    private func bytes(_ name: String) -> UInt64? {
        guard let bytes = (try? FileTree().read(FilePath("/proc/\(id)/io"))) ?? nil else { return nil }
        let lines = bytes.split(separator: .newline)
        return lines.first { $0.starts(with: name.utf8) }.flatMap { $0.dropFirst(name.utf8.count).decimal }
    }

    /// The time that it has had a processor, in the kernel's ticks (proc(5), utime and stime).
    private var processorTicks: UInt64 {
        guard let bytes = (try? FileTree().read(FilePath("/proc/\(id)/stat"))) ?? nil,
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return 0 }
        let fields = bytes[end...].split(separator: UInt8(ascii: " "))
        return fields.count > 13 ? (fields[12].decimal ?? 0) &+ (fields[13].decimal ?? 0) : 0
    }

    /// Whether it has done something since this was asked last: it has read or written more than what it tells, or has
    /// computed.
    private mutating func hasMoved() -> Bool {
        let told = output.count &+ errors.count
        let bytes = (bytes("rchar: ") ?? 0) &+ (bytes("wchar: ") ?? 0)
        let (moved, ticks) = (bytes &- min(bytes, told), processorTicks)
        guard moved > seen.bytes &+ 2048 || ticks > seen.ticks &+ 25 else { return false }
        seen = (moved, ticks)
        return true
    }

    /// Tells it to end.
    mutating func stop() {
        guard killAt == nil else { return }
        killAt = Clock.monotonic + Self.grace
        // Each program removes its lock when it is interrupted; some do not for TERM.
        Signals.send(.interrupt, to: .group(id))
    }

    /// Waits until it has ended.
    mutating func wait(_ watch: EngineRun.Watch) -> EngineRun.Outcome {
        while true {
            if let outcome = step(watch) { return outcome }
            if let signal = Self.nextInterruption(within: 10_000_000) { interrupt(signal) }
        }
    }

    /// A signal that has come meanwhile.
    static func nextInterruption(within nanoseconds: UInt64) -> Signal? {
        if case .received(let received) = Signals.next(of: EngineRun.interruptions, within: nanoseconds) {
            return received.signal
        }
        return nil
    }

    /// Ends it because the caller is told to end.
    mutating func interrupt(_ signal: Signal) {
        interruption = interruption ?? signal
        stop()
    }

    /// Does what is due, without waiting.
    ///
    /// - Returns: how it has ended; `nil` while it runs.
    mutating func step(_ watch: EngineRun.Watch) -> EngineRun.Outcome? {
        let end = Children.reap(id)
        output.read(watch.output)
        errors.read { watch.errors($0.shown(limit: 1000)) }
        if let end {
            // What it has left behind must not go on.
            Signals.send(.kill, to: .group(id))
            output.finish(watch.output)
            errors.finish { watch.errors($0.shown(limit: 1000)) }
            return EngineRun.Outcome(end: end, isOverdue: isOverdue, interruption: interruption)
        }
        let now = Clock.monotonic
        var isLate = watch.limit.map { now - began >= $0 } ?? false
        if now >= nextTick {
            nextTick = now + watch.interval
            if hasMoved() { movedAt = now }
            if let patience = watch.patience, now - movedAt > patience { isLate = true }
            if watch.tick(self) { isLate = true }
        }
        if isLate, !isOverdue {
            isOverdue = true
            stop()
        }
        if let killAt, now >= killAt { Signals.send(.kill, to: .group(id)) }
        return nil
    }
}

/// Cuts what a pipe has into lines.
private struct LineReader {
    /// -1 once it has ended.
    private var descriptor: CInt
    private var rest: [UInt8] = []
    /// How many bytes were read.
    private(set) var count: UInt64 = 0
    /// More than a list of 100,000 snapshots has.
    private static let longestLine = 64 << 20

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    mutating func read(_ take: ([UInt8]) -> Void) {
        guard descriptor >= 0 else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
        defer { buffer.deallocate() }
        for _ in 0..<64 {
            guard let size = OpenFiles.readSome(descriptor, into: buffer) else { return }
            guard size > 0 else { return close() }
            count += UInt64(size)
            for part in buffer[..<size].split(separator: .newline, omittingEmptySubsequences: false).enumerated() {
                if part.offset > 0 {
                    take(rest)
                    rest.removeAll(keepingCapacity: true)
                }
                rest += part.element.prefix(max(0, Self.longestLine - rest.count))
            }
        }
    }

    mutating func finish(_ take: ([UInt8]) -> Void) {
        read(take)
        if !rest.isEmpty { take(rest) }
        rest = []
        close()
    }

    private mutating func close() {
        if descriptor >= 0 { OpenFiles.close(descriptor) }
        descriptor = -1
    }
}

extension [[UInt8]] {
    /// The lines as one text.
    var joinedLines: [UInt8] { reduce(into: []) { text, line in text += line + [.newline] } }
}
