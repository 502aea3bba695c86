internal import Boot
package import Linux
package import Text

extension ServiceState {
    /// The state as a keeper answers it; times and durations in nanoseconds.
    package var answer: JSON {
        var members: [(String, JSON)] = [
            ("name", .string(name)), ("as", .string(identity)), ("state", .string(phase.rawValue)),
            ("ready", .bool(isReady)), ("restarts", .number(restarts)), ("schedule", .string(schedule)),
            ("after", .array(after.map { .string($0) })),
        ]
        if let process { members.append(("pid", .number(process))) }
        if !statusText.isEmpty { members.append(("status", .string(statusText))) }
        switch lastExit {
        case .exited(let code)?: members.append(("exitCode", .number(code)))
        case .signaled(let signal)?: members.append(("signal", .number(signal.rawValue)))
        case nil: break
        }
        let numbers = [("started", started), ("next", next), ("lastDuration", lastDuration)]
        for (name, number) in numbers { if let number { members.append((name, .number(number))) } }
        if !lastError.isEmpty { members.append(("error", .string(lastError))) }
        return .object(members)
    }

    /// Reads what a keeper answers.
    ///
    /// - Throws: what was expected.
    package init(answer: JSON) throws(FormatError) {
        guard let name = answer["name"]?.string, let phase = Phase(rawValue: answer["state"]?.string ?? ""),
            let identity = Actor(rawValue: answer["as"]?.string ?? "")
        else { throw FormatError("expected a service with its state") }
        self.init(
            name: try ValueFormats.entryName(name), identity: identity.rawValue, phase: phase,
            isReady: answer["ready"] == .bool(true),
            schedule: answer["schedule"]?.string ?? "", after: (answer["after"]?.items ?? []).compactMap { $0.string })
        process = answer["pid"]?.integer()
        statusText = answer["status"]?.string ?? ""
        if let code: Int32 = answer["exitCode"]?.integer(), 0...255 ~= code { lastExit = .exited(code) }
        if let signal: Int32 = answer["signal"]?.integer(), 1...Signal.highest ~= signal {
            lastExit = .signaled(Signal(rawValue: signal))
        }
        restarts = answer["restarts"]?.integer() ?? 0
        started = answer["started"]?.integer()
        next = answer["next"]?.integer()
        lastDuration = answer["lastDuration"]?.integer()
        lastError = answer["error"]?.string ?? ""
    }

    /// The state for programs: times in UTC, durations in milliseconds, and `null` for what there is not.
    package var json: JSON {
        func time(_ time: UInt64?) -> JSON { time.map { .string(Timestamps.utc(nanoseconds: $0)) } ?? .null }
        func text(_ text: String) -> JSON { text.isEmpty ? .null : .string(text) }
        return .object([
            ("name", .string(name)), ("as", .string(identity)), ("state", .string(phase.rawValue)),
            ("pid", process.map { .number($0) } ?? .null), ("ready", .bool(isReady)), ("started", time(started)),
            ("restarts", .number(restarts)), ("lastExit", lastExit.map { .number($0.code) } ?? .null),
            ("lastMilliseconds", lastDuration.map { .number($0 / 1_000_000) } ?? .null), ("next", time(next)),
            ("status", text(statusText)), ("error", text(lastError)), ("schedule", text(schedule)),
            ("after", .array(after.map { .string($0) })),
        ])
    }
}

extension ProcessEnd {
    /// The end as people are told it: `exit code 3`, `SIGKILL`.
    package var inWords: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): signal.name
        }
    }
}
