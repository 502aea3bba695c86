package import Boot
package import Linux
internal import Programs
internal import SystemPackage
package import Text

/// Answers what a boot would do in a container, without being that boot.
package struct Inspection {
    /// The start that is asked about.
    package enum AssumedStart: String, CaseIterable, Sendable {
        /// As root.
        case root
        /// As the user who asks, with the capabilities of the program's file.
        case elevated
        /// As the user who asks, without privileges.
        case bare
    }

    private let tree: FileTree
    private let environment: EnvironmentBlock
    private let configuration: Configuration
    private let contents: SettingsReader.Contents
    private let start: AssumedStart
    /// Whether this process may look as other users do.
    private let isPrivileged: Bool

    /// How a program ends that has found problems with settings.
    package static let exitCodeOfProblems = ExitCode.settings.rawValue

    /// - Parameters:
    ///   - tree: the container's files.
    ///   - environment: the pod's environment; `nil` for that of this process.
    ///   - start: the start that is asked about; `nil` for the one that this container seems to have had.
    package init(tree: FileTree, environment: [CString]?, start: AssumedStart? = nil) {
        self.tree = tree
        self.environment = EnvironmentBlock(environment ?? ProcessStart.environment)
        isPrivileged = CurrentProcess.effectiveUser == 0
        self.start = start ?? (isPrivileged || !tree.isRealRoot ? .root : Self.startOfThisContainer)
        configuration = Configuration.read(
            from: tree, named: self.start == .elevated ? nil : Configuration.file(namedBy: self.environment),
            isStrict: self.start == .elevated && tree.isRealRoot)
        // What a secret's volume will hold is not there yet, or not for everybody to see.
        let isHere = environment == nil && tree.isRealRoot && isPrivileged
        contents = isHere ? .needed(tree) : .expected(tree)
    }

    /// Whether this process is a user without privileges, who cannot see everything.
    package static var isUnprivileged: Bool { CurrentProcess.effectiveUser != 0 }

    /// Every setting with its value as it may be shown, and where it came from.
    package func settings() -> [(name: String, value: String, origin: String)] {
        var reader = SettingsReader(
            environment: environment, configuration: configuration, contents: contents, recordsOrigins: true)
        Settings.readAll(&reader)
        let planned = plannedExports()
        let groups = BootSequence.groups
        return groups.settings.map { setting in
            let variable = (setting as? any VariableDeclaration)?.name
            let name = [variable, setting.key.map { variable == nil ? $0 : "(\($0))" }].compactMap { $0 }
            let found = reader.found(variable ?? setting.key ?? "")
            let fallback =
                variable.flatMap { planned[$0] } ?? Self.withoutMarks(setting.words.defaultText(among: groups))
            return (
                name.joined(separator: " "), found?.value ?? (fallback.isEmpty ? "none" : fallback),
                found?.origin ?? Origin.builtIn.words
            )
        }
    }

    /// The values of the variables that a boot would set, as far as they are known before it.
    private func plannedExports() -> [String: String] {
        guard let settings = try? readSettings(), let identity = settings[Identity.self],
            let scratch = settings[Scratch.self], let host = try? host(settings)
        else { return [:] }
        guard let people = try? People.work(out: identity, scratch: scratch, host: host) else { return [:] }
        var values: [String: String] = [:]
        for export in Plan(settings, people, host).exports {
            switch export.value {
            case .text(let text): values[export.name] = text
            case .directory(let path), .place(let path): values[export.name] = path.string
            case .textWhenApart: break
            }
        }
        return values
    }

    private static func withoutMarks(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 != UInt8(ascii: "`") }, as: UTF8.self)
    }

    /// Everything that is wrong with the settings, one line a problem.
    package func problems() -> [String] {
        do throws(SettingsError) {
            _ = try readSettings()
            return []
        } catch {
            return error.problems
        }
    }

    private func readSettings() throws(SettingsError) -> Settings {
        try Settings.read(
            from: environment, configuration: configuration, contents: contents, isElevated: start == .elevated)
    }

    /// What a boot would do.
    ///
    /// - Parameter plan: gets the lines.
    /// - Returns: the exit code: 0 when nothing would change, 2 when changes are pending, else that of the boot.
    package func plan(into plan: PlanText) -> Int32 {
        do throws(BootError) {
            return try apply(to: plan)
        } catch {
            plan.add("would fail", error.step, error.message)
            return error.exitCode.rawValue
        }
    }

    private func apply(to plan: PlanText) throws(BootError) -> Int32 {
        let settings: Settings
        do throws(SettingsError) {
            settings = try readSettings()
        } catch {
            for notice in error.notices { plan.add("note", "settings", notice) }
            for problem in error.problems { plan.add("would fail", "settings", problem) }
            return ExitCode.settings.rawValue
        }
        plan.add(settings)
        guard let identity = settings[Identity.self], let scratch = settings[Scratch.self] else {
            plan.addUnpreparedHandoff()
            return 0
        }
        let isObserver = !isPrivileged && start != .bare
        if isObserver {
            plan.add(
                "note", "",
                "this is a start \(start == .root ? "as root" : "with the capabilities of the program's file"), as far as "
                    + "user \(CurrentProcess.effectiveUser) can see it")
        }
        let host = try host(settings)
        let people: People
        do throws(BootError) {
            people = try People.work(out: identity, scratch: scratch, host: host)
        } catch {
            throw error.inStep(Identity.name)
        }
        let wanted = Plan(settings, people, host)
        for warning in wanted.warnings { plan.add("note", warning.step, warning.text) }
        if isPrivileged { for reason in people.names.reasons { plan.add("note", Identity.name, reason) } }
        let actors = Actors(
            people, privileges: host.privileges, start: host.start, umask: scratch.umask, isObserver: isObserver)
        var apply = Apply(.dryRun, tree: tree, actors: actors)
        if isObserver {
            // What the observer may not see says nothing of the boot, which goes on there.
            var failure: BootError?
            var index = 0
            let relaxed = Plan(
                changes: wanted.changes.map { StepChange(step: $0.step, planned: $0.planned.failing(.warn)) },
                exports: wanted.exports, warnings: [])
            try apply.run(relaxed) { event in
                plan.observeWithoutPrivileges(event)
                if case .failed(let error) = event.outcome, !error.isForWantOfPrivileges,
                    wanted.changes[index].planned.onFailure == .stop
                {
                    failure = failure ?? error
                }
                index += 1
            }
            if let failure { return failure.exitCode.rawValue }
        } else {
            try apply.run(wanted, observe: plan.observe)
        }
        plan.addHandoff(people, apply.exports, scratch, settings.secrets)
        return plan.isPending ? 2 : 0
    }

    /// How this container was started, as far as a user can tell: by where its boot keeps what is for later sessions.
    private static var startOfThisContainer: AssumedStart {
        let tree = FileTree()
        let isElevated = ElevatedStart.places.contains { place in
            (try? tree.names(in: place, links: .refuse))?.contains { $0.string.hasPrefix(ElevatedStart.Marker.prefix) }
                == true
        }
        let own = FilePath(Paths.userStatePrefix + String(CurrentProcess.effectiveUser))
        return isElevated ? .elevated : (try? tree.status(own, links: .refuse)) != nil ? .bare : .root
    }

    /// The container as the boot that is asked about would find it.
    private func host(_ settings: Settings) throws(BootError) -> Host {
        let current: Privileges
        do throws(SystemCallError) {
            current = try Privileges.current()
        } catch {
            throw BootError("cannot read the process's credentials", attempts: [Attempt(as: "", error)])
        }
        switch start {
        case .root where !isPrivileged:
            let root = Privileges(
                user: IDTriple(all: 0), group: IDTriple(all: 0), groups: [],
                capabilities: CapabilitySets(
                    inheritable: 0, permitted: .max, effective: .max, bounding: .max, ambient: 0))
            return Host.look(at: tree, privileges: root, for: settings)
        case .elevated:
            // Root asks for whoever the pod's ids are.
            let asked = settings[Identity.self].map {
                Credentials(user: $0.userID, group: $0.groupID, groups: [])
            }
            let caller = isPrivileged ? asked ?? current.effective : current.effective
            return Host.look(at: tree, privileges: current, start: .elevated, caller: caller, for: settings)
        case .root, .bare:
            return Host.look(at: tree, privileges: current, for: settings)
        }
    }
}

/// What people give on the command line.
extension Inspection {
    /// The files of another container or image, or of this one.
    ///
    /// - Throws: why the directory cannot be its root.
    package static func tree(at path: String) throws(FormatError) -> FileTree {
        let root = absolute(path)
        let status: FileStatus?
        do throws(SystemCallError) {
            status = try FileTree().status(root, links: .follow)
        } catch {
            throw FormatError("cannot look at \(path.shown()): \(error.reason) (\(error.symbol))")
        }
        guard let status else { throw FormatError("there is no \(path.shown())") }
        guard status.kind == .directory else {
            throw FormatError("\(path.shown()) is \(status.kind.words), and a directory is expected")
        }
        return FileTree(root: root.lexicallyNormalized() == "/" ? "/" : root)
    }

    /// The bytes of a file, or of what a pipe gives.
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
            throw FormatError("cannot read \(path.shown()): \(error.reason) (\(error.symbol))")
        }
    }

    /// The entries of a file as `docker run --env-file` reads it: a line `NAME=VALUE` each, where quotes mean nothing, or
    /// `NAME` alone for the value that this process has; blank lines and those that start with `#` are passed over.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - own: the environment that gives the values of names alone.
    /// - Throws: what is wrong with the first line that is none.
    package static func entries(
        of bytes: [UInt8], own: [CString] = ProcessStart.environment
    ) throws(FormatError) -> [CString] {
        var entries: [CString] = []
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        for whole in AssignmentLine.lines(of: text) {
            let number = whole.number
            let line = (whole.bytes.last == UInt8(ascii: "\r") ? whole.bytes.dropLast() : whole.bytes)
                .drop(while: \.isSpace)
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            let name = AssignmentLine(number: number, bytes: line).name
            func refuse(_ reason: String) -> FormatError {
                // Without the line itself, which may be a secret.
                FormatError("line \(number): \(reason)")
            }
            if line.contains(0) { throw refuse("a NUL byte: this is no text") }
            if String(validating: line, as: UTF8.self) == nil { throw refuse("not UTF-8") }
            if name.isEmpty { throw refuse("no name in front of the =") }
            if name.contains(where: \.isSpace) { throw refuse("white space in a name; write NAME=VALUE") }
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

    /// Everything that is wrong in configuration files, one line a problem; what a pod gives is taken for granted.
    ///
    /// - Parameter files: the files with their names, later ones counting more.
    package static func problems(in files: [(name: String, bytes: [UInt8])]) -> [String] {
        var configuration = Configuration()
        for (name, bytes) in files { configuration.add(bytes, name: name.shown()) }
        let pod = [
            (PodVariables.userName.name, "user"), (PodVariables.userID.name, "1000"),
            (PodVariables.groupName.name, "group"), (PodVariables.groupID.name, "1000"),
            (PodVariables.scratchRoot.name, "/s"), (PodVariables.workingDirectory.name, "/s"),
        ].map { "\($0)=\($1)" }
        do throws(SettingsError) {
            _ = try Settings.read(
                from: EnvironmentBlock(pod.map { CString(Array($0.utf8)) }), configuration: configuration,
                contents: .ignored)
            return []
        } catch {
            return error.problems
        }
    }
}
