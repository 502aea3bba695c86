internal import Boot
internal import Init
internal import Linux
internal import Programs
internal import Text

/// What a boot leaves for the later sessions of its container.
extension BootRun {
    /// Keeps what later sessions may know about the boot.
    ///
    /// - Parameters:
    ///   - exports: the variables that the boot sets.
    ///   - entries: the environment of the command; `nil` when there is none.
    ///   - directory: where the command starts; `nil` when there is none.
    ///   - keepers: what will supervise services; `nil` where there are none.
    ///   - failure: why the boot ends, if it does.
    func keepState(
        _ preparation: Preparation, _ exports: [(name: String, value: String)], _ entries: [CString]?,
        directory: FilePath? = nil, keepers: KeeperStart? = nil, failure: BootError?
    ) {
        let (start, people) = (preparation.host.start, preparation.people)
        do throws(SystemCallError) {
            let state = try StateDirectory(for: start, user: people.user.credentials, in: tree)
            if let entries {
                try state.keep(
                    environment: entries, of: people.user.credentials.user, without: report.secrets,
                    exported: StepExported(names: report.stepExports, secretValues: report.secretValues),
                    files: keptFiles(preparation.settings))
                if start == .root, let objection = try StateDirectory.objection(to: Paths.state, in: tree) {
                    report.warn(
                        "report",
                        Note(.reportNotBelieved, "later sessions do not get the environment: \(objection)"))
                }
            }
            if start == .elevated { try state.keep(reasons: people.names.reasons) }
            let session = directory.map { sessionRecord(preparation, exports, in: $0) }
            if start.isPrivileged { try state.keep(identity: session) }
            try keepers?.makeControlDirectories(in: state)
            let file = try state.keep(
                report.record(start: start, people: people, exports: exports, session: session, failure: failure))
            // Before the drop: the init may not be able to open the file later, and nobody can replace an open file.
            // If this fails, the report lacks the end.
            try? initHandle?.keepForEnd(file)
        } catch {
            let objection = start == .elevated ? (try? StateDirectory.objection(to: Paths.state, in: tree)) ?? nil : nil
            report.warn(
                "report",
                Note(
                    .reportNotKept,
                    "cannot keep the report and the environment for later sessions in "
                        + "\((error.path ?? "/run").shown()): \(objection ?? error.reason)",
                    detail: objection == nil ? error.symbol : ""))
        }
    }

    /// The secrets that sessions read from their files again: those that the command has.
    private func keptFiles(_ settings: Settings) -> [SecretFile] {
        if settings.secretFiles.isEmpty { return [] }
        let stripped = settings.secrets.stripped(in: settings.environment)
        return settings.secretFiles.filter { !stripped.contains($0.name) }
    }

    /// What later sessions are to be like.
    private func sessionRecord(
        _ preparation: Preparation, _ exports: [(name: String, value: String)], in directory: FilePath
    ) -> SessionRecord {
        let (host, settings) = (preparation.host, preparation.settings)
        let hasSudo = hasSudo(preparation)
        var replaced: [BootRecord.Export] = []
        for (name, value) in exports {
            guard let present = environment.value(name), !present.elementsEqual(value.utf8),
                !settings.secrets.isSecret(name)
            else { continue }
            let text = String(decoding: present, as: UTF8.self)
            if !SecretURL.isIn(text) { replaced.append(BootRecord.Export(name: name, value: text)) }
        }
        return SessionRecord(
            life: ((try? ContainerLife(in: tree)) ?? nil)?.text ?? "", user: preparation.people.user,
            umask: preparation.workplace.umask, directory: directory,
            startDirectory: FilePath(CurrentProcess.directory), hasSudo: hasSudo,
            bounding: PrivilegeDrop.bounding(
                of: host.privileges, canRegain: hasSudo, keeping: settings.keptCapabilities),
            capabilities: PrivilegeDrop.possible(settings.keptCapabilities, host.privileges),
            stripped: settings.secrets.stripped(in: environment).sorted(),
            replaced: replaced)
    }
}
