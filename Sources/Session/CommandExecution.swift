package import Boot
package import Linux
internal import Programs
internal import Text

/// The end of the boot: the process becomes the user's command.
package enum CommandExecution {
    /// Replaces the process with the command; returns only when that fails.
    ///
    /// The command is looked for as execvp(3) does, but with the path of the command's own environment.
    ///
    /// - Parameters:
    ///   - command: the arguments, the command's name first.
    ///   - environment: the command's environment.
    ///   - attempt: is called with each file before it is tried.
    /// - Returns: why it is not running.
    package static func execute(
        _ command: [CString], environment: [CString], attempt: (FilePath) -> Void = { _ in }
    ) -> BootError {
        guard let name = command.first, name.count > 0 else {
            return BootError(.commandNotFound, "cannot run ''", reason: "not found")
        }
        let path = EnvironmentBlock(environment).value("PATH") ?? Array(CommandSearch.defaultPath.utf8)
        let candidates = CommandSearch.candidates(for: name.bytes, path: path)
        let isPath = name.bytes.contains(UInt8(ascii: "/"))
        var denied: SystemCallError?
        for candidate in candidates {
            attempt(candidate)
            let error = CurrentProcess.execute(candidate, arguments: command, environment: environment)
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: continue
            // No file can have such a long name, so no directory of PATH has the command.
            case .fileNameTooLong where !isPath: continue
            case .permissionDenied:
                // A directory of PATH that the user may not enter says nothing about the command, and a directory with
                // the command's name is not a command.
                let kind = (try? FileTree().status(candidate, links: .follow))?.kind
                if isPath || (kind != nil && kind != .directory) { denied = denied ?? error }
            default: return notExecutable(error)
            }
        }
        if let denied { return notExecutable(denied) }
        // A file that exists and yet was not found is a script or program whose interpreter is missing.
        for candidate in candidates where (try? FileTree().status(candidate, links: .follow))?.kind == .file {
            return withoutInterpreter(candidate)
        }
        return notFound(command, isPath ? "no such file" : "not found in PATH (\(path.shown()))")
    }

    private static func withoutInterpreter(_ path: FilePath) -> BootError {
        let action = "cannot run \(path.shown())"
        guard let start = ScriptStart.find(at: path, in: FileTree(), links: .follow) else {
            return BootError(.commandInterpreter, action, reason: "its interpreter is not in the image")
        }
        if start.hasCarriageReturn {
            return BootError(
                .commandLineEnds, action, reason: "its interpreter is not found", remedy: ScriptStart.lineEndRemedy)
        }
        return BootError(
            .commandInterpreter, action, reason: "its interpreter \(start.interpreter.shown()) is not in the image")
    }

    private static func notFound(_ command: [CString], _ reason: String) -> BootError {
        let name = command[0].bytes
        guard name.contains(where: { $0.isBlank }) else {
            return BootError(.commandNotFound, "cannot run \(name.shown())", reason: reason)
        }
        // Whoever wrote a command line as one word wants it split, by a shell or as a list.
        let remedy =
            command.count == 1
            ? "a command line in one word is for a shell: args: [\"sh\", \"-c\", \(JSON.string(name.shown()).text)]"
            : "each argument is an item of its own in the list of the command"
        return BootError(.commandOneWord, "cannot run '\(name.shown())'", reason: reason, remedy: remedy)
    }

    private static func notExecutable(_ error: SystemCallError) -> BootError {
        let path = error.path ?? ""
        var remedy = ""
        if error.errno == .permissionDenied {
            let kind = (try? FileTree().status(path, links: .follow))?.kind
            remedy =
                kind == .directory
                ? "it is a directory" : "it must be executable for the user, and not on a mount with noexec"
        } else if error.errno == .execFormatError {
            remedy = "a script needs a first line such as #!/bin/sh, and a program must be for this machine"
        }
        return BootError(
            .commandNotExecutable, "cannot run \(path.shown())", attempts: [Attempt(as: "", error)], remedy: remedy)
    }
}
