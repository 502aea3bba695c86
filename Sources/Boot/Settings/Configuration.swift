package import Linux
package import Programs
internal import Text
package import YAML

/// The configuration files of an image, as they were found; later files override earlier ones.
package struct Configuration: Sendable {
    /// A file that was read.
    package struct File: Sendable {
        /// The file's path as messages show it.
        package let name: String
        /// The whole file.
        package let top: YAML.Fields
        /// Each section of it.
        let sections: [String: YAML.Fields]
        /// Holds the problems of the file.
        var reader: YAML.Reader
        /// The settings that it may have, as a file of the user's own; `nil` for a file that may have all.
        var onlySettings: [String]?
        /// Whether it is a file of the user's own.
        var isUsers: Bool { onlySettings != nil }
    }

    /// The files, in ascending order of precedence.
    package internal(set) var files: [File] = []
    /// Files that could not be read or parsed, one line for each problem.
    package internal(set) var problems: [Note] = []
    /// The executables in the image's directories of steps, in the order of the directories; `nil` when nobody has
    /// looked for them.
    private(set) var stepPrograms: [FilePath]?

    /// Files that exist and do not count, one line for each, and what else the reader should know.
    package private(set) var notices: [Note] = []
    /// Whether only files count that nobody but the image's maker can have written.
    private let isStrict: Bool
    /// Why some part of the image's policy may be somebody else's.
    private var objections: [String] = []

    /// All settings that the files can have.
    package let groups: SettingGroups

    /// No files.
    ///
    /// - Parameters:
    ///   - groups: all settings that files can have.
    ///   - isStrict: whether only files count that nobody but the image's maker can have written.
    @export(interface) package init(of groups: SettingGroups, isStrict: Bool = false) {
        self.groups = groups
        self.isStrict = isStrict
    }

    /// Reads the image's files, and one that was named.
    ///
    /// - Parameters:
    ///   - groups: all settings that files can have.
    ///   - tree: the container's files.
    ///   - named: another file, which overrides the image's; it must exist.
    ///   - isStrict: whether only files count that nobody but the image's maker can have written.
    @export(interface) package static func read(
        _ groups: SettingGroups, from tree: FileTree, named: FilePath? = nil, isStrict: Bool = false
    ) -> Configuration {
        var configuration = Configuration(of: groups, isStrict: isStrict)
        configuration.add(Paths.configuration, from: tree, isRequired: false)
        var names: [FilePath.Component] = []
        do throws(SystemCallError) {
            names = try tree.names(in: Paths.configurationDirectory, links: .follow)
        } catch  where error.errno == .noSuchFileOrDirectory {
            // The image has no further files.
        } catch {
            configuration.problems.append(Note(.settingsFileUnreadable, "\(Paths.configurationDirectory)", error))
        }
        // Names are sorted as bytes, whatever the locale. A leading dot means an editor's file, or part of a ConfigMap.
        let sorted = names.map { Array($0.string.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        for name in sorted where name.first != UInt8(ascii: ".") {
            let path = Paths.configurationDirectory.appending(String(decoding: name, as: UTF8.self))
            switch path.extension {
            case "yaml": configuration.add(path, from: tree, isRequired: true)
            case "yml":
                configuration.problems.append(
                    Note(.settingsFileName, "\(path.shown()): name it .yaml: no other file is read"))
            default: break
            }
        }
        if let named { configuration.add(named, from: tree, isRequired: true) }
        configuration.lookForSteps(in: tree)
        if isStrict { configuration.leaveOutUntrusted() }
        return configuration
    }

    /// Leaves out all files if a part of the image's policy may be somebody else's.
    ///
    /// A later file revokes what an earlier one grants, and so may a step of root's: whoever hides one of them with a
    /// mount must not be left with the rest. Without files, nothing is granted.
    private mutating func leaveOutUntrusted() {
        // For a single file, there is already a notice that it is ignored.
        var hidesDirectory = false
        for directory in [Paths.configurationDirectory.parent, Paths.configurationDirectory, Paths.rootSteps] {
            do throws(SystemCallError) {
                guard case .untrusted(let problem) = try FileOwnership.open(directory, .directory) else { continue }
                // The directory above may have the same problem.
                let notice = problem.words
                hidesDirectory = true
                if !objections.contains(notice) { objections.append(notice) }
            } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
                // Something else than a directory has already been reported.
            } catch {
                objections.append("cannot look at \(directory.shown()): \(error.reason)")
            }
        }
        guard let objection = objections.first, hidesDirectory || !files.isEmpty else { return }
        files = []
        notices.append(
            Note(
                .settingsFileUntrusted,
                "the image's configuration does not count, because a part of it may be hidden: \(objection)"))
    }

    private mutating func lookForSteps(in tree: FileTree) {
        var programs: [FilePath] = []
        for directory in StepDirectory.all {
            do throws(SystemCallError) {
                programs += try directory.programs(in: tree, &notices)
            } catch {
                let note = Note(.settingsStepDirectory, "\(directory.path)", error)
                // Only root may read the directory, and a boot without privileges would run nothing from it anyway.
                if error.errno == .permissionDenied { notices.append(note) } else { problems.append(note) }
            }
        }
        stepPrograms = programs
    }

    /// The file that an environment names. Whoever reads the variable reports what is wrong with the name.
    @export(interface) package static func file(namedBy environment: EnvironmentBlock) -> FilePath? {
        environment.value(ConfigurationSettings.fileVariable.name).flatMap { bytes in
            String(validating: bytes, as: UTF8.self).flatMap { try? ValueFormats.absolutePath($0) }
        }
    }

    /// Reads one file and adds it with precedence over those before it.
    package mutating func add(_ path: FilePath, from tree: FileTree, isRequired: Bool) {
        let name = path.shown()
        do throws(SystemCallError) {
            let limit = YAML.maximumSize + 1
            let found = isStrict ? try readPolicy(path, limit) : try tree.read(path, limit: limit)
            guard let bytes = found else {
                if isRequired && !isStrict { problems.append(Note(.settingsFileUnreadable, "\(name): no such file")) }
                return
            }
            add(bytes, name: name)
        } catch  where error.errno == .invalidArgument {
            let kind = (try? tree.status(path, links: .follow))?.kind
            problems.append(
                Note(.settingsFileUnreadable, "\(name): it is \(kind?.words ?? "no file"), and a file is expected"))
        } catch {
            problems.append(Note(.settingsFileUnreadable, name, error))
        }
    }

    /// Reads a file that must be the image's. Any other file is left out, and a notice says why.
    private mutating func readPolicy(_ path: FilePath, _ limit: Int) throws(SystemCallError) -> [UInt8]? {
        do throws(SystemCallError) {
            switch try FileOwnership.open(path, .file) {
            case .file(let file):
                guard try file.status(path: path).kind == .file else {
                    throw SystemCallError(call: "openat", path: path, errno: .invalidArgument)
                }
                return try file.readAll(limit: limit, path: path)
            case .untrusted(let problem):
                notices.append(Note(.settingsFileUntrusted, "\(path.shown()) is ignored: \(problem.words)"))
                objections.append(problem.words)
                return nil
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Adds the text of a file.
    package mutating func add(_ bytes: [UInt8], name: String) {
        do throws(YAML.Problems) {
            let document = try YAML.parse(bytes)
            var reader = YAML.Reader()
            let known = groups.sections
            let top = reader.mapping(
                YAML.Value(document: document), keys: known.map { $0.name } + groups.topSettings.compactMap { $0.key })
            var sections: [String: YAML.Fields] = [:]
            for section in known {
                sections[section.name] = reader.mapping(top[section.name], keys: section.keys)
            }
            files.append(File(name: name, top: top, sections: sections, reader: reader))
        } catch {
            problems += error.lines(in: name).map { Note(.settingsFileSyntax, $0) }
        }
    }

    /// A value, and the file that has it.
    typealias Place = (file: Int, value: YAML.Value)

    /// The places where a key has a value, in ascending order of precedence.
    func places(of key: String?) -> [Place] {
        // Most boots have no configuration file.
        guard !files.isEmpty, let key else { return [] }
        let parts = key.split(separator: ".", maxSplits: 1).map { String($0) }
        guard let section = parts.first else { return [] }
        return files.indices.compactMap { index in
            if let only = files[index].onlySettings, !only.contains(key) { return nil }
            if parts.count == 2 { return files[index].sections[section]?[parts[1]].map { (index, $0) } }
            // A key whose content has been commented out has no value.
            return files[index].top[section].flatMap { $0.node.isNothing ? nil : (index, $0) }
        }
    }

    /// All problems of all files, one line for each.
    func allProblems() -> [Note] {
        problems
            + files.flatMap { file -> [Note] in
                do throws(YAML.Problems) {
                    try file.reader.finish()
                    return []
                } catch {
                    return error.lines(in: file.name).map { Note(.settingsFileContent, $0) }
                }
            }
    }
}

extension FileOwnership.Problem {
    /// Why a file does not count, in words that follow `PATH is ignored: `.
    package var words: String {
        let because = "in a start with the capabilities of the program's file"
        return switch self {
        case .writable: "\(reason), \(because)"
        case .mounted: "\(reason), and only files of the image count, \(because)"
        case .link: "\(reason), \(because)"
        }
    }

    /// Why a file may be somebody else's than the image's maker's.
    package var reason: String {
        switch self {
        case .writable(let path): "\(path.shown()) must belong to root and be writable by root alone"
        case .mounted(let path): "\(path.shown()) is a mount"
        case .link(let path): "\(path.shown()) is a symbolic link"
        }
    }
}
