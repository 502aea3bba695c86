import Linux
internal import Programs
import SystemPackage
internal import Text

/// Drop-in steps: programs of the image, each in a process that has become its identity for ever.
extension Apply {
    /// Runs a drop-in step.
    mutating func apply(_ change: CommandChange, by able: [Actor]) throws(BootError) -> Outcome {
        let (dropIn, actor) = (change.dropIn, able[0])
        let program: FilePath
        switch try find(dropIn, as: actor) {
        case .program(let path): program = path
        case .notExecutable(let reason):
            // Of a directory's file nobody said that it is a step.
            guard dropIn.source == .configuration else { return .skipped(reason) }
            throw BootError("cannot run \(dropIn.program.shown())", reason: reason)
        }
        if mode == .dryRun { return .changed }
        stopWatching()
        // Before the return to root: some depends on what the user sees.
        let exported = exported(to: change, as: actor)
        let file = try makeExportFile(for: dropIn, actor)
        defer { file.remove() }
        let fixed = change.fixed + [Assignment(StepExports.variable, file.path.string)]
        let environment = change.environment.setting(
            (exported + fixed).map { ($0.name, Array($0.value.utf8)) }, removing: [])
        try run(change, program, as: actor, environment)
        stepExports += try exports(of: change, in: file).map { ($0.name, $0.value, actor, change.position) }
        return .changed
    }

    private func makeExportFile(for dropIn: DropIn, _ actor: Actor) throws(BootError) -> ExportFile {
        do throws(SystemCallError) {
            // Root makes the file, and the new process becomes somebody else for ever, for which it must be root first.
            try actors.become(.root)
            return try ExportFile(in: tree, places: Paths.exportPlaces, for: actors.identityForChild(actor))
        } catch {
            throw BootError(
                "cannot make a file for what \(dropIn.program.shown()) exports",
                attempts: [Attempt(as: actors.words(actor), error)],
                remedy: error.errno == .notPermitted ? ExportFile.remedy(places: Paths.exportPlaces) : "")
        }
    }

    /// What is at the path of a program.
    private enum Found {
        case program(FilePath)
        /// Something else, in words.
        case notExecutable(String)
    }

    /// Looks for the program; for what root or the seed user runs, it must be root's alone.
    private func find(_ dropIn: DropIn, as actor: Actor) throws(BootError) -> Found {
        var path = dropIn.program
        let status: FileStatus?
        do throws(TrustedProgram.Refusal) {
            if actor == .user {
                status = try lookAsUser(path)
            } else {
                let found = try TrustedProgram.find(path, in: tree, isImageOnly: actors.isElevated)
                (path, status) = (found.path, found.status)
            }
        } catch {
            let action = "cannot run \(dropIn.program.shown())"
            switch error {
            case .failed(let error):
                throw BootError(
                    action, reason: error.errno == .noSuchFileOrDirectory ? "no such file" : "",
                    attempts: [Attempt(as: actors.words(actor), error)])
            case .unsafe(let reason, let remedy):
                throw BootError("\(action) as \(actor.rawValue)", reason: reason, remedy: remedy)
            }
        }
        guard let status else {
            throw BootError("cannot run \(dropIn.program.shown())", reason: "no such file")
        }
        guard status.kind == .file else { return .notExecutable("it is \(status.kind.words)") }
        guard status.mode.rawValue & 0o111 != 0 else {
            return .notExecutable("it is not executable (\(status.mode.octal))")
        }
        return .program(path)
    }

    private func lookAsUser(_ path: FilePath) throws(TrustedProgram.Refusal) -> FileStatus? {
        do throws(SystemCallError) {
            return try actors.acting(as: .user) { () throws(SystemCallError) in
                try tree.status(path, links: .follow)
            }
        } catch {
            throw .failed(error)
        }
    }

    private mutating func run(
        _ change: CommandChange, _ program: FilePath, as actor: Actor, _ environment: [CString]
    ) throws(BootError) {
        let dropIn = change.dropIn
        let isRoots = actor == .root
        var output = OutputLines(hiding: change.hidden(in: environment))
        let say = say
        let show = { (line: String) in say(dropIn.name, line) }
        let process = ChildProcess(
            program: program, arguments: ([dropIn.program.string] + dropIn.arguments).map { CString(Array($0.utf8)) },
            environment: environment, identity: actors.identityForChild(actor),
            umask: isRoots ? 0o022 : actors.workUmask,
            timeLimit: dropIn.timeLimit, directory: change.directory, keepsPrivileges: isRoots)
        let result: ChildProcess.Result
        do throws(SystemCallError) {
            result = try process.run { output.take($0, show) }
        } catch {
            throw BootError(
                "cannot run \(dropIn.program.shown())", attempts: [Attempt(as: actors.words(actor), error)],
                remedy: error.call == "execve" ? Self.remedy(forExecuting: error) : "")
        }
        output.finish(show)
        if result.leftBehind > 0 {
            let count = result.leftBehind == 1 ? "a process" : "\(result.leftBehind) processes"
            notes.append("\(count) that it left behind had to be killed")
        }
        let last = output.last.isEmpty ? "" : "; the last line of its output is '\(output.last)'"
        if result.isOverdue {
            throw BootError(
                "\(dropIn.command) failed", reason: "it did not end within \(dropIn.timeLimit) s\(last)",
                remedy: "the key timeout of its entry under steps changes the limit")
        }
        switch result.end {
        case .exited(0): return
        case .exited(let code): throw BootError("\(dropIn.command) failed", reason: "exit code \(code)\(last)")
        case .signaled(let signal):
            throw BootError("\(dropIn.command) failed", reason: "signal \(signal.rawValue) ended it\(last)")
        }
    }

    private static func remedy(forExecuting error: SystemCallError) -> String {
        switch error.errno {
        case .noSuchFileOrDirectory: "is the interpreter of its first line in the image?"
        case .execFormatError:
            "a script needs a first line such as #!/bin/sh, and a program must be for this machine"
        case .permissionDenied: "is it executable for whom it runs as, and not on a noexec mount?"
        default: ""
        }
    }

    /// What earlier steps have exported to one.
    private func exported(to change: CommandChange, as actor: Actor) -> [Assignment] {
        let values = values(of: change.exports) { export in
            switch actor {
            case .user: true
            case .seed: export.by != .user && !StepExports.steersPrograms(export.name)
            case .root: export.by == .root && !StepExports.steersPrograms(export.name)
            }
        }
        return values.map { Assignment($0.name, $0.value) }
    }

    private func exports(
        of change: CommandChange, in file: borrowing ExportFile
    ) throws(BootError) -> [Assignment] {
        let action = "cannot take what \(change.dropIn.program.shown()) exports"
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try file.read()
        } catch {
            guard error.errno == .staleNFSFileHandle else {
                throw BootError(action, attempts: [Attempt(as: "", error)])
            }
            throw BootError(
                action, reason: "the file was replaced or removed", remedy: "write to $\(StepExports.variable) itself")
        }
        do throws(FormatError) {
            return try StepExports.parse(bytes, refusing: { BootVariables.contains($0) || change.refused.contains($0) })
        } catch {
            throw BootError(action, reason: error.expected, remedy: "a line is NAME=value")
        }
    }
}

extension Change {
    /// Whether it is a program that is run.
    var isCommand: Bool { if case .command = self { true } else { false } }
}
