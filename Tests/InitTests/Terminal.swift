import Foundation
import TestSupport
import Testing

/// A pseudo-terminal with a program on it, and what a person would see and type.
final class Terminal: @unchecked Sendable {
    // Safe to send: one test uses it, and its reading is guarded by a lock.
    private let process: RunningProgram
    private let master: FileHandle
    /// Held open, because reading from a terminal that nobody has open fails.
    private let held: FileHandle
    private let lock = NSLock()
    private var seen = Data()

    /// Starts words in a session of their own on a new terminal.
    ///
    /// - Parameters:
    ///   - words: the program and its arguments.
    ///   - place: as process 1 the program leads the session, as a container runtime starts it; `nil` for a program that
    ///     is none of ours and needs no namespace.
    ///   - environment: variables that are added to the test's.
    init(_ words: [String], place: Fixture.Place?, environment: [String: String] = [:]) throws {
        let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: CInt = 0
        var number: CInt = 0
        // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2).
        let isReady = ioctl(descriptor, 0x4004_5431, &isLocked) == 0 && ioctl(descriptor, 0x8004_5430, &number) == 0
        try #require(isReady, "no pseudo-terminal")
        let name = "/dev/pts/\(number)"
        master = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        held = FileHandle(fileDescriptor: open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), closeOnDealloc: true)
        let namespace =
            switch place {
            case .process1: Fixture.namespace
            case .ordinary: Fixture.namespace + [Fixture.program, "nest"]
            case nil: [String]()
            }
        var program = Program([Fixture.program, "clean"] + namespace + ["setsid", "--ctty", "--wait"] + words)
        program.environment = Environment.inherited(
            with: ["PS1": "prompt> ", "TERM": "xterm"].merging(environment) { $1 })
        (program.standardInput, program.standardOutput, program.standardError) = (
            .terminal(name), .terminal(name), .terminal(name)
        )
        process = try program.start()
        master.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.lock.withLock { self?.seen.append(data) }
        }
    }

    deinit {
        master.readabilityHandler = nil
        Fixture.killTree(below: process)
    }

    /// Everything on the screen so far.
    var screen: String { lock.withLock { String(decoding: seen, as: UTF8.self) } }

    /// Types text; `^C` is written as `\u{3}`.
    func type(_ text: String) throws { try master.write(contentsOf: Data(text.utf8)) }

    /// Sets the size, as a window that is resized does.
    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        #expect(ioctl(master.fileDescriptor, UInt(TIOCSWINSZ), &size) == 0)
    }

    /// Waits until text appears after what was seen by the last wait.
    func expect(_ text: String, location: SourceLocation = #_sourceLocation) async throws {
        let start = ContinuousClock.now
        while true {
            // Before the look: other tests may keep this one from running for a minute.
            let isLast = ContinuousClock.now - start >= .seconds(60)
            let found: Bool = lock.withLock {
                guard let range = seen.range(of: Data(text.utf8), in: position..<seen.count) else { return false }
                position = range.upperBound
                return true
            }
            if found { return }
            if isLast { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(
            "never seen: \(text.debugDescription); the screen: \(screen.debugDescription)", sourceLocation: location)
        throw CancellationError()
    }
    private var position = 0

    /// The process that was started first.
    var processIdentifier: pid_t { process.pid }

    /// Waits for the end.
    ///
    /// - Returns: the exit code, or 128 and the signal.
    @discardableResult
    func end(within seconds: Double = 30) async throws -> Int32 {
        let start = ContinuousClock.now
        while try process.isRunning() {
            if ContinuousClock.now - start > .seconds(seconds) {
                Issue.record("did not end; the screen: \(screen.debugDescription)")
                Fixture.killTree(below: process)
                while try process.isRunning() { try await Task.sleep(for: .milliseconds(5)) }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return try process.wait().exitCode
    }
}
