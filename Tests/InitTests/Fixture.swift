import Foundation
import TestSupport
import Testing

/// The fixture's program, run as process 1 of a pid namespace or as any process, and what it printed.
final class Fixture: @unchecked Sendable {
    // Safe to send: one test uses it, and the thread that waits for the process only notes its end.
    private let process: RunningProgram
    private let end: EndTime
    /// When the program was started or was last sent a signal.
    private var lastEvent: ContinuousClock.Instant
    private let folder: URL
    private let place: Place

    /// The program that was built with the tests.
    static let builtProgram: String = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("init-fixture").path
    }()

    /// The program under test: the one that `INIT_FIXTURE` names, such as a static one, or the one that was built.
    static let program = ProcessInfo.processInfo.environment["INIT_FIXTURE"] ?? builtProgram

    /// A command that exits with 8 as soon as a script, which it runs in a session of its own, sends it USR1.
    static func leaving(_ script: String) -> [String] {
        ["sh", "-c", "trap 'exit 8' USR1; setsid sh -c \"$0\" & while :; do sleep 0.02; done", script]
    }
    /// A script for ``leaving(_:)`` that becomes a process which ignores TERM.
    static let deaf = "trap '' TERM; kill -USR1 $PPID; exec sleep 60"

    /// Starts a program as process 1 of a pid namespace, which ends with it.
    static let namespace = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]

    /// How the program is started.
    enum Place {
        /// As process 1 of a pid namespace of its own.
        case process1
        /// As an ordinary process, in a pid namespace nevertheless: an init that takes itself for process 1 by mistake
        /// would end all processes of the machine.
        case ordinary
    }

    /// Starts the fixture.
    ///
    /// - Parameters:
    ///   - command: the command to run under it.
    ///   - options: the fixture's own options.
    ///   - environment: variables that are added to the test's.
    ///   - place: how it is started.
    ///   - program: the fixture's program.
    ///   - wrapper: words in front of all others, such as a tracer.
    init(
        _ command: [String], options: [String] = [], environment: [String: String] = [:], place: Place = .process1,
        program: String = Fixture.program, wrapper: [String] = []
    ) throws {
        self.place = place
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("init-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var words = [Fixture.program, "clean"]
        switch place {
        case .process1: words += wrapper + Fixture.namespace
        case .ordinary: words += Fixture.namespace + [Fixture.program, "nest"] + wrapper
        }
        words += [program] + options + ["--"] + command
        var program = Program(words)
        program.environment = Environment.inherited(with: environment)
        // Files, which are never full: what it prints is read when a test asks for it.
        program.standardOutput = .file(folder.appendingPathComponent("out").path)
        program.standardError = .file(folder.appendingPathComponent("err").path)
        lastEvent = .now
        process = try program.start()
        end = process.noteEnd()
    }

    deinit {
        Fixture.killTree(below: process)
        try? FileManager.default.removeItem(at: folder)
    }

    private func text(_ name: String) -> String {
        let data = (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// What was printed so far.
    var output: String { text("out") }
    /// What was said on standard error so far.
    var errors: String { text("err") }
    /// The lines of standard output.
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// The file that `--report` may name.
    static func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("init-report-\(UUID().uuidString)").path
    }

    /// The process id of the init as the test sees it.
    func initProcess() async throws -> pid_t {
        // unshare(1) forks first, and so does what is process 1 for an ordinary process.
        let outer = process.pid
        func find() -> pid_t? {
            guard let first = Fixture.children(outer).first else { return nil }
            guard let found = place == .process1 ? first : Fixture.children(first).first else { return nil }
            return name(of: found) == "init-fixture" ? found : nil
        }
        try await until("the init was started") { find() != nil }
        return try #require(find())
    }

    private func name(of process: pid_t) -> String? {
        let line = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return line?.split(separator: "\n").first.map(String.init)
    }

    /// Kills a program that did not end and all below it.
    static func killTree(below program: RunningProgram) {
        func killTree(_ process: pid_t) {
            let children = children(process)
            kill(process, SIGKILL)
            for child in children { killTree(child) }
        }
        if (try? program.isRunning()) == true { killTree(program.pid) }
    }

    /// The children of a process.
    static func children(_ process: pid_t) -> [pid_t] {
        let list = try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        return list?.split(separator: " ").compactMap { pid_t($0) } ?? []
    }

    /// The first child of a process.
    func child(of process: pid_t) throws -> pid_t { try #require(Fixture.children(process).first) }

    /// Waits until the command has printed a line.
    func ready(_ line: String = "ready") async throws {
        try await until("the command printed \"\(line)\"") { self.lines.contains(line) }
    }

    /// Waits for something, a minute at most.
    func until(_ what: String, _ condition: () -> Bool) async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(60) {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("never: \(what); printed: \(output) said: \(errors)")
        throw CancellationError()
    }

    /// Sends the init a signal from outside of its namespace, as a container runtime does.
    func send(_ signal: Int32) async throws {
        let target = try await initProcess()
        lastEvent = .now
        #expect(kill(target, signal) == 0, "signal \(signal)")
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit code, or 128 and the signal; and the seconds from the start, or from the last signal that was
    ///   sent, to the end.
    @discardableResult
    func end(within seconds: Double = 20) async throws -> (code: Int32, seconds: Double) {
        let start = ContinuousClock.now
        while end.noted == nil {
            if ContinuousClock.now - start > .seconds(seconds) {
                Issue.record("did not end within \(seconds) s; printed: \(output) said: \(errors)")
                Fixture.killTree(below: process)
                while end.noted == nil { try await Task.sleep(for: .milliseconds(5)) }
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        let time = try #require(end.noted) - lastEvent
        return (try process.wait().exitCode, time / .seconds(1))
    }
}
