import Linux

/// The dry run's output: what a boot would do, on standard output.
extension Boot {
    /// Prints what a change comes to.
    func printPlanned(_ event: Event) {
        let step = event.change.step
        let goal = event.change.planned.change.goal
        let identity = event.identity.isEmpty ? "" : " (as \(event.identity))"
        switch event.outcome {
        case .already: printLine("already", step, goal)
        case .changed:
            let remark = event.remark.isEmpty ? "" : ": \(event.remark)"
            printLine("would change", step, goal + identity + remark)
        case .unneeded(let reason): printLine("nothing to do", step, "\(goal): \(reason)")
        case .skipped(let reason): printLine("would skip", step, "\(goal): \(reason)")
        case .failed(let error): printLine("would fail", step, error.message)
        }
        for note in event.notes { printLine("note", step, note) }
    }

    /// Prints the exports and the handoff.
    func printRest(_ people: People, _ exports: [(name: String, value: String)], _ scratch: Scratch) -> Int32 {
        for export in exports {
            printLine("export", "", "\(export.name)=\(Text.shown(export.value))")
        }
        let user = people.user
        let groups = user.credentials.groups.map { String($0) }.joined(separator: ",")
        printLine(
            "hand over", Handoff.name,
            "as \(user.name) (\(user.credentials.text)), groups \(groups.isEmpty ? "none" : groups), "
                + "umask \(scratch.umask.octal), in \(Text.shown(scratch.workingDirectory))")
        return 0
    }

    private func printLine(_ state: String, _ step: String, _ text: String) {
        let state = state + String(repeating: " ", count: max(1, 14 - state.utf8.count))
        let place = step.isEmpty ? "" : "\(step): "
        StandardStream.output.write(Array((state + place + text + "\n").utf8))
    }
}
