internal import Boot
internal import Linux
internal import Programs
internal import Text

/// A boot that ends without its command.
extension BootRun {
    /// Warns of something that does not stop the boot.
    func warn(_ step: String, _ note: Note) {
        if let planText { planText.add("note", step, note.whole) } else { report.warn(step, note) }
    }

    /// Reports what is wrong with the command line, in the format that the environment asks for.
    ///
    /// - Returns: the exit code.
    @export(interface) package static func refuse(_ mistake: String) -> Int32 {
        var reader = SettingsReader(
            environment: EnvironmentBlock(ProcessStart.environment),
            configuration: Configuration(of: BootSequence.groups))
        let report = Report(
            log: LogSettings(reading: &reader), secrets: Secrets(of: BootSequence.groups), started: Clock.monotonic
        ) { line in
            StandardStream.error.write(Array((line + "\n").utf8))
        }
        let error = BootError(.commandLineInvalid, mistake, remedy: "see entrypoint --help")
        report.line(for: error)
        return error.exitCode.rawValue
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
            planText?.add("would fail", "settings", problem.whole)
            report.fail("settings", problem)
        }
        if !request.isPlan {
            leaveReason(error.problems.map { "entrypoint: settings: \($0.text)" }.joined(separator: "\n"))
        }
    }

    /// Leaves the reason for Kubernetes. Its file may be a mount whose server does not answer.
    private func leaveReason(_ text: String) {
        reading?.begin(step: "report", path: Paths.terminationLog)
        TerminationLog.write(text, in: tree)
        reading?.end()
    }
}
