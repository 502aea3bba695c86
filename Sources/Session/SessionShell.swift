internal import Boot
internal import Linux
internal import Programs

/// What a shell that did not come from the boot evaluates to be like the user's command.
package enum SessionShell {
    /// The commands: variables, umask and directory. In a shell that came from the boot, only the variables are restored.
    ///
    /// - Returns: the commands, and why secrets are missing, one line for each.
    /// - Throws: why there are none for the user whom the process acts as.
    package static func commands() throws(KeptEnvironment.Absence) -> (bytes: [UInt8], problems: [String]) {
        let found = try KeptSession.findForShell(of: CurrentProcess.effectiveUser, in: FileTree())
        let (kept, problems) = found.environment.withSecrets()
        let record = found.record
        let session = SessionEnvironment(
            kept: kept, record: record, session: EnvironmentBlock(ProcessStart.environment))
        guard !session.isMarked else { return (ShellEnvironment.commands(for: kept), problems) }
        let missing = session.missing(mayChoosePath: false).map { Array($0.name.utf8) + [UInt8(ascii: "=")] + $0.value }
        let goes = SessionEntry.isUnchosen(CurrentProcess.directory, record)
        let files = found.environment.secretNames.map { $0 + SecretFile.suffix }
        let commands = ShellEnvironment.commands(
            for: missing, removing: files, umask: record.umask, directory: goes ? record.directory : nil)
        return (commands, problems)
    }
}
