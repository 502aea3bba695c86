package import Linux
package import Programs
internal import Text

/// A drop-in is run at every start, because nobody can tell whether its result is already there.
package struct CommandChange: Equatable, Sendable {
    package let dropIn: DropIn
    /// Its environment without the exports and the variables that override them.
    package let environment: EnvironmentBlock
    /// The variables that override the exports.
    package let fixed: [Assignment]
    /// The exports of the built-in steps before it, as far as it gets them.
    package let exports: [Export]
    /// How many variables the built-in steps before it export. Its own exports override them.
    package let position: Int
    /// Where it starts, if that directory can be entered.
    package let directory: FilePath
    /// Variables that a drop-in cannot set because the command never gets them.
    package let refused: Set<String>
    /// Which variables are secrets, including those that earlier drop-ins have exported.
    let knownSecrets: Secrets
    /// The values of the pod's secrets, which other variables may also have.
    let secretValues: [[UInt8]]

    /// Compares everything but the sources of the environment, which do not differ within a boot.
    package static func == (left: CommandChange, right: CommandChange) -> Bool {
        left.dropIn == right.dropIn && left.exports == right.exports && left.position == right.position
    }
}

extension CommandChange: CheckedChange {
    var goal: String { dropIn.command }

    func done(by identity: String) -> String { "ran \(dropIn.command) as \(identity)" }

    var deed: Deed { .other("ran \(dropIn.command) as \(dropIn.identity.rawValue)") }

    var subject: FilePath? { dropIn.program }

    var isMadeAtEveryStart: Bool { true }

    func check(on bench: Workbench) throws(BootError) -> Finding<FilePath> {
        switch try findProgram(as: bench.actor, on: bench) {
        case .executable(let path): return .differs(path)
        case .notExecutable(let reason):
            // Nobody has declared that a file of the directory is a step.
            guard dropIn.source == .configuration else { return .skipped(.stepsNotExecutable, reason) }
            throw BootError(.stepsNotExecutable, "cannot run \(dropIn.program.shown())", reason: reason)
        }
    }

    func makeTrue(_ program: FilePath, on bench: Workbench) throws(BootError) -> Outcome {
        let actor = bench.actor
        // This comes before the return to root, because some values depend on what the user sees.
        let exported = exported(to: actor, on: bench)
        let file = try makeExportFile(for: actor, on: bench)
        defer { file.remove() }
        let fixed = fixed + [Assignment(StepExports.variable, file.path.string)]
        let environment = environment.setting(
            (exported + fixed).map { ($0.name, Array($0.value.utf8)) }, removing: [])
        // The program has a limit of its own.
        bench.stopWatching()
        try run(program, as: actor, environment, on: bench)
        bench.keepWatchWaiting()
        let exports = try readExports(in: file)
        for export in exports { bench.takeExport(export.name, export.value) }
        bench.ledger.note(exports.map { ($0.name, $0.value) }, by: actor, position: position)
        return .changed
    }
}

// The program.
extension CommandChange {
    /// What is at the path of a program.
    private enum Program {
        case executable(FilePath)
        /// Something that cannot be executed, in words.
        case notExecutable(String)
    }

    /// Looks for the program. What root or the seed user runs must belong to root alone.
    private func findProgram(as actor: Actor, on bench: Workbench) throws(BootError) -> Program {
        var path = dropIn.program
        let status: FileStatus?
        do throws(TrustedProgram.Refusal) {
            if actor == .user {
                status = try lookAsUser(path, on: bench)
            } else {
                let found = try TrustedProgram.find(path, in: bench.tree, isImageOnly: bench.actors.isElevated)
                (path, status) = (found.path, found.status)
            }
        } catch {
            let action = "cannot run \(dropIn.program.shown())"
            switch error {
            case .failed(let error):
                let attempts = [Attempt(as: bench.actors.words(actor), error)]
                if error.errno == .noSuchFileOrDirectory { throw notFound(attempts) }
                throw BootError(
                    .stepsNotStarted, action, attempts: attempts)
            case .unsafe(let reason, let remedy):
                throw BootError(.stepsUntrusted, "\(action) as \(actor.rawValue)", reason: reason, remedy: remedy)
            }
        }
        guard let status else {
            throw notFound([])
        }
        guard status.kind == .file else { return .notExecutable("it is \(status.kind.words)") }
        guard status.mode.rawValue & 0o111 != 0 else {
            return .notExecutable("it is not executable (\(status.mode.octal))")
        }
        return .executable(path)
    }

    private func notFound(_ attempts: [Attempt]) -> BootError {
        let program = dropIn.program.shown()
        // In a list, the arguments are further items.
        let isLine = program.utf8.contains { $0.isBlank }
        return BootError(
            .stepsNotFound, "cannot run \(isLine ? "'\(program)'" : program)", reason: "no such file",
            attempts: attempts,
            remedy: isLine ? "each argument is an item of its own in the list of the command" : "")
    }

    private func lookAsUser(_ path: FilePath, on bench: Workbench) throws(TrustedProgram.Refusal) -> FileStatus? {
        do throws(SystemCallError) {
            return try bench.actors.acting(as: .user) { () throws(SystemCallError) in
                try bench.tree.status(path, links: .follow)
            }
        } catch {
            throw .failed(error)
        }
    }
}

// The run.
extension CommandChange {
    private func run(
        _ program: FilePath, as actor: Actor, _ environment: [CString], on bench: Workbench
    ) throws(BootError) {
        var output = OutputLines(hiding: hidden(in: environment) + bench.ledger.exportedSecrets(knownSecrets))
        var failure = ""
        let show = { (line: String) in
            if dropIn.source == .bundled, let text = BundledLine.failure.text(of: line) {
                failure = text
            } else if dropIn.source == .bundled, let text = BundledLine.warning.text(of: line) {
                bench.note(.snapshotDecided, text)
            } else {
                bench.say(line, of: dropIn.name)
            }
        }
        let process = ProgramRun(
            program, arguments: [dropIn.program.string] + dropIn.arguments, environment: environment,
            timeLimit: dropIn.timeLimit, directory: directory)
        let result: ProgramRun.Result
        do throws(SystemCallError) {
            result = try bench.run(process, as: actor) { output.take($0, show) }
        } catch {
            throw notStarted(program, error, as: actor, on: bench)
        }
        output.finish(show)
        if result.leftBehind > 0 {
            let count = result.leftBehind == 1 ? "a process" : "\(result.leftBehind) processes"
            bench.note(.stepsLeftBehind, "\(count) that it left behind had to be killed")
        }
        if !failure.isEmpty, case .exited(let code) = result.end, code != 0 {
            throw BootError(code == ExitCode.settings.rawValue ? .snapshotSettings : .snapshotNotRestored, failure)
        }
        do throws(BootError) {
            try check(result, lastLine: output.last)
        } catch {
            // A script with such line ends may start and fail for it: `env` or a shell gets them with the argument.
            guard error.id == .stepsFailed, hasCarriageReturn(program, as: actor, on: bench) else { throw error }
            throw BootError(
                .stepsLineEnds, error.action, reason: error.reason, remedy: ScriptStart.lineEndRemedy)
        }
    }

    private func hasCarriageReturn(_ program: FilePath, as actor: Actor, on bench: Workbench) -> Bool {
        bench.keepWatchWaiting()
        // What follows is root's work again, such as the removal of the file for exports.
        defer { _ = try? bench.actors.become(.root) }
        let start = try? bench.actors.acting(as: actor) { () throws(SystemCallError) in
            ScriptStart.find(at: program, in: bench.tree, links: Actors.links(actor))
        }
        return (start ?? nil)?.hasCarriageReturn == true
    }

    /// Why the new process has not become the program.
    private func notStarted(
        _ program: FilePath, _ error: SystemCallError, as actor: Actor, on bench: Workbench
    ) -> BootError {
        var (id, remedy) = (MessageIdentifier.stepsNotStarted, "")
        switch error.errno {
        case _ where error.call != "execve": break
        case .noSuchFileOrDirectory where hasCarriageReturn(program, as: actor, on: bench):
            (id, remedy) = (.stepsLineEnds, ScriptStart.lineEndRemedy)
        case .noSuchFileOrDirectory:
            (id, remedy) = (.stepsInterpreter, "the interpreter of its first line is not in the image")
        case .execFormatError:
            id = .stepsNotExecutable
            remedy = "a script needs a first line such as #!/bin/sh, and a program must be for this machine"
        case .permissionDenied:
            id = .stepsNotExecutable
            remedy = "it must be executable for \(actor.rawValue), and not on a mount with noexec"
        default: break
        }
        return BootError(
            id, "cannot run \(dropIn.program.shown())", attempts: [Attempt(as: bench.actors.words(actor), error)],
            remedy: remedy)
    }

    /// Checks that it ended successfully.
    private func check(_ result: ProgramRun.Result, lastLine: String) throws(BootError) {
        let last = lastLine.isEmpty ? "" : "; the last line of its output is '\(lastLine)'"
        if result.isOverdue {
            throw BootError(
                .stepsTimeout, "\(dropIn.command) failed", reason: "it did not end within \(dropIn.timeLimit) s\(last)",
                remedy: "the key timeout of its entry under steps changes the limit")
        }
        switch result.end {
        case .exited(0): return
        case .exited(let code):
            throw BootError(.stepsFailed, "\(dropIn.command) failed", reason: "exit code \(code)\(last)")
        case .signaled(let signal):
            throw BootError(
                .stepsFailed, "\(dropIn.command) failed", reason: "\(signal.name) ended it\(last)")
        }
    }

    /// The values in the drop-in's environment that must not be shown anywhere.
    private func hidden(in environment: [CString]) -> [[UInt8]] {
        secretValues
            + environment.flatMap { entry -> [[UInt8]] in
                guard let length = entry.variableNameLength,
                    knownSecrets.isSecret(entry, nameLength: length)
                        || !dropIn.secrets.isEmpty && entry.variableName.map(dropIn.secrets.contains) == true
                else { return [] }
                return Secrets.texts(of: entry.bytes(from: length + 1))
            }
    }
}

// Exports.
extension CommandChange {
    private func makeExportFile(for actor: Actor, on bench: Workbench) throws(BootError) -> ExportFile {
        do throws(SystemCallError) {
            // Root makes the file. The new process takes its identity for good, and must start as root to do so.
            try bench.actors.become(.root)
            return try ExportFile(in: bench.tree, places: Paths.exportPlaces, for: bench.actors.identityForChild(actor))
        } catch {
            throw BootError(
                .stepsExports, "cannot make a file for what \(dropIn.program.shown()) exports",
                attempts: [Attempt(as: bench.actors.words(actor), error)],
                remedy: error.errno == .notPermitted ? ExportFile.remedy(places: Paths.exportPlaces) : "")
        }
    }

    /// The variables that earlier steps have exported to it.
    private func exported(to actor: Actor, on bench: Workbench) -> [Assignment] {
        let values = bench.ledger.values(of: exports) { export in
            switch actor {
            case .user: true
            case .seed: export.by != .user && !StepExports.steersPrograms(export.name)
            case .root: export.by == .root && !StepExports.steersPrograms(export.name)
            }
        }
        return values.map { Assignment($0.name, $0.value) }
    }

    /// The variables that it has exported.
    private func readExports(in file: borrowing ExportFile) throws(BootError) -> [Assignment] {
        let action = "cannot take what \(dropIn.program.shown()) exports"
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try file.read()
        } catch {
            guard error.errno == .staleNFSFileHandle else {
                throw BootError(.stepsExports, action, attempts: [Attempt(as: "", error)])
            }
            throw BootError(
                .stepsExports, action, reason: "the file was replaced or removed",
                remedy: "write to $\(StepExports.variable) itself")
        }
        do throws(FormatError) {
            return try StepExports.parse(bytes, refusing: { BootVariables.contains($0) || refused.contains($0) })
        } catch {
            throw BootError(.stepsExports, action, reason: error.expected, remedy: "a line is NAME=value")
        }
    }
}
