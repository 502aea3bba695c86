import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// A keeper in the foreground with services of a test.
final class KeptServices {
    let directory: TemporaryDirectory
    let running: RunningProgram

    /// The program that was built with the tests.
    static let program: String = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("entrypointctl").path
    }()

    /// Starts a keeper.
    ///
    /// - Parameters:
    ///   - services: the entries, in YAML; `DIR` is a directory of the test's own.
    ///   - options: further words of the command line.
    ///   - environment: further variables of it.
    ///   - wrapper: words in front of the command line, such as a tracer.
    ///   - isolated: whether its processes have a namespace of their own, where root runs the tests.
    init(
        _ services: String, options: [String] = [], environment: Environment = [:], wrapper: [String] = [],
        isolated: Bool = false
    ) throws {
        directory = try TemporaryDirectory()
        let text = "services:\n" + services.replacing("DIR", with: directory.path.string)
        let file = "\(directory.path.string)/services.yaml"
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        let place = directory.path.string
        let words = wrapper + [Self.program, "services", "run", "--as", "user"] + options
        var program = Program(words.map { $0.replacing("DIR", with: place) })
        program.environment = Environment.container.with(["ENTRYPOINT_LOG": "debug"]).with(environment)
        program.environment["ENTRYPOINT_USER_CONFIG"] = ByteString(file)
        if isolated && geteuid() == 0 { program.isolation = .processes }
        running = try program.start()
    }

    func path(_ name: String) -> String { "\(directory.path.string)/\(name)" }

    /// The lines of a file of the test; none where there is no file.
    func lines(_ name: String) -> [String] {
        ((try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    /// Waits for something.
    func wait(_ what: String, within seconds: Double = 20, until isTrue: () throws -> Bool) throws {
        let limit = ContinuousClock.now + .seconds(seconds)
        while !(try isTrue()) {
            guard ContinuousClock.now < limit, try running.isRunning() else {
                throw TestFailure("no \(what): \(running.errorsSoFar.text.suffix(4000))")
            }
            usleep(5000)
        }
    }

    /// Waits for words in its log.
    func waitForLog(_ words: String) throws { try running.waitForErrors(ByteString(words)) }

    /// Tells it to end, and waits for that.
    func end(_ signal: Int32 = SIGTERM) throws -> Outcome {
        try running.signal(signal)
        return try running.wait()
    }

    /// Whether there is a process, and not only what nobody has waited for.
    static func isAlive(_ process: String) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        return stat[end...].dropFirst(2).first != "Z"
    }

    /// The processes that have this variable.
    static func processes(with entry: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { name in
            guard Int32(name) != nil, isAlive(name),
                let block = FileManager.default.contents(atPath: "/proc/\(name)/environ")
            else { return false }
            return block.split(separator: 0).contains { $0.elementsEqual(entry.utf8) }
        }
    }
}
