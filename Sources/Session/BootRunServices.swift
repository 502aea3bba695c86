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
        var (shown, secrets): ([CString], [UInt8]) = ([], [])
        for entry in entries {
            guard let length = entry.variableNameLength,
                report.secrets.isSecret(entry, nameLength: length) || exported.isSecret(entry)
            else {
                shown.append(entry)
                continue
            }
            // Only the keeper knows what the services of the user's own file name. The command has these anyway.
            if keepers.hasUserFile { secrets += entry.bytes + [0] }
        }
        let block = EnvironmentBlock(entries)
        for name in keepers.secretNames {
            guard let value = block.value(name) ?? keepers.stripped(name) else { continue }
            secrets += Array(name.utf8) + [UInt8(ascii: "=")] + value + [0]
        }
        return KeeperStart.Surroundings(
            environment: shown, secrets: secrets, directory: directory, umask: keepers.umask)
    }
}
