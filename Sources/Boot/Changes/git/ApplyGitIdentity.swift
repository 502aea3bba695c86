import Linux
internal import Programs
import SystemPackage
internal import Text

extension Apply {
    /// How often, and how long apart in milliseconds, git is asked while another git holds the file's lock.
    private static let lockAttempts = (count: 100, pause: 20 as UInt64)

    /// Sees to it that git's global configuration has an identity, and changes nothing else of it.
    mutating func apply(_ change: GitIdentityChange, by able: [Actor]) throws(BootError) -> Outcome {
        let path = change.path
        let file = try lookAtConfiguration(path, as: able[0])
        if let kind = file.kind, kind != .file { return .skipped("it is \(kind.words)") }
        let configuration = file.configuration
        var missing = change.entries.filter { !configuration.userKeys.contains($0.key) }
        let isDoubtful = configuration.hasIncludes || configuration.isBad
        // In doubt git itself is asked, who tells of a bad file too.
        if missing.isEmpty && (!configuration.isBad || change.git == nil) { return .already }
        if isDoubtful && (actors.isObserver || !tree.isRealRoot) {
            return .unneeded("only git could tell, and a program of another root or for another user is not run")
        }
        guard let git = change.git else { return try writeWithoutGit(change, file, missing, path, as: able[0]) }
        let program = Git(program: git, file: path, home: change.home)
        if isDoubtful {
            missing = []
            for entry in change.entries
            where try run(program, ["--includes", "--get", "--", "user.\(entry.key)"], noValue: 1) != 0 {
                missing.append(entry)
            }
            if missing.isEmpty { return .already }
            if configuration.hasConditionalIncludes {
                // Written at the end of the file it would win over what the included files say.
                return .unneeded("the file includes others by condition, which may have one")
            }
        }
        if mode == .dryRun { return .changed }
        for entry in missing { try run(program, ["--", "user.\(entry.key)", entry.value]) }
        return .changed
    }

    /// What is known of a configuration file.
    private struct Found {
        /// `nil` for no file.
        var kind: FileStatus.Kind?
        var size = 0
        var mode: ModeBits = 0o666
        var configuration = GitConfiguration([])
    }

    private func lookAtConfiguration(_ path: FilePath, as actor: Actor) throws(BootError) -> Found {
        var found = Found()
        if mode == .dryRun && isExpected(path) { return found }
        var rounds = Self.staleRounds
        try perform("cannot read", path, as: actor) { () throws(SystemCallError) in
            while true {
                do throws(SystemCallError) {
                    try look(at: path, &found)
                    return
                } catch  where error.errno == .staleNFSFileHandle && rounds > 0 {
                    // Another container has replaced the file since it was opened (nfs(5)): the new one is there.
                    rounds -= 1
                }
            }
        }
        return found
    }

    /// How often a file is opened anew that a file server says is gone.
    private static let staleRounds = 8

    private func look(at path: FilePath, _ found: inout Found) throws(SystemCallError) {
        do throws(SystemCallError) {
            let file = try tree.open(path, [.readOnly, .nonBlocking], links: .follow)
            let status = try file.status(path: path)
            (found.kind, found.size, found.mode) = (status.kind, status.size, status.mode)
            guard status.kind == .file else { return }
            found.configuration = GitConfiguration(
                try file.readAll(limit: 1 << 20, expected: status.size, path: path))
        } catch  where error.errno == .noSuchFileOrDirectory {
            // Git makes the file.
        }
    }

    /// Without git nothing can be added to what the user has written: only a file that is empty, or missing, is written.
    private mutating func writeWithoutGit(
        _ change: GitIdentityChange, _ file: Found, _ missing: [GitIdentityChange.Entry], _ path: FilePath,
        as actor: Actor
    ) throws(BootError) -> Outcome {
        guard file.size == 0 else { return .skipped("the image has no git to add it to what is there") }
        guard try look(at: path, as: actor)?.kind != .link else {
            return .skipped("the image has no git, and \(path.shown()) is a symbolic link")
        }
        if mode == .dryRun { return .changed }
        let lines = missing.map { "\t\($0.key) = \(GitConfiguration.quoted($0.value))\n" }
        let content = Array("[user]\n\(lines.joined())".utf8)
        try perform("cannot write", path, as: actor) { () throws(SystemCallError) in
            guard let name = path.lastComponent else { return }
            let parent = try tree.openParent(of: path, links: .follow)
            let temporary = TemporaryName.make(for: name)
            do throws(SystemCallError) {
                let new = try parent.open(temporary, [.writeOnly, .create, .exclusive], mode: file.mode)
                try new.writeAll(content, path: path)
                try new.close(path: path)
                // Another container may have written it meanwhile.
                guard try parent.status(name)?.size ?? 0 == 0 else {
                    try parent.remove(temporary)
                    return
                }
                try parent.rename(temporary, to: name)
                Leftovers.remove(
                    beside: path, Leftovers.Proof(content: content), in: tree, progress: keepWatchWaiting)
            } catch {
                _ = try? parent.remove(temporary)
                throw error
            }
        }
        return .changed
    }

    /// Runs `git config` as the user, waiting for another one that holds the file's lock.
    ///
    /// - Parameter noValue: the exit code that is an answer.
    /// - Returns: the exit code.
    @discardableResult
    private func run(_ git: Git, _ arguments: [String], noValue: Int32? = nil) throws(BootError) -> Int32 {
        var answer = Git.Answer(code: -1, isOverdue: false, text: "")
        for _ in 0..<Self.lockAttempts.count {
            answer = try runOnce(git, arguments)
            if answer.code == 0 || answer.code == noValue { return answer.code }
            guard answer.text.contains(bytesOf: "could not lock"), answer.text.contains(bytesOf: "File exists") else {
                break
            }
            Clock.sleep(nanoseconds: Self.lockAttempts.pause * 1_000_000)
        }
        let file = git.file.shown()
        let isLocked = answer.text.contains(bytesOf: "File exists")
        throw BootError(
            "cannot set the identity in \(file)",
            reason: answer.isOverdue
                ? "git did not end within \(Git.timeLimit) s"
                : "git says: \((answer.text.isEmpty ? "exit code \(answer.code)" : answer.text).shown())",
            remedy: isLocked ? "a git that was killed may have left the lock: remove \(file).lock" : "")
    }

    private func runOnce(_ git: Git, _ arguments: [String]) throws(BootError) -> Git.Answer {
        var output: [UInt8] = []
        let result: ChildProcess.Result
        do throws(SystemCallError) {
            // The new process becomes the user for ever, for which it must be root first.
            try actors.become(.root)
            result = try git.process(arguments, identity: actors.identityForChild, umask: actors.workUmask).run {
                chunk in
                output += chunk.prefix(max(0, 2048 - output.count))
            }
        } catch {
            throw BootError(
                "cannot run \(git.program.shown())", attempts: [Attempt(as: actors.words(.user), error)])
        }
        return Git.Answer(
            code: result.end.code, isOverdue: result.isOverdue, text: Git.firstLine(of: output))
    }
}

/// The image's git, for one configuration file.
private struct Git {
    let program: FilePath
    let file: FilePath
    let home: FilePath

    /// In seconds.
    static let timeLimit: UInt32 = 10

    /// What a run came to.
    struct Answer {
        let code: Int32
        let isOverdue: Bool
        let text: String
    }

    /// A run of `git config`: nothing that the container was started with has an influence on it.
    func process(_ arguments: [String], identity: Credentials?, umask: ModeBits) -> ChildProcess {
        let environment = [
            "PATH=\(CommandSearch.defaultPath)", "HOME=\(home.string)", "GIT_CONFIG_GLOBAL=\(file.string)",
            "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
        ]
        return ChildProcess(
            program: program,
            arguments: (["git", "config", "--file", file.string] + arguments).map { CString(Array($0.utf8)) },
            environment: environment.map { CString(Array($0.utf8)) }, identity: identity, umask: umask,
            timeLimit: Self.timeLimit)
    }

    static func firstLine(of output: [UInt8]) -> String {
        String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

extension String {
    /// Whether a text stands in this one; `contains` would bring the regular expression engine along.
    fileprivate func contains(bytesOf text: StaticString) -> Bool {
        let text = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        let bytes = Array(utf8)
        guard bytes.count >= text.count else { return false }
        return (0...(bytes.count - text.count)).contains { bytes[$0...].starts(with: text) }
    }
}
