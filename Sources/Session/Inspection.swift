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

    /// The exit code of a program that has found problems with settings.
    package static let exitCodeOfProblems = ExitCode.settings.rawValue

    /// - Parameters:
    ///   - tree: the container's files.
    ///   - environment: the pod's environment; `nil` for that of this process.
    ///   - start: the start that is asked about; `nil` for the one that this container seems to have had.
    package init(tree: FileTree, environment: [CString]?, start: Start? = nil) {
        self.tree = tree
        self.environment = EnvironmentBlock(environment ?? ProcessStart.environment)
        isPrivileged = CurrentProcess.effectiveUser == 0
        self.start = start ?? (isPrivileged || !tree.isRealRoot ? .root : Self.startOfThisContainer)
        configuration = Configuration.read(
            from: tree, named: self.start == .elevated ? nil : Configuration.file(namedBy: self.environment),
            isStrict: self.start == .elevated && tree.isRealRoot)
        // The content of a secret's volume does not exist yet, or not everybody may see it.
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
            let variable = setting.variableName
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
        guard let settings = try? readSettings(), let point = try? startingPoint(settings),
            let preparation = (try? Preparation(settings, at: point)) ?? nil
        else { return [:] }
        var values: [String: String] = [:]
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
            return error.problems
        }
    }

    private func readSettings() throws(SettingsError) -> Settings {
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
            return try dryRun.run(settings, at: try startingPoint(settings))
        } catch {
            return dryRun.tell(error)
        }
    }

    /// How this container was started, as far as a user can tell from where its boot keeps its state.
    private static var startOfThisContainer: Start {
        let tree = FileTree()
        let prefix = ElevatedStart.Marker.Kind.elevated.rawValue
        let isElevated = ElevatedStart.places.contains { place in
            (try? tree.names(in: place, links: .refuse))?.contains { $0.string.hasPrefix(prefix) } == true
        }
        let own = FilePath(Paths.userStatePrefix + String(CurrentProcess.effectiveUser))
        return isElevated ? .elevated : (try? tree.status(own, links: .refuse)) != nil ? .bare : .root
    }

    /// The start that is asked about, as far as this process can take its place.
    private func startingPoint(_ settings: Settings) throws(BootError) -> StartingPoint {
        let current: Privileges
        do throws(SystemCallError) {
            current = try Privileges.current()
        } catch {
            throw BootError("cannot read the process's credentials", attempts: [Attempt(as: "", error)])
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
