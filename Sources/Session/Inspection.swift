package import Boot
package import Linux
internal import Programs
internal import Text

/// Answers what a boot would do in a container, without being that boot.
package struct Inspection {
    private let tree: FileTree
    private let environment: EnvironmentBlock
    private let configuration: Configuration
    private let contents: SettingsReader.Contents
    private let start: Start
    /// Whether this process may look at files as other users do.
    private let isPrivileged: Bool
    /// How a pod spec has the container started; `nil` where nobody has read one.
    private let pod: PodStart?

    /// The exit code of a program that has found problems with settings.
    package static let exitCodeOfProblems = ExitCode.settings.rawValue

    /// - Parameters:
    ///   - tree: the container's files.
    ///   - environment: the pod's environment; `nil` for that of this process.
    ///   - start: the start that is asked about; `nil` for the one that this container seems to have had, or would have.
    ///   - pod: how a pod spec has the container started, whatever process asks.
    ///   - files: configuration files with their names, in the place of the container's own; later ones take precedence.
    package init(
        tree: FileTree, environment: [CString]?, start: Start? = nil, pod: PodStart? = nil,
        files: [(name: String, bytes: [UInt8])] = []
    ) {
        self.tree = tree
        self.environment = EnvironmentBlock(environment ?? ProcessStart.environment)
        isPrivileged = CurrentProcess.effectiveUser == 0
        self.pod = pod
        self.start = pod?.start ?? start ?? (isPrivileged || !tree.isRealRoot ? .root : Self.startOfThisContainer)
        let named = self.start == .elevated ? nil : Configuration.file(namedBy: self.environment)
        if files.isEmpty {
            configuration = Configuration.read(
                from: tree, named: named, isStrict: self.start == .elevated && tree.isRealRoot)
        } else {
            var given = Configuration()
            for (name, bytes) in files { given.add(bytes, name: name.shown()) }
            if let named { given.add(named, from: tree, isRequired: true) }
            configuration = given
        }
        // The content of a secret's volume does not exist yet, or root sees it alone. A start that is not root's reads it
        // as this user.
        let isHere = environment == nil && tree.isRealRoot && (isPrivileged || self.start != .root)
        contents = isHere ? .needed(tree) : .expected(tree)
    }

    /// Whether this process is a user without privileges, who cannot see everything.
    package static var isUnprivileged: Bool { CurrentProcess.effectiveUser != 0 }

    /// Every setting with its value as it may be shown, and where it came from.
    package func settings() -> [(name: String, value: String, origin: String)] {
        var reader = readerOfOrigins
        Settings.readAll(&reader)
        let planned = plannedExports()
        let groups = BootSequence.groups
        return groups.settings.map { setting in
            let variable = setting.variableName
            let name = [variable, setting.key.map { variable == nil ? $0 : "(\($0))" }].compactMap { $0 }
            if let found = reader.found(variable ?? setting.key ?? "") {
                return (name.joined(separator: " "), found.value, found.origin)
            }
            if start == .elevated, let value = setting.words.elevatedDefault {
                return (name.joined(separator: " "), value, Origin.notGranted.words)
            }
            let fallback =
                variable.flatMap { planned[$0] } ?? Self.withoutMarks(setting.words.defaultText(among: groups))
            return (name.joined(separator: " "), fallback.isEmpty ? "none" : fallback, Origin.builtIn.words)
        }
    }

    /// The image's own steps, in the order in which they run, as far as the configuration is right.
    package func steps() -> [DropIn] {
        var reader = readerOfOrigins
        return DropInSteps(reading: &reader).dropIns
    }

    private var readerOfOrigins: SettingsReader {
        SettingsReader(
            environment: environment, configuration: configuration, contents: contents,
            isElevated: start == .elevated, recordsOrigins: true)
    }

    /// The values of the variables that a boot would set, as far as they are known before it.
    private func plannedExports() -> [String: String] {
        guard let settings = try? readSettings(), let point = try? startingPoint(settings),
            let preparation = (try? Preparation(settings, at: point)) ?? nil
        else { return [:] }
        var values: [String: String] = [:]
        if preparation.scratch == nil { values[PodVariables.umask.name] = preparation.workplace.umask.octal }
        for export in preparation.plan.exports {
            switch export.value {
            case .text(let text): values[export.name] = text
            case .directory(let path), .place(let path), .placeOrText(let path, _): values[export.name] = path.string
            case .textWhenApart: break
            }
        }
        return values
    }

    private static func withoutMarks(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 != UInt8(ascii: "`") }, as: UTF8.self)
    }

    /// Everything that is wrong with the settings, one line for each problem.
    package func problems() -> [String] {
        do throws(SettingsError) {
            _ = try readSettings()
            return []
        } catch {
            return error.problems.map { $0.text }
        }
    }

    func readSettings() throws(SettingsError) -> Settings {
        try Settings.read(
            from: environment, configuration: configuration, contents: contents, isElevated: start == .elevated)
    }

    /// What a boot would do.
    ///
    /// - Parameter plan: receives the lines.
    /// - Returns: the exit code: 0 when nothing would change, 2 when changes are pending, otherwise that of the boot.
    package func plan(into plan: PlanText) -> Int32 {
        let dryRun = DryRun(plan: plan)
        let settings: Settings
        do throws(SettingsError) {
            settings = try readSettings()
        } catch {
            return dryRun.tell(error)
        }
        do throws(BootError) {
            let point = try startingPoint(settings)
            if start == .elevated && point.start == .bare, let reason = foreseenReason { plan.add("note", "", reason) }
            return try dryRun.run(settings, at: point)
        } catch {
            return dryRun.tell(error)
        }
    }

    /// How this container was started, as far as a user can tell from where its boot keeps its state. Where there was no
    /// boot, this process takes the place of the first one.
    private static var startOfThisContainer: Start {
        let tree = FileTree()
        let prefix = ElevatedStart.Marker.Kind.elevated.rawValue
        let isElevated = ElevatedStart.places.contains { place in
            (try? tree.names(in: place, links: .refuse))?.contains { $0.string.hasPrefix(prefix) } == true
        }
        let own = FilePath(Paths.userStatePrefix + String(CurrentProcess.effectiveUser))
        if isElevated { return .elevated }
        if (try? tree.status(own, links: .refuse)) ?? nil != nil { return .bare }
        let isBooted = ElevatedStart.places.contains { (try? tree.status($0, links: .refuse)) ?? nil != nil }
        return isBooted ? .root : startOfThisProcess
    }

    /// How the program would start if this process, which is not root, were to start it (capabilities(7)).
    private static var startOfThisProcess: Start {
        let program = ProgramFile.own.sibling("entrypoint")
        guard let own = try? Privileges.current(), program.hasCapabilities, !program.isOnNoSetIDMount else {
            return .bare
        }
        let needed = Capability.setUID.bit | Capability.setGID.bit
        return !own.noNewPrivileges && own.capabilities.bounding & needed == needed ? .elevated : .bare
    }

    /// Why an elevated start by this process would go on without privileges; `nil` when it would not, or when nobody can
    /// tell here.
    private var foreseenReason: String? {
        guard start == .elevated, tree.isRealRoot, !isPrivileged, let own = try? Privileges.current() else {
            return nil
        }
        return ElevatedStart.foreseeGivingUp(own, in: tree)
    }

    /// The start that is asked about, as far as this process can take its place.
    func startingPoint(_ settings: Settings) throws(BootError) -> StartingPoint {
        if let pod { return pod.point(in: tree, isPrivileged: isPrivileged) }
        let current: Privileges
        do throws(SystemCallError) {
            current = try Privileges.current()
        } catch {
            throw BootError(
                .startCredentials, "cannot read the process's credentials", attempts: [Attempt(as: "", error)])
        }
        func point(_ privileges: Privileges, _ start: Start, _ caller: Credentials) -> StartingPoint {
            StartingPoint(
                tree: tree, privileges: privileges, start: start, caller: caller,
                isObserver: !isPrivileged && start != .bare, program: ProgramFile.own.sibling("entrypoint"))
        }
        switch start {
        case .root where !isPrivileged:
            let root = Privileges(
                user: IDTriple(all: 0), group: IDTriple(all: 0), groups: [],
                capabilities: CapabilitySets(
                    inheritable: 0, permitted: .max, effective: .max, bounding: .max, ambient: 0))
            return point(root, .root, root.effective)
        case .elevated where foreseenReason != nil: return point(current, .bare, current.effective)
        case .elevated:
            // Root asks on behalf of the pod's user, whatever its ids are.
            let asked = settings[Identity.self].map {
                Credentials(user: $0.userID, group: $0.groupID, groups: [])
            }
            return point(current, .elevated, isPrivileged ? asked ?? current.effective : current.effective)
        case .root: return point(current, .root, current.effective)
        case .bare: return point(current, .bare, current.effective)
        }
    }
}
