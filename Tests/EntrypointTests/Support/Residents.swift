import Foundation
import Glibc
import TestSupport

/// How a setting reaches `entrypoint`.
enum Form: CaseIterable {
    case option, variable
}

extension Container {
    /// Says a setting in that form: as a variable of the next start, or as the options that are returned.
    func set(_ option: ByteString, _ variable: ByteString, _ value: ByteString?, as form: Form) -> [ByteString] {
        if form == .option { return [option] + (value.map { [$0] } ?? []) }
        environment[variable] = value ?? "true"
        return []
    }

    /// Starts a shell script as the user's command, with options of `entrypoint` before it.
    func startShell(_ script: ByteString, options: [ByteString] = []) throws -> RunningContainer {
        try start(options + ["--", "/bin/sh", "-c", script])
    }
}

extension Outcome {
    /// What the init said, with `TIME`, `N s` and `(N)` for times, durations and process ids.
    var initLines: [String] {
        log(of: "init").map { line in
            line.replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/, with: "TIME")
                .replacing(/(less than )?[0-9]+\.[0-9]+ s/, with: "N s").replacing(/\([0-9]+\)/, with: "(N)")
        }
    }
}

/// A process of a container, looked at from the machine.
struct Resident {
    let pid: Int32

    init(pid: Int32) { self.pid = pid }

    /// The process 1 of a container.
    init(of running: RunningContainer) throws { pid = try running.pid() }

    /// The fields of `/proc/PID/status`.
    var status: [String: String] {
        get throws {
            let text = try Mounts.wholeText(of: "/proc/\(pid)/status")
            var fields: [String: String] = [:]
            for line in text.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { fields[String(parts[0])] = parts[1].trimmingCharacters(in: .whitespaces) }
            }
            return fields
        }
    }

    /// Its children, those that have ended and were not waited for included.
    var children: [Int32] {
        get throws {
            try Mounts.wholeText(of: "/proc/\(pid)/task/\(pid)/children").split(separator: " ")
                .compactMap { Int32($0) }
        }
    }

    /// Sends a signal directly, past the runtime.
    func signal(_ number: Int32) throws { try check(kill(pid, number), "kill", "\(pid)") }
}

/// Waits until a condition is met.
///
/// - Throws: `TestFailure` when the time is over before.
func wait(for what: String, within deadline: Duration = .seconds(90), _ isMet: () throws -> Bool) throws {
    let limit = ContinuousClock.now + deadline
    while try !isMet() {
        if ContinuousClock.now > limit { throw TestFailure("\(what): not within \(deadline)") }
        usleep(10_000)
    }
}
