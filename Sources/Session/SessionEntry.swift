package import Boot
package import Linux
internal import Programs
internal import Text

/// A later session of a container: the process becomes the user as the boot has left the user, and executes a command.
///
/// It reads what the boot has kept and writes nothing. Nothing in the environment of the caller says who the user is.
package struct SessionEntry {
    private let kept: KeptSession
    private let privileges: Privileges
    private let environment: EnvironmentBlock

    /// Finds the session for whoever the process acts as.
    ///
    /// - Parameter tree: the container's files.
    /// - Throws: why there is none: no boot has made this container ready for the caller.
    package init(in tree: FileTree = FileTree()) throws(BootError) {
        let user = CurrentProcess.effectiveUser
        let kept: KeptSession
        do throws(KeptEnvironment.Absence) {
            kept = try KeptSession.find(for: user, in: tree)
        } catch {
            throw BootError(
                .sessionNone, "cannot enter the user's session", reason: error.words,
                remedy: user == 0
                    ? "the container's user is known after a boot as root or with file capabilities; else start the "
                        + "session as the user (docker exec --user)"
                    : "only the user of the container's boot, or root, can")
        }
        try self.init(kept)
    }

    /// The session in a container that has been made ready already; `nil` where a boot has to do that.
    ///
    /// Process 1 always boots.
    ///
    /// - Parameter process: the id of this process.
    init?(ofBootedContainerIn tree: FileTree, process: Int32) throws(BootError) {
        guard process != 1, let kept = try? KeptSession.find(for: CurrentProcess.effectiveUser, in: tree)
        else { return nil }
        try self.init(kept)
    }

    /// What the environment says of another user than the container's, who is the only one there can be; `nil` where it does
    /// not.
    var otherUser: String? {
        let user = kept.record.user
        let known = [
            (PodVariables.userName.name, user.name), (PodVariables.userID.name, String(user.credentials.user)),
        ]
        for (name, value) in known {
            guard let given = environment.value(name), !given.elementsEqual(value.utf8) else { continue }
            return
                "\(name)=\(given.shown()) has no effect: this container is that of \(user.name) (\(user.credentials.text))"
        }
        return nil
    }

    private init(_ kept: KeptSession) throws(BootError) {
        self.kept = kept
        environment = EnvironmentBlock(ProcessStart.environment)
        do throws(SystemCallError) {
            privileges = try Privileges.current()
        } catch {
            throw BootError(
                .startCredentials, "cannot read the process's credentials", attempts: [Attempt(as: "", error)])
        }
    }

    /// Becomes the user and executes the command; returns only when that fails.
    ///
    /// - Parameters:
    ///   - command: the arguments, the command's name first; empty for the user's login shell.
    ///   - warn: receives what the session lacks.
    /// - Returns: why the command is not running.
    package func run(_ command: [CString], warn: (Note) -> Void) -> BootError {
        let record = kept.record
        do throws(BootError) {
            let directory = CurrentProcess.directory
            try becomeUser(warn)
            CurrentProcess.setUmask(record.umask)
            try enterDirectory(from: directory, warn)
        } catch {
            return error
        }
        let shell = [CString(Array(record.user.shell.string.utf8))]
        // Files of secrets are read as the user.
        let (known, problems) = kept.environment.withSecrets()
        for problem in problems { warn(Note(.settingsUnreadableContent, problem)) }
        var removed = kept.environment.secretNames.map { $0 + SecretFile.suffix }
        // These are root's.
        if privileges.user.effective == 0 { removed += ["MAIL"] + environment.names(startingWith: "XDG_") }
        let entries = SessionEnvironment(kept: known, record: record, session: environment, removing: removed)
            .complete(required: BootSequence.groups.variables.filter { $0.isRequired }.map { $0.name })
        return CommandExecution.execute(command.isEmpty ? shell : command, environment: entries)
    }

    private func becomeUser(_ warn: (Note) -> Void) throws(BootError) {
        let user = kept.record.user.credentials
        guard privileges.user.effective == 0 else { return try giveUpCapabilities() }
        // Those of a shell of root's stay root's.
        _ = PrivilegeDrop.giveStreams(to: user.user, isSession: true)
        var start = privileges
        let bounding = start.capabilities.bounding & kept.record.bounding
        do throws(SystemCallError) {
            for number in 0..<64 where start.capabilities.bounding & ~bounding & (1 << UInt64(number)) != 0 {
                guard start.has(.setCapabilities) else { break }
                try Privileges.dropFromBoundingSet(number)
                start.capabilities.bounding &= ~(1 << UInt64(number))
            }
        } catch {
            throw BootError(
                .handoffPrivileges, "cannot limit the capabilities of the session", attempts: [Attempt(as: "", error)])
        }
        try PrivilegeDrop.drop(
            to: user, from: start, canRegain: kept.record.hasSudo,
            keeping: kept.record.capabilities.filter { bounding & (1 << UInt64($0)) != 0 })
        if !kept.record.hasSudo, Terminal.isOthers(than: nil) {
            do throws(SystemCallError) {
                try Terminal.forbidInput()
            } catch {
                warn(
                    Note(
                        .handoffTerminal,
                        "the command may be able to type into the terminal of root's shell: \(error.reason)",
                        detail: error.symbol))
            }
        }
    }

    /// Gives up what the program's file gave; what the session's own user may do stays.
    private func giveUpCapabilities() throws(BootError) {
        guard privileges.capabilities.permitted != 0, ProcessStart.isPrivilegedByFile else { return }
        do throws(SystemCallError) {
            _ = try ElevatedStart.giveUp(privileges)
        } catch {
            throw BootError(
                .startCapabilities, "cannot give up the program's capabilities", attempts: [Attempt(as: "", error)])
        }
    }

    /// Goes to the boot's directory if the session has not chosen one, or may not be where it is.
    private func enterDirectory(from present: String, _ warn: (Note) -> Void) throws(BootError) {
        guard Self.isUnchosen(present, kept.record) || !CurrentProcess.canEnterDirectory else { return }
        let directory = kept.record.directory
        do throws(SystemCallError) {
            try CurrentProcess.changeDirectory(to: directory)
        } catch {
            if CurrentProcess.canEnterDirectory {
                return warn(
                    Note(
                        .sessionDirectory,
                        "the session stays in \(present.shown()): cannot enter \(directory.shown()): \(error.reason)",
                        detail: error.symbol))
            }
            throw BootError(
                .handoffDirectory, "cannot enter \(directory.shown())",
                attempts: [Attempt(as: "user \(kept.record.user.credentials.text)", error)],
                remedy: "start the session in another directory (docker exec --workdir)")
        }
    }

    /// Whether nobody has chosen a directory: it is the one that the runtime gives to every process of the container.
    static func isUnchosen(_ directory: String, _ record: SessionRecord) -> Bool {
        directory == "/" || directory == record.startDirectory.string
    }
}
