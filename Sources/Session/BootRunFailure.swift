internal import Boot
internal import Linux
internal import Programs
internal import Text

/// A boot that ends without its command.
extension BootRun {
    /// Warns of something that does not stop the boot.
    func warn(_ step: String, _ text: String) {
        if let planText { planText.add("note", step, text) } else { report.warn(step, text) }
    }

    /// Reports why the boot ends.
    ///
    /// - Returns: the exit code.
    func fail(_ error: BootError) -> Int32 {
        planText?.add("would fail", error.step, error.message)
        report.line(for: error)
        if !request.isPlan, actsAsCaller() {
            let place = error.step.isEmpty ? "" : "\(error.step): "
            leaveReason("entrypoint: \(place)\(error.brief)")
        }
        return error.exitCode.rawValue
    }

    /// Whether the process has only its caller's rights, which it assumes here because nothing else is left to do: the
    /// caller may or may not be allowed to write what the pod spec has mounted as the log.
    private func actsAsCaller() -> Bool {
        let caller = privileges.effective
        // The real user stays as it is, so that nobody can trace a process that has read passwords.
        if CurrentProcess.effectiveUser != caller.user { _ = try? Privileges.assume(caller) }
        return CurrentProcess.effectiveUser == caller.user || caller.user == 0
    }

    /// Reports what is wrong with the settings.
    func fail(_ error: SettingsError) {
        for notice in error.notices { warn("settings", notice) }
        for problem in error.problems {
            planText?.add("would fail", "settings", problem)
            report.line(.error, "settings", problem)
        }
        if !request.isPlan {
            leaveReason(error.problems.map { "entrypoint: settings: \($0)" }.joined(separator: "\n"))
        }
    }

    /// Leaves the reason for Kubernetes. Its file may be a mount whose server does not answer.
    private func leaveReason(_ text: String) {
        reading?.begin(step: "report", path: Paths.terminationLog)
        TerminationLog.write(text, in: tree)
        reading?.end()
    }
}
