package import Linux
internal import Programs
internal import Text

/// Git's global configuration has an identity.
package struct GitIdentityChange: Equatable, Sendable {
    /// A key of the section `user`, and the value that it gets if it has none.
    package struct Entry: Equatable, Sendable {
        package let key: String
        package let value: String
    }

    /// The configuration file.
    package let path: FilePath
    package let entries: [Entry]
    /// The image's git program.
    package let git: FilePath?
    /// The user's home.
    package let home: FilePath
}

extension GitIdentityChange: CheckedChange {
    var goal: String {
        "\(path.shown()) has \(entries.map { "user.\($0.key)" }.joined(separator: " and "))"
    }

    func done(by identity: String) -> String { "set the identity in \(path.shown()) as \(identity)" }

    var deed: Deed { .other("set the identity in \(path.shown())") }

    var subject: FilePath? { path }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? {
        .gitIdentity(GitIdentityChange(path: resolve(path), entries: entries, git: git, home: resolve(home)))
    }

    /// What is to be done.
    enum Difference {
        /// Git must add some entries.
        case lacks([Entry], Git)
        /// A file that is empty or missing must get some entries; it is written without git, which would take longer
        /// than the rest of a first boot.
        case isEmpty([Entry], mode: ModeBits)

        /// The entries that are missing.
        var entries: [Entry] {
            switch self {
            case .lacks(let entries, _), .isEmpty(let entries, _): entries
            }
        }
    }

    func check(on bench: Workbench) throws(BootError) -> Finding<Difference> {
        let file = try lookAtFile(on: bench)
        if let kind = file.kind, kind != .file { return .skipped(.gitNotSet, "it is \(kind.words)") }
        let configuration = file.configuration
        let missing = entries.filter { !configuration.userKeys.contains($0.key) }
        let isDoubtful = configuration.hasIncludes || configuration.isBad
        // If the file is unclear, git itself is asked, and also reports a bad file.
        if missing.isEmpty && (!configuration.isBad || git == nil) { return .already }
        if isDoubtful && (bench.actors.isObserver || !bench.tree.isRealRoot) {
            return .unneeded("only git could tell, and a program of another root or for another user is not run")
        }
        if file.size == 0 && !isDoubtful, try bench.look(at: path)?.kind != .link {
            return .differs(.isEmpty(missing, mode: file.mode))
        }
        guard let git else {
            // Nothing can be added to what the user has written.
            return .skipped(
                .gitNotSet,
                file.size == 0
                    ? "the image has no git, and \(path.shown()) is a symbolic link"
                    : "the image has no git, which would add it to what the file has")
        }
        let program = Git(program: git, file: path, home: home)
        return isDoubtful
            ? try check(asking: program, configuration, on: bench) : .differs(.lacks(missing, program))
    }

    /// Checks a file whose includes only git can follow.
    private func check(
        asking git: Git, _ configuration: GitConfiguration, on bench: Workbench
    ) throws(BootError) -> Finding<Difference> {
        var missing: [Entry] = []
        for entry in entries
        where try run(git, ["--includes", "--get", "--", "user.\(entry.key)"], noValue: 1, on: bench) != 0 {
            missing.append(entry)
        }
        if missing.isEmpty { return .already }
        if configuration.hasConditionalIncludes {
            // An entry at the end of the file would override what the included files say.
            return .unneeded("the file conditionally includes others, which may have one")
        }
        return .differs(.lacks(missing, git))
    }

    func foresee(_: Difference, on bench: Workbench) throws(BootError) {
        // Git locks the file that a link leads to, beside that file.
        guard try bench.look(at: path)?.kind != .link else { return }
        try bench.foreseeMaking(path, "cannot set the identity in")
    }

    func makeTrue(_ difference: Difference, on bench: Workbench) throws(BootError) -> Outcome {
        switch difference {
        case .lacks(let missing, let git): try add(missing, by: git, on: bench)
        case .isEmpty(let missing, let mode):
            let lines = missing.map { "\t\($0.key) = \(GitConfiguration.written($0.value))\n" }
            if try fill(with: Array("[user]\n\(lines.joined())".utf8), mode: mode, on: bench) { break }
            // Another program is changing the file, or has changed it.
            let finding = try check(on: bench)
            guard case .differs(let left) = finding else { return finding.outcome }
            guard let git else {
                throw BootError(
                    .filesBusy, "cannot set the identity in \(path.shown())", reason: "another program is changing it",
                    remedy: GitIdentityChange.remedy(against: path))
            }
            try add(left.entries, by: Git(program: git, file: path, home: home), on: bench)
        }
        return .changed
    }

    private func add(_ missing: [Entry], by git: Git, on bench: Workbench) throws(BootError) {
        for entry in missing { try run(git, ["--", "user.\(entry.key)", entry.value], on: bench) }
    }

    /// What to do about the lock of a file that stays.
    private static func remedy(against path: FilePath) -> String {
        "a git that was killed may have left the lock: remove \(path.shown()).lock"
    }
}

// The file.
extension GitIdentityChange {
    /// What is known about a configuration file.
    private struct ConfigurationFile {
        /// `nil` if there is no file.
        var kind: FileStatus.Kind?
        var size = 0
        /// That of a new file before the umask: git runs what it says, so that nobody else may write in it.
        var mode: ModeBits = 0o644
        var configuration = GitConfiguration([])
    }

    private func lookAtFile(on bench: Workbench) throws(BootError) -> ConfigurationFile {
        var found = ConfigurationFile()
        if bench.isExpected(path) { return found }
        var rounds = Self.staleRounds
        try bench.perform("cannot read", path) { () throws(SystemCallError) in
            while true {
                do throws(SystemCallError) {
                    try look(&found, in: bench.tree)
                    return
                } catch  where error.errno == .staleNFSFileHandle && rounds > 0 {
                    // Another container has replaced the file since it was opened (nfs(5)). The new file is there.
                    rounds -= 1
                }
            }
        }
        return found
    }

    /// How often a file is reopened that a file server reports as gone.
    private static let staleRounds = 8

    private func look(_ found: inout ConfigurationFile, in tree: FileTree) throws(SystemCallError) {
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
}

// The program.
extension GitIdentityChange {
    /// How often git is tried, and how long the pauses are in milliseconds, while another git holds the file's lock.
    static let lockAttempts = (count: 100, pause: 20 as UInt64)

    /// Runs `git config` as the user, and waits while another git holds the file's lock.
    ///
    /// - Parameter noValue: the exit code that means "no value" and is not an error.
    /// - Returns: the exit code.
    @discardableResult
    private func run(
        _ git: Git, _ arguments: [String], noValue: Int32? = nil, on bench: Workbench
    ) throws(BootError) -> Int32 {
        var answer = Git.Answer(code: -1, isOverdue: false, text: "")
        for _ in 0..<Self.lockAttempts.count {
            answer = try runOnce(git, arguments, on: bench)
            if answer.code == 0 || answer.code == noValue { return answer.code }
            guard answer.text.contains(bytesOf: "could not lock"), answer.text.contains(bytesOf: "File exists") else {
                break
            }
            Clock.sleep(nanoseconds: Self.lockAttempts.pause * 1_000_000)
        }
        let file = git.file.shown()
        let isLocked = answer.text.contains(bytesOf: "File exists")
        throw BootError(
            isLocked ? .filesBusy : .gitFailed, "cannot set the identity in \(file)",
            reason: answer.isOverdue
                ? "git did not end within \(Git.timeLimit) s"
                : "git says: \((answer.text.isEmpty ? "exit code \(answer.code)" : answer.text).shown())",
            remedy: isLocked ? Self.remedy(against: git.file) : "")
    }

    private func runOnce(_ git: Git, _ arguments: [String], on bench: Workbench) throws(BootError) -> Git.Answer {
        var output: [UInt8] = []
        let result: ProgramRun.Result
        do throws(SystemCallError) {
            result = try bench.run(git.run(arguments), as: .user) { chunk in
                output += chunk.prefix(max(0, 2048 - output.count))
            }
        } catch {
            throw BootError(
                .gitFailed, "cannot run \(git.program.shown())",
                attempts: [Attempt(as: bench.actors.words(.user), error)])
        }
        return Git.Answer(
            code: result.end.code, isOverdue: result.isOverdue, text: Git.firstLine(of: output))
    }
}

/// The image's git, for one configuration file.
struct Git {
    fileprivate let program: FilePath
    fileprivate let file: FilePath
    fileprivate let home: FilePath

    /// In seconds.
    fileprivate static let timeLimit: UInt32 = 10

    /// The result of a run.
    fileprivate struct Answer {
        let code: Int32
        let isOverdue: Bool
        let text: String
    }

    /// A run of `git config` on which nothing that the container was started with has an influence.
    fileprivate func run(_ arguments: [String]) -> ProgramRun {
        let environment = [
            "PATH=\(CommandSearch.defaultPath)", "HOME=\(home.string)", "GIT_CONFIG_GLOBAL=\(file.string)",
            "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
        ]
        return ProgramRun(
            program, arguments: ["git", "config", "--file", file.string] + arguments,
            environment: environment.map { CString(Array($0.utf8)) }, timeLimit: Self.timeLimit)
    }

    fileprivate static func firstLine(of output: [UInt8]) -> String {
        String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

extension String {
    /// Whether a text occurs in this one; `contains` would pull in the regular expression engine.
    fileprivate func contains(bytesOf text: StaticString) -> Bool {
        let text = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        let bytes = Array(utf8)
        guard bytes.count >= text.count else { return false }
        return (0...(bytes.count - text.count)).contains { bytes[$0...].starts(with: text) }
    }
}
