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
    package private(set) var warnings: [(step: String, text: String)] = []
    /// Which variables are never shown.
    package var secrets: Secrets
    /// The values of the pod's secrets, which other variables may also have.
    package var secretValues: [[UInt8]] = []
    /// The names of the variables that drop-in steps have exported.
    package private(set) var stepExports: Set<String> = []
    private let write: (String) -> Void

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

    /// The severity of a line.
    package enum Level: String { case debug, info, warning, error }

    /// Records an event, and prints what the reader wants to see of it.
    @export(interface) package func observe(_ event: Event) {
        events.append(event)
        let step = event.change.step
        let change = event.change.planned.change
        let time = log.level == .debug ? " (\(event.microseconds.inMilliseconds))" : ""
        switch event.outcome {
        case .already: line(.debug, step, "already: \(change.goal)\(time)")
        case .changed:
            let remark = event.remark.isEmpty ? "" : "; \(event.remark)"
            line(.info, step, change.kind.done(by: event.identity) + remark + time)
        case .unneeded(let reason): line(.debug, step, "nothing to do: \(change.goal): \(reason)\(time)")
        case .skipped(let reason): warn(step, "skipped: \(change.goal): \(reason)")
        case .failed(let error): warn(step, error.message)
        }
        for note in event.notes { warn(step, note) }
    }

    /// Warns of something that does not stop the boot.
    @export(interface) package func warn(_ step: String, _ text: String) {
        warnings.append((step, text))
        line(.warning, step, text)
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
        switch log.format {
        case .text:
            let place = step.isEmpty ? "" : "\(step): "
            write("entrypoint: \(place)\(level == .warning ? "warning: " : "")\(message)")
        case .json:
            let members: [(String, JSON)] = [
                ("program", .string("entrypoint")), ("level", .string(level.rawValue)), ("step", .string(step)),
                ("message", .string(message)),
            ]
            write(JSON.object(members).text)
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
    ///   - failure: why the boot ended, if it did.
    @export(interface) package func record(
        start: Start, people: People?, exports: [(name: String, value: String)], failure: BootError?
    ) -> BootRecord {
        BootRecord(
            version: Version.text, start: start.rawValue, user: people?.user, seed: people?.seed?.text,
            changes: events.map(BootRecord.Change.init),
            exports: exports.map {
                BootRecord.Export(name: $0.name, value: isSecret($0.name, $0.value) ? "" : $0.value)
            },
            warnings: warnings.map { BootRecord.Message(step: $0.step, text: $0.text) },
            failure: failure.map { BootRecord.Message(step: $0.step, text: $0.message) }, changed: changes,
            microseconds: Clock.microseconds(since: started))
    }

    /// Takes note of a variable that a drop-in step exports. Its value may be a secret, also when a later one replaces it.
    @export(interface) package func takeExport(_ name: String, _ value: String) {
        stepExports.insert(name)
        if secrets.isSecret(name), value.utf8.count >= SecretMask.shortest { secretValues.append(Array(value.utf8)) }
    }

    private func isSecret(_ name: String, _ value: String) -> Bool {
        secrets.isSecret(name)
            || stepExports.contains(name) && SecretMask.isNeeded(for: Array(value.utf8), secrets: secretValues)
    }
}

extension BootRecord.Change {
    fileprivate init(_ event: Event) {
        step = event.change.step
        goal = event.change.planned.change.goal
        identity = event.identity
        microseconds = event.microseconds
        var (remark, reason) = ("", "")
        switch event.outcome {
        case .already: outcome = "already"
        case .changed: (outcome, remark) = ("changed", event.remark)
        case .unneeded(let words): (outcome, reason) = ("unneeded", words)
        case .skipped(let words): (outcome, reason) = ("skipped", words)
        case .failed(let error): (outcome, reason) = ("failed", error.message)
        }
        (self.remark, self.reason) = (remark, reason)
    }
}
