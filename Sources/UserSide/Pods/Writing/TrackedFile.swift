internal import Linux
internal import Programs

/// Whether git would give a file to others.
package enum TrackedFile {
    /// What git knows of a file.
    package enum State: Equatable, Sendable {
        /// It is in the index.
        case tracked
        /// `git add` would take it.
        case exposed
        /// It is ignored, or in no repository.
        case unknown
        /// There is a repository, and git does not say what it knows: it is somebody else's, or broken.
        case unchecked
    }

    /// Seconds after which git is not waited for.
    private static let limit: UInt32 = 5

    /// Asks git, as the caller; nothing that a repository's configuration names is run.
    ///
    /// - Parameters:
    ///   - path: the file, as seen from the working directory.
    ///   - search: the directories in which git is looked for, separated by colons.
    package static func state(of path: String, search: [UInt8]) -> State {
        let file = FilePath(CurrentProcess.directory).pushing(FilePath(path))
        guard let name = file.lastComponent?.string, let git = program(search) else { return .unknown }
        let directory = file.parent
        // 1 says that it is not in the index, and 128 that this is no repository, or none that git reads.
        switch run(git, ["--literal-pathspecs", "ls-files", "--error-unmatch", "--", name], in: directory) {
        case 0: return .tracked
        case 1: break
        default: return hasRepository(above: directory) ? .unchecked : .unknown
        }
        switch run(git, ["check-ignore", "--quiet", "--", name], in: directory) {
        case 0: return .unknown
        case 1: return .exposed
        default: return .unchecked
        }
    }

    /// Whether a directory, or one above it, has a `.git`.
    private static func hasRepository(above directory: FilePath) -> Bool {
        var place = directory.lexicallyNormalized()
        while true {
            if (try? FileTree().status(place.appending(".git"), links: .follow)) != nil { return true }
            guard place.lastComponent != nil else { return false }
            place = place.parent
        }
    }

    private static func program(_ search: [UInt8]) -> FilePath? {
        // Root starts nothing that somebody else's PATH names.
        let path = CurrentProcess.effectiveUser == 0 ? Array(CommandSearch.defaultPath.utf8) : search
        return CommandSearch.candidates(for: Array("git".utf8), path: path).first { candidate in
            candidate.isAbsolute && (try? FileTree().status(candidate, links: .follow))?.kind == .file
        }
    }

    private static func run(_ git: FilePath, _ arguments: [String], in directory: FilePath) -> Int32? {
        let options = ["core.fsmonitor=false", "core.hooksPath=/dev/null", "core.excludesFile=/dev/null"]
        let own = ["git", "-C", directory.string] + options.flatMap { ["-c", $0] }
        // No configuration but the repository's own, of which git refuses one that is somebody else's, and no transport.
        let environment = [
            "PATH=\(CommandSearch.defaultPath)", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
            "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0",
        ].map { CString(Array($0.utf8)) }
        let run = ProgramRun(git, arguments: own + arguments, environment: environment, timeLimit: limit)
        let result = try? run.run(as: .init(nil, umask: 0o077)) { _ in }
        return result.flatMap { $0.isOverdue ? nil : $0.end.code }
    }
}
