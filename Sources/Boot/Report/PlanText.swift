internal import Linux
internal import Programs
package import Text

/// What a boot would do, line by line: the output of a dry run.
package final class PlanText {
    /// A line: its state, the step that wants it, and its text.
    package struct Line: Equatable, Sendable {
        package let state: String
        package let step: String
        package let text: String
    }

    /// The lines so far.
    package private(set) var lines: [Line] = []
    /// Whether a boot would change something.
    package private(set) var isPending = false

    @export(interface) package init() {}

    /// Adds what is known after the settings have been read.
    @export(interface) package func add(_ settings: Settings) {
        for notice in settings.notices { add("note", "settings", notice.whole) }
        for step in settings.disabledSteps { add("off", step.name, "switched off by \(step.key)") }
    }

    /// Adds the result of a change, as seen by somebody who may not look everywhere.
    @export(interface) package func observeWithoutPrivileges(_ event: Event) {
        if case .failed(let error) = event.outcome, error.isForWantOfPrivileges {
            let reason = error.attempts.last.map { ": \($0.error.reason) (\($0.error.symbol))" } ?? ""
            add("cannot see", event.change.step, "\(event.change.planned.change.goal)\(reason)")
        } else {
            observe(event)
        }
    }

    /// Adds the result of a change.
    @export(interface) package func observe(_ event: Event) {
        let step = event.change.step
        let goal = event.change.planned.change.goal
        let identity = event.identity.isEmpty ? "" : " (as \(event.identity))"
        switch event.outcome {
        case .already: add("already", step, goal)
        // It runs at every start. If it counted, a change would always be pending.
        case .changed where event.change.planned.change.kind.isMadeAtEveryStart: add("would run", step, goal + identity)
        case .changed:
            isPending = true
            let remark = event.remark.isEmpty ? "" : ": \(event.remark)"
            add("would change", step, goal + identity + remark)
        case .unneeded(let reason): add("nothing to do", step, "\(goal): \(reason)")
        case .skipped(_, let reason), .unable(let reason): add("would skip", step, "\(goal): \(reason)")
        case .blocked(let place): add("would skip", step, "\(goal): \(place.shown()) cannot be used")
        case .failed(let error): add("would fail", step, error.message)
        }
        for note in event.notes { add("note", step, note.whole) }
    }

    /// Adds a change of which nobody can tell before the pod has mounted its volume.
    ///
    /// - Parameter notes: what is known about it all the same.
    @export(interface) package func addUnknown(_ change: StepChange, _ notes: [Note] = []) {
        isPending = true
        add("depends", change.step, "\(change.planned.change.goal): as the pod's volume allows")
        for note in notes { add("note", change.step, note.whole) }
    }

    /// Adds the services that would be started.
    ///
    /// - Parameter start: how the container is started; only a start as root has services as root.
    @export(interface) package func add(_ services: [Service], in start: Start, as people: People) {
        for service in services where service.identity == .user || start == .root {
            let identity = service.identity == .root ? "root" : people.user.name
            let ready = service.readinessText.isEmpty ? "" : ", \(service.readinessText)"
            add(
                "would start", Services.name,
                "\(service.name): \(service.commandText) (as \(identity)), \(service.timeText)\(ready)")
        }
    }

    /// Adds a line.
    @export(interface) package func add(_ state: String, _ step: String, _ text: String) {
        lines.append(Line(state: state, step: step, text: text))
    }

    /// Adds the exports and the handoff.
    @export(interface) package func addHandoff(
        _ people: People, _ exports: [(name: String, value: String)], _ settings: Settings
    ) {
        for (name, value) in exports {
            add(
                "export", "",
                "\(name)="
                    + (settings.secrets.isSecret(name, value: value) ? "(\(value.utf8.count) bytes)" : value.shown()))
        }
        let user = people.user
        let groups = user.credentials.groups.map { String($0) }.joined(separator: ",")
        let work = settings.workplace
        let place = work?.directory.map { $0.shown() } ?? "the directory that the container starts in"
        let chain = settings.chainText
        add(
            "hand over", Handoff.name,
            "as \(user.name) (\(user.credentials.text)), groups \(groups.isEmpty ? "none" : groups), "
                + "umask \((work?.umask ?? Workplace.standardUmask).octal), in \(place)"
                + (chain.isEmpty ? "" : ", through \(chain.shown())"))
    }

    /// Adds the handoff for a start that asks for nothing.
    @export(interface) package func addUnpreparedHandoff() {
        add("hand over", Handoff.name, "as the container was started: nothing is prepared")
    }

    /// The lines as text, with the states in their own column.
    package var text: String {
        lines.map { line in
            let padding = String(repeating: " ", count: max(1, 14 - line.state.utf8.count))
            return line.state + padding + (line.step.isEmpty ? "" : "\(line.step): ") + line.text + "\n"
        }.joined()
    }

    /// The lines as one JSON object.
    package var json: JSON {
        .object([
            ("pending", .bool(isPending)),
            (
                "lines",
                .array(
                    lines.map { line in
                        .object([
                            ("state", .string(line.state)), ("step", .string(line.step)), ("text", .string(line.text)),
                        ])
                    })
            ),
        ])
    }
}
