package import Linux
package import Text

/// Puts both programs into a directory, such as a volume that an init container shares with containers of other images.
///
/// Both are written beside their final names before either gets its name: whoever looks into the directory finds a whole
/// program or none, and where there is no space for both all stays as it was.
package struct ProgramInstall {
    /// What became of one program.
    package enum Outcome: String, Sendable {
        case installed
        case replaced
        /// The same program was there, with the mode that it needs, and belongs to the user who installs. It was not
        /// touched.
        case unchanged
    }

    /// One program in the directory.
    package struct Program: Equatable, Sendable {
        package let name: String
        package let path: FilePath
        /// In bytes.
        package let size: Int
        package let outcome: Outcome
    }

    /// What an installation has done.
    package struct Installation: Equatable, Sendable {
        package let programs: [Program]
        /// What lets another user put other programs there, as root is told.
        package let warnings: [String]
    }

    /// A program, and where it is read.
    private struct Source {
        let name: FilePath.Component
        let path: FilePath
    }

    /// A program that has only to get its name.
    private struct Prepared {
        let name: FilePath.Component
        /// The name that it was written under; `nil` where the same program was there.
        let temporary: FilePath.Component?
        let size: Int
        let wasThere: Bool

        var outcome: Outcome { temporary == nil ? .unchanged : wasThere ? .replaced : .installed }
    }

    private let sources: [Source]
    private let links: LinkPolicy
    private let user: UInt32

    private static let mode: ModeBits = 0o755
    /// How many bytes of a program are in memory at a time.
    private static let piece = 1 << 20
    /// What is older than an hour, in seconds, is left over from an installation that was ended.
    private static let oldestTemporary = 3600

    /// - Parameters:
    ///   - control: where `entrypointctl` is read: the program that runs, of which the kernel has this name.
    ///   - entrypoint: where `entrypoint` is read: beside the program that runs, if this is `nil`.
    ///   - links: what happens at a symbolic link on the way to the directory. Root follows none, as a rule: in a
    ///     directory of somebody else's it would decide what is overwritten.
    ///   - user: the uid of this process, to whom the programs are to belong.
    package init(
        control: FilePath = "/proc/self/exe", entrypoint: FilePath? = nil,
        links: LinkPolicy = CurrentProcess.effectiveUser == 0 ? .refuse : .follow,
        user: UInt32 = CurrentProcess.effectiveUser
    ) {
        let place = (try? FileTree().linkTarget(control, links: .follow)) ?? control
        // The last is what a container is started with: once it is there, both are.
        sources = [
            Source(name: "entrypointctl", path: control),
            Source(name: "entrypoint", path: entrypoint ?? place.parent.appending("entrypoint")),
        ]
        self.links = links
        self.user = user
    }

    /// Puts the programs into a directory.
    ///
    /// - Parameter path: the directory, as seen from the working directory.
    /// - Returns: what became of each program, and warnings.
    /// - Throws: what could not be done, and why. What was there is then as it was, unless only the last program could
    ///   not get its name.
    package func run(in path: String) throws(FormatError) -> Installation {
        let directory = try open(path)
        let warnings = try warnings(of: directory)
        var prepared: [Prepared] = []
        do throws(FormatError) {
            for source in sources { prepared.append(try prepare(source, in: directory)) }
            for program in prepared {
                guard let temporary = program.temporary else { continue }
                try told(program.name, directory.path) { () throws(SystemCallError) in
                    try directory.rename(temporary, to: program.name)
                }
            }
        } catch {
            for program in prepared { if let name = program.temporary { _ = try? directory.remove(name) } }
            throw error
        }
        removeLeftovers(in: directory)
        let programs = prepared.map { program in
            Program(
                name: program.name.string, path: directory.path.appending(program.name), size: program.size,
                outcome: program.outcome)
        }
        return Installation(programs: programs, warnings: warnings)
    }

    /// Who else can put another program into the directory, which root's pods may run.
    private func warnings(of directory: borrowing Directory) throws(FormatError) -> [String] {
        guard user == 0 else { return [] }
        let (place, status): (String, FileStatus)
        do throws(SystemCallError) {
            (place, status) = (directory.path.string.shown(), try directory.status())
        } catch {
            throw FormatError("cannot install into \(directory.path.string.shown()): \(error.reason)")
        }
        let remedy = "mount it read-only where the programs are run, or install into a directory of root's"
        var warnings: [String] = []
        if status.user != 0 {
            warnings.append("\(place) belongs to uid \(status.user), who can replace the programs; \(remedy)")
        }
        // In a sticky directory nobody removes or renames what is another's (inode(7)).
        if status.mode.rawValue & 0o022 != 0 && !status.mode.contains(0o1000) {
            warnings.append("\(place) may be written by others than its owner, who can replace the programs; \(remedy)")
        }
        return warnings
    }

    private func open(_ path: String) throws(FormatError) -> Directory {
        let place = FilePath(CurrentProcess.directory).pushing(FilePath(path))
        do throws(SystemCallError) {
            return try FileTree().openDirectory(place, links: links)
        } catch {
            let hint =
                switch error.errno {
                case .noSuchFileOrDirectory: "; mount the volume there, or make the directory"
                case .notDirectory: "; give the directory that both programs are put into"
                case .tooManySymbolicLinkLevels:
                    "; root follows no link on the way there: give the path that realpath prints"
                default: ""
                }
            throw FormatError("cannot install into \(place.string.shown()): \(error.reason)\(hint)")
        }
    }

    /// Writes a program beside its final name, unless the same one is there.
    private func prepare(_ source: Source, in directory: borrowing Directory) throws(FormatError) -> Prepared {
        let size = try sizeOf(source)
        let there = try told(source.name, directory.path) { () throws(SystemCallError) in
            try directory.status(source.name)
        }
        if let there, there.kind != .file {
            throw failure(source.name, directory.path, "it is \(there.kind.words), and only a file is replaced")
        }
        return try told(source.name, directory.path) { () throws(SystemCallError) in
            if let there, there.size == size, try isSame(source, in: directory) {
                return Prepared(name: source.name, temporary: nil, size: size, wasThere: true)
            }
            let temporary = try copy(source, to: directory)
            return Prepared(name: source.name, temporary: temporary, size: size, wasThere: there != nil)
        }
    }

    /// The size of a program in bytes.
    private func sizeOf(_ source: Source) throws(FormatError) -> Int {
        let reason: String
        do throws(SystemCallError) {
            if let status = try FileTree().status(source.path, links: .follow), status.kind == .file {
                return status.size
            }
            reason = "there is no such file"
        } catch {
            reason = error.reason
        }
        throw FormatError(
            "cannot read \(source.name.string) in \(source.path.string.shown()): \(reason); both programs must be in one "
                + "directory")
    }

    /// Whether the same program is there, and nobody but its owner, this process's user, can change it: what another user
    /// has put there is the same only until that user writes it again.
    private func isSame(_ source: Source, in directory: borrowing Directory) throws(SystemCallError) -> Bool {
        let (path, other) = (source.path, directory.path.appending(source.name))
        let original = try FileTree().open(path, .readOnly, links: .follow)
        let copy: Descriptor
        do throws(SystemCallError) {
            copy = try directory.open(source.name, [.readOnly, .nonBlocking])
        } catch {
            // Another user's, that only the owner can read: it is replaced, if that is permitted.
            return false
        }
        let status = try copy.status(path: other)
        guard status.kind == .file, status.user == user, status.mode == Self.mode else { return false }
        while true {
            let bytes = try original.readAll(limit: Self.piece, expected: Self.piece, path: path)
            guard try copy.readAll(limit: Self.piece, expected: Self.piece, path: other) == bytes else { return false }
            if bytes.isEmpty { return true }
        }
    }

    /// - Returns: the name of the copy, which is whole, with its mode.
    private func copy(
        _ source: Source, to directory: borrowing Directory
    ) throws(SystemCallError) -> FilePath.Component {
        let original = try FileTree().open(source.path, .readOnly, links: .follow)
        let temporary = TemporaryName.make(for: source.name)
        let path = directory.path.appending(temporary)
        let file = try directory.open(temporary, [.writeOnly, .create, .exclusive], mode: 0o600)
        do throws(SystemCallError) {
            while true {
                let bytes = try original.readAll(limit: Self.piece, expected: Self.piece, path: source.path)
                if bytes.isEmpty { break }
                try file.writeAll(bytes, path: path)
            }
            try file.setMode(Self.mode, path: path)
            // A file server may tell only now that its disk is full.
            try file.close(path: path)
        } catch {
            _ = try? directory.remove(temporary)
            throw error
        }
        return temporary
    }

    /// Removes what an installation that was ended has left.
    private func removeLeftovers(in directory: borrowing Directory) {
        guard let names = try? directory.names() else { return }
        let now = Int(clamping: Clock.realTime / 1_000_000_000)
        for name in names where sources.contains(where: { TemporaryName.isTemporary(name, for: $0.name) }) {
            guard let status = try? directory.status(name), status.kind == .file,
                status.modified.seconds < now - Self.oldestTemporary
            else { continue }
            _ = try? directory.remove(name)
        }
    }

    /// Calls a function, and tells its error as that of one program.
    private func told<Result>(
        _ name: FilePath.Component, _ place: FilePath, _ body: () throws(SystemCallError) -> Result
    ) throws(FormatError) -> Result {
        do throws(SystemCallError) {
            return try body()
        } catch {
            let isFull = [.noSpace, .diskQuotaExceeded, .fileTooLarge].contains(error.errno)
            let needed = isFull ? "; both programs take \(total.asBytes) there" : ""
            throw failure(name, place, error.reason + needed)
        }
    }

    private func failure(_ name: FilePath.Component, _ place: FilePath, _ reason: String) -> FormatError {
        FormatError("cannot install \(name.string) into \(place.string.shown()): \(reason)")
    }

    /// The size of both programs in bytes.
    private var total: UInt64 { sources.reduce(0) { $0 + UInt64(clamping: (try? sizeOf($1)) ?? 0) } }
}
