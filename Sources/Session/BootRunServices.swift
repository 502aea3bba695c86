internal import Boot
internal import Linux
internal import Programs

/// The programs beside the command, as far as the boot starts them.
extension BootRun {
    /// Starts the services of an identity, and waits until the command may run.
    ///
    /// - Parameters:
    ///   - keepers: what supervises services; `nil` where there are none.
    ///   - entries: the environment of the command.
    ///   - directory: where the command starts.
    /// - Throws: why the command may not run.
    func startServices(
        of identity: Actor, _ keepers: KeeperStart?, _ entries: [CString], in directory: FilePath
    ) throws(BootError) {
        guard let keepers, keepers.identities.contains(identity) else { return }
        let surroundings =
            identity == .root
            ? keepers.surroundingsOfRoot() : surroundingsOfUser(keepers, entries, in: directory)
        try keepers.start(identity, surroundings) {
            limits?.restore()
            StartingLimits.restoreMemory()
        }
    }

    /// The user's services have what the command has, but for its secrets.
    private func surroundingsOfUser(
        _ keepers: KeeperStart, _ entries: [CString], in directory: FilePath
    ) -> KeeperStart.Surroundings {
        let exported = StepExported(names: report.stepExports, secretValues: report.secretValues)
        let shown = entries.filter { entry in
            guard let length = entry.variableNameLength else { return true }
            return !report.secrets.isSecret(entry, nameLength: length) && !exported.isSecret(entry)
        }
        var secrets: [UInt8] = []
        let block = EnvironmentBlock(entries)
        for name in keepers.secretNames {
            guard let value = block.value(name) ?? keepers.stripped(name) else { continue }
            secrets += Array(name.utf8) + [UInt8(ascii: "=")] + value + [0]
        }
        return KeeperStart.Surroundings(
            environment: shown, secrets: secrets, directory: directory, umask: keepers.umask)
    }
}
