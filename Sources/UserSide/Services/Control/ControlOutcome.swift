internal import Linux

/// What has become of a service that somebody has told to start or to stop.
struct ControlOutcome: Equatable {
    let words: String
    /// Whether that is what was asked for.
    let isDone: Bool

    /// The outcome; `nil` while it has none.
    ///
    /// - Parameters:
    ///   - before: the state when it was asked for.
    ///   - now: the state at this moment.
    static func of(
        _ action: ControlRequest.Action, before: ServiceState, now: ServiceState
    ) -> ControlOutcome? {
        if action == .stop {
            guard now.process == nil, [.stopped, .ended, .failed].contains(now.phase) else { return nil }
            let had = before.process == nil ? "did not run" : "has stopped\(end(now))"
            return ControlOutcome(words: had, isDone: true)
        }
        let wasRunning = before.process != nil && before.phase != .stopping
        switch now.phase {
        case .running:
            if action == .start, wasRunning {
                return ControlOutcome(words: "runs already\(process(now))", isDone: true)
            }
            guard now.process != before.process || now.started != before.started else { return nil }
            return ControlOutcome(words: "runs\(process(now))", isDone: true)
        case .waiting, .stopping: return nil
        case .starting:
            // It waits for its next try.
            guard now.process == nil, !now.lastError.isEmpty, now != before else { return nil }
            return ControlOutcome(words: "does not start: \(now.lastError); it is tried again", isDone: false)
        case .scheduled, .ended:
            guard now != before else { return nil }
            let isDone = now.lastError.isEmpty
            let words = isDone ? "has run\(end(now))" : "has failed: \(now.lastError)"
            return ControlOutcome(words: words, isDone: isDone)
        case .failed:
            guard now != before else { return nil }
            return ControlOutcome(
                words: "has failed\(now.lastError.isEmpty ? end(now) : ": \(now.lastError)")", isDone: false)
        case .stopped:
            guard now != before else { return nil }
            return ControlOutcome(words: "was stopped by somebody else", isDone: false)
        }
    }

    private static func process(_ state: ServiceState) -> String { state.process.map { " (pid \($0))" } ?? "" }

    private static func end(_ state: ServiceState) -> String { state.lastExit.map { " (\($0.inWords))" } ?? "" }
}
