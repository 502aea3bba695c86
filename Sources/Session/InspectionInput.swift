package import Boot
package import Linux
internal import Programs
package import Text

/// What people give on the command line.
extension Inspection {
    /// The files of another container or image, or of this one.
    ///
    /// - Parameters:
    ///   - path: its root directory.
    ///   - mounts: what stands for the volumes of its pod: `PATH=DIRECTORY`, a path of the container and what is there.
    ///   - memory: a directory of this machine that stands for the container's own at the same path, in which nothing is
    ///     yet; `nil` for none.
    /// - Throws: why the directory cannot be its root, or what is wrong with the mounts.
    package static func tree(
        at path: String, mounts: [String] = [], memory: FilePath? = nil
    ) throws(FormatError) -> FileTree {
        let root = try directory(path)
        if root.lexicallyNormalized() == "/" {
            guard mounts.isEmpty else {
                throw FormatError(
                    "--mount stands for what a pod mounts in another root: give its directory with --root")
            }
            return FileTree()
        }
        var volumes: [(path: FilePath, directory: FilePath)] = []
        for mount in mounts {
            let volume = try volume(mount)
            guard !volumes.contains(where: { $0.path == volume.path }) else {
                throw FormatError("--mount \(mount.shown()): something is mounted at \(volume.path.shown()) already")
            }
            volumes.append(volume)
        }
        do throws(SystemCallError) {
            return try FileTree(opening: root, volumes: volumes, empty: memory)
        } catch {
            let place = error.path?.shown() ?? path.shown()
            throw FormatError("cannot open \(place): \(error.reason) (\(error.symbol))")
        }
    }

    /// What stands for a volume.
    private static func volume(_ text: String) throws(FormatError) -> (path: FilePath, directory: FilePath) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        func refuse(_ reason: String) -> FormatError { FormatError("--mount \(text.shown()): \(reason)") }
        guard parts.count == 2, !parts[1].isEmpty else {
            throw refuse("write PATH=DIR, a path of the container and the directory that is shown there")
        }
        do throws(FormatError) {
            let path = try ValueFormats.absolutePath(parts[0])
            guard path != "/" else { throw FormatError("what is shown at / is given with --root") }
            return (path, try directory(parts[1]))
        } catch {
            throw refuse(error.expected)
        }
    }

    /// The absolute path of a directory.
    private static func directory(_ path: String) throws(FormatError) -> FilePath {
        let root = absolute(path)
        let status: FileStatus?
        do throws(SystemCallError) {
            status = try FileTree().status(root, links: .follow)
        } catch {
            throw FormatError("cannot look at \(path.shown()): \(error.reason)")
        }
        guard let status else { throw FormatError("there is no \(path.shown())") }
        guard status.kind == .directory else {
            throw FormatError("\(path.shown()) is \(status.kind.words), and a directory is expected")
        }
        return root
    }

    /// The bytes of a file or a pipe.
    ///
    /// - Throws: why it cannot be read.
    package static func read(file path: String) throws(FormatError) -> [UInt8] {
        do throws(SystemCallError) {
            let file = try FileTree().open(absolute(path), .readOnly, links: .follow)
            let status = try file.status()
            guard status.kind != .directory else {
                throw SystemCallError(call: "read", path: nil, errno: .isDirectory)
            }
            return try file.readAll(limit: 16 << 20, expected: status.size, path: nil)
        } catch {
            throw FormatError("cannot read \(path.shown()): \(error.reason)")
        }
    }

    /// The entries of a file as `docker run --env-file` reads it. Each line is `NAME=VALUE`, where quotes mean nothing,
    /// or only `NAME` for the value that this process has. Blank lines and lines that start with `#` are skipped.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - own: the environment that has the values of names alone.
    /// - Throws: what is wrong with the first line that is not an entry.
    package static func entries(
        of bytes: [UInt8], own: [CString] = ProcessStart.environment
    ) throws(FormatError) -> [CString] {
        var entries: [CString] = []
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        for whole in AssignmentLine.lines(of: text) {
            let number = whole.number
            let line = (whole.bytes.last == UInt8(ascii: "\r") ? whole.bytes.dropLast() : whole.bytes)
                .drop(while: { $0.isSpace })
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            let name = AssignmentLine(number: number, bytes: line).name
            func refuse(_ reason: String) -> FormatError {
                // The line itself is not shown, because it may be a secret.
                FormatError("line \(number): \(reason)")
            }
            if line.contains(0) { throw refuse("a NUL byte: this is not text") }
            if String(validating: line, as: UTF8.self) == nil { throw refuse("not UTF-8") }
            if name.isEmpty { throw refuse("no name before the =") }
            if name.contains(where: { $0.isSpace }) { throw refuse("white space in a name; write NAME=VALUE") }
            if name.count < line.count {
                entries.append(CString(Array(line)))
            } else if let entry = own.first(where: { $0.variableName?.utf8.elementsEqual(name) == true }) {
                entries.append(entry)
            }
        }
        return entries
    }

    /// A path as seen from the root directory.
    private static func absolute(_ path: String) -> FilePath {
        FilePath(CurrentProcess.directory).pushing(FilePath(path))
    }

    /// Why a variable of this process that names a configuration file has no effect where the pod's environment comes from
    /// a file; `nil` when there is nothing to tell.
    ///
    /// - Parameter entries: the pod's environment.
    package static func noticeOfUnused(in entries: [CString], own: [CString] = ProcessStart.environment) -> String? {
        let name = ConfigurationSettings.fileVariable.name
        guard let value = EnvironmentBlock(own).value(name), EnvironmentBlock(entries).value(name) == nil else {
            return nil
        }
        return
            "\(name) of this process (\(value.shown())) is not used: with --env-file, the pod's environment is what the "
            + "file has; a line \(name) in it takes the value over"
    }

    /// Everything that is wrong in configuration files, one line for each problem. The pod's settings count as right.
    ///
    /// - Parameter files: the files with their names; later files take precedence.
    package static func problems(in files: [(name: String, bytes: [UInt8])]) -> [String] {
        var configuration = Configuration()
        for (name, bytes) in files { configuration.add(bytes, name: name.shown()) }
        return problems(of: configuration).map { $0.text }
    }

    /// Everything that is wrong in configuration files of this machine; likewise. One that cannot be read is a problem, and
    /// the others are checked all the same.
    ///
    /// - Parameter paths: the files; later files take precedence.
    /// - Returns: the files that were read, and the problems.
    package static func problems(inFiles paths: [String]) -> (files: [String], problems: [Note]) {
        var configuration = Configuration()
        var unreadable: [Note] = []
        var files: [String] = []
        for path in paths {
            do throws(FormatError) {
                configuration.add(try read(file: path), name: path.shown())
                files.append(path.shown())
            } catch {
                unreadable.append(Note(.settingsFileUnreadable, error.expected))
            }
        }
        return (files, unreadable + problems(of: configuration))
    }

    /// Everything that is wrong in an image's own configuration; likewise.
    ///
    /// - Parameter tree: the image's files.
    /// - Returns: the files that were found, the problems, and what else the reader should know.
    package static func imagesProblems(
        in tree: FileTree
    ) -> (files: [String], problems: [Note], notices: [Note]) {
        let configuration = Configuration.read(from: tree)
        var notices = configuration.notices
        // In an elevated start, only files count that nobody else can have written.
        if tree.isRealRoot && ProgramFile.own.sibling("entrypoint").hasCapabilities {
            notices += Configuration.read(from: tree, isStrict: true).notices.filter { !notices.contains($0) }
        }
        return (
            configuration.files.map { $0.name }, problems(of: configuration) + missing(of: configuration, in: tree),
            notices
        )
    }

    /// The programs of the settings that the image does not have.
    private static func missing(of configuration: Configuration, in tree: FileTree) -> [Note] {
        guard let settings = try? settings(of: configuration), !settings.chainText.isEmpty,
            (try? tree.status(FilePath(settings.chainText), links: .follow)) == .some(nil)
        else { return [] }
        return [
            Note(.settingsFileContent, "chain: \(settings.chainText.shown()): there is no such program in the image")
        ]
    }

    /// The paths that are removed before this container becomes an image, besides those that are known (`scrub.paths`).
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - isStrict: whether only files count that nobody but the image's maker can have written.
    /// - Throws: everything that is wrong in the configuration files.
    package static func scrubPaths(in tree: FileTree, isStrict: Bool) throws(SettingsError) -> [FilePath] {
        let named = isStrict ? nil : Configuration.file(namedBy: EnvironmentBlock(ProcessStart.environment))
        let configuration = Configuration.read(from: tree, named: named, isStrict: isStrict)
        return try settings(of: configuration)[ScrubSettings.self]?.paths ?? []
    }

    /// The image's own steps, in the order in which they run in a pod that asks for a boot, as far as the configuration is
    /// right.
    ///
    /// - Parameter tree: the image's files.
    package static func steps(of tree: FileTree) -> [DropIn] {
        var reader = SettingsReader(
            environment: EnvironmentBlock([]), configuration: Configuration.read(from: tree), contents: .ignored,
            recordsOrigins: true)
        return DropInSteps(reading: &reader).dropIns
    }

    private static func problems(of configuration: Configuration) -> [Note] {
        do throws(SettingsError) {
            _ = try settings(of: configuration)
            return []
        } catch {
            return error.problems
        }
    }

    /// The settings of configuration files; those of the pod count as right.
    private static func settings(of configuration: Configuration) throws(SettingsError) -> Settings {
        let pod = [
            (PodVariables.userName.name, "user"), (PodVariables.userID.name, "1000"),
            (PodVariables.groupName.name, "group"), (PodVariables.groupID.name, "1000"),
            (PodVariables.scratchRoot.name, "/s"), (PodVariables.workingDirectory.name, "/s"),
        ].map { "\($0)=\($1)" }
        return try Settings.read(
            from: EnvironmentBlock(pod.map { CString(Array($0.utf8)) }), configuration: configuration,
            contents: .ignored)
    }
}
