package import Linux
internal import Programs
internal import Text

/// What a boot reports: lines on standard error as things happen, and a record of everything at the end.
package final class Report {
    /// What is printed.
    package var log: LogSettings
    /// When the boot began.
    package let started: UInt64
    /// What was done, in order.
    package private(set) var events: [Event] = []
    /// The warnings, each with the step that gave it.
    package private(set) var warnings: [(step: String, note: Note)] = []
    /// Which variables are never shown.
    package var secrets: Secrets
    /// The values of the pod's secrets, which other variables may also have.
    package var secretValues: [[UInt8]] = []
    /// The names of the variables that drop-in steps have exported.
    package private(set) var stepExports: Set<String> = []
    private let write: (String) -> Void
    /// What the steps have done, as far as it is not told yet.
    private var deeds = UntoldDeeds()
    /// What failures were told of.
    private var causes: [BootError.Cause] = []

    /// - Parameters:
    ///   - log: what is printed.
    ///   - secrets: which variables are never shown.
    ///   - started: when the boot began.
    ///   - write: receives each line, without its newline.
    @export(interface) package init(
        log: LogSettings, secrets: Secrets, started: UInt64, write: @escaping (String) -> Void
    ) {
        self.log = log
        self.secrets = secrets
        self.started = started
        self.write = write
    }

    /// The severity of a line that is neither a warning nor an error.
    package enum Level: String { case debug, info }

    /// The severity of a line that has an identifier.
    private enum Severity: String { case warning, error }

    /// Records an event, and prints what the reader wants to see of it.
    @export(interface) package func observe(_ event: Event) {
        events.append(event)
        for summary in deeds.decide(by: event) { write(summary) }
        let step = event.change.step
        let change = event.change.planned.change
        let time = log.level == .debug ? " (\(event.microseconds.inMilliseconds))" : ""
        var isKnown = false
        switch event.outcome {
        case .already: line(.debug, step, "already: \(change.goal)\(time)")
        case .changed:
            guard log.level != .info else {
                for summary in deeds.add(event) { write(summary) }
                break
            }
            let remark = event.remark.isEmpty ? "" : "; \(event.remark)"
            line(.debug, step, change.kind.done(by: event.identity) + remark + time)
        case .unneeded(let reason): line(.debug, step, "nothing to do: \(change.goal): \(reason)\(time)")
        case .skipped(let id, let reason): warn(step, Note(id, "skipped: \(change.goal): \(reason)"))
        // The reason is told by itself, once.
        case .blocked(let place): line(.debug, step, "skipped: \(change.goal): \(place.shown()) cannot be used")
        case .unable(let reason): line(.debug, step, "skipped: \(change.goal): \(reason)")
        case .failed(let error):
            if isTold(error.cause) {
                line(.debug, step, error.message)
                isKnown = true
            } else {
                warn(step, Note(error))
            }
        }
        for note in event.notes {
            if !isKnown && !isTold(note.cause) { warn(step, note) } else { line(.debug, step, note.whole) }
        }
    }

    /// Whether what causes a failure has been told before. That root is missing is told after the last change.
    private func isTold(_ cause: BootError.Cause?) -> Bool {
        guard let cause else { return false }
        if cause == .noRoot { return true }
        if causes.contains(cause) { return true }
        causes.append(cause)
        return false
    }

    /// Warns of something that does not stop the boot.
    @export(interface) package func warn(_ step: String, _ note: Note) {
        warnings.append((step, note))
        tell(.warning, step, note)
    }

    /// Prints something for which the boot ends.
    @export(interface) package func fail(_ step: String, _ note: Note) { tell(.error, step, note) }

    private func tell(_ severity: Severity, _ step: String, _ note: Note) {
        if let summary = deeds.finishStep(before: severity == .error ? nil : step) { write(summary) }
        write(step, severity.rawValue, log.level == .debug ? note.whole : note.text, id: note.id)
    }

    /// The indices, in the plan, of the changes that only root could have made.
    @export(interface) package func changesForWantOfRoot() -> [Int] {
        events.compactMap { event in
            switch event.outcome {
            case .unable: event.position
            case .failed(let error) where error.cause == .noRoot: event.position
            default: event.notes.contains { $0.cause == .noRoot } ? event.position : nil
            }
        }
    }

    /// How many changes were made.
    package var changes: Int { events.count { $0.outcome == .changed } }

    /// Whether a change of this path has failed.
    @export(interface) package func hasFailed(_ path: FilePath) -> Bool {
        events.contains { event in
            if case .failed = event.outcome { event.change.planned.change.path == path } else { false }
        }
    }

    /// Prints a line if the reader wants lines of its level.
    @export(interface) package func line(_ level: Level, _ step: String, _ message: String) {
        switch (level, log.level) {
        case (.debug, .quiet), (.debug, .info), (.info, .quiet): return
        default: break
        }
        if let summary = deeds.finishStep(before: step) { write(summary) }
        write(step, level.rawValue, message)
    }

    /// Says which directories outlive the container, the persistent home first: what is made in them is news at every
    /// start, and all the rest only in the start that makes the persistent home.
    @export(interface) package func expect(persistent directories: [FilePath]) {
        deeds = UntoldDeeds(persistent: directories)
    }

    /// Prints what is not told yet.
    @export(interface) package func finish() {
        for summary in deeds.finish() { write(summary) }
    }

    private func write(_ summary: StepSummary) {
        if log.level == .info { write(summary.step, Level.info.rawValue, summary.text) }
    }

    /// Prints the reason why the boot ends.
    @export(interface) package func line(for error: BootError) {
        finish()
        fail(error.step, Note(error))
    }

    private func write(_ step: String, _ level: String, _ message: String, id: MessageIdentifier? = nil) {
        switch log.format {
        case .text:
            let place = step.isEmpty ? "" : "\(step): "
            write("entrypoint: \(place)\(level == Severity.warning.rawValue ? "warning: " : "")\(message)")
        case .json:
            let start: [(String, JSON)] = [
                ("time", .string(Timestamps.utc(nanoseconds: Clock.realTime))), ("program", .string("entrypoint")),
                ("level", .string(level)),
            ]
            let name = id.map { [("id", JSON.string($0.rawValue))] } ?? []
            write(JSON.object(start + name + [("step", .string(step)), ("message", .string(message))]).text)
        }
    }
}

extension Report {
    /// The record of the boot.
    ///
    /// - Parameters:
    ///   - start: how the container was started.
    ///   - people: who is who; `nil` when nothing was prepared.
    ///   - exports: the variables that were set for the command.
    ///   - session: what later sessions are to be like; `nil` when there is no command.
    ///   - failure: why the boot ended, if it did.
    @export(interface) package func record(
        start: Start, people: People?, exports: [(name: String, value: String)], session: SessionRecord? = nil,
        failure: BootError?
    ) -> BootRecord {
        BootRecord(
            version: Version.text, start: start.rawValue, user: people?.user, seed: people?.seed?.text,
            changes: events.map { BootRecord.Change($0, started: started) },
            exports: exports.map {
                BootRecord.Export(name: $0.name, value: isSecret($0.name, $0.value) ? "" : $0.value)
            },
            warnings: warnings.map { BootRecord.Message(id: $0.note.id.rawValue, step: $0.step, text: $0.note.whole) },
            failure: failure.map { BootRecord.Message(id: $0.id.rawValue, step: $0.step, text: $0.message) },
            changed: changes,
            microseconds: Clock.microseconds(since: started), session: session)
    }

    /// Takes note of a variable that a drop-in step exports. Its value may be a secret, also when a later one replaces it.
    @export(interface) package func takeExport(_ name: String, _ value: String) {
        stepExports.insert(name)
        if secrets.isSecret(name, value: value) { secretValues += Secrets.texts(of: Array(value.utf8)) }
    }

    private func isSecret(_ name: String, _ value: String) -> Bool {
        secrets.isSecret(name, value: value)
            || stepExports.contains(name) && SecretMask.isNeeded(for: Array(value.utf8), secrets: secretValues)
    }
}

extension BootRecord.Change {
    fileprivate init(_ event: Event, started: UInt64) {
        let outcome: String
        var (remark, reason) = ("", "")
        switch event.outcome {
        case .already: outcome = "already"
        case .changed: (outcome, remark) = ("changed", event.remark)
        case .unneeded(let words): (outcome, reason) = ("unneeded", words)
        case .skipped(_, let words), .unable(let words): (outcome, reason) = ("skipped", words)
        case .blocked(let place): (outcome, reason) = ("skipped", "\(place.shown()) cannot be used")
        case .failed(let error): (outcome, reason) = ("failed", error.message)
        }
        self.init(
            step: event.change.step, goal: event.change.planned.change.goal, identity: event.identity,
            outcome: outcome, remark: remark, reason: reason,
            began: Int64(truncatingIfNeeded: event.began &- started) / 1000, microseconds: event.microseconds)
    }
}
