import Boot
import Linux
import Programs
import Session
import Text
import UserSide

/// What `entrypointctl doctor` knows of the container before it asks.
enum DoctorFacts {
    /// Gathers it, in the process of a check: a file of the settings may lie on a volume that hangs.
    ///
    /// - Parameter hasSettings: whether the settings are read.
    static func gather(hasSettings: Bool) -> ContainerFacts {
        let start = EnvironmentBlock(ProcessStart.environment)
        let actor =
            (try? Privileges.current())?.effective
            ?? Credentials(user: CurrentProcess.effectiveUser, group: CurrentProcess.effectiveGroup, groups: [])
        let program = (try? FileTree().linkTarget("/proc/self/exe", links: .follow)) ?? "/usr/local/bin/entrypointctl"
        var facts = ContainerFacts(
            environment: start, entrypoint: program.parent.appending("entrypoint"), actor: actor)
        facts.hasSettings = hasSettings
        addBoot(to: &facts)
        let own = environment(completing: start, for: actor)
        facts.environment = own.completed(by: facts.boot?.exports ?? [])
        if hasSettings { addSettings(of: own, isOwn: own.entries.count == start.entries.count, to: &facts) }
        for (path, name) in [
            (\ContainerFacts.scratchRoot, PodVariables.scratchRoot.name),
            (\ContainerFacts.scratchHome, PodVariables.scratchHome.name),
            (\ContainerFacts.workingDirectory, PodVariables.workingDirectory.name),
        ] where facts[keyPath: path] == nil {
            facts[keyPath: path] = facts.environment.path(name)
        }
        return facts
    }

    /// The variables of the caller, completed by those that a boot has kept for that user. Root has none of a user's.
    private static func environment(completing own: EnvironmentBlock, for actor: Credentials) -> EnvironmentBlock {
        guard let kept = try? KeptEnvironment.find(for: actor.user) else { return own }
        let missing = kept.entries.map { CString($0) }.filter { entry in
            entry.variableName.map { own.value($0) == nil } ?? false
        }
        return EnvironmentBlock(own.entries + missing)
    }

    private static func addBoot(to facts: inout ContainerFacts) {
        do throws(KeptEnvironment.Absence) {
            let report = try KeptReport.find(for: facts.actor.user)
            if report.isOfAnotherLife() {
                facts.absence = "what is kept is of the last start of this container, and this one's boot has not ended"
                return
            }
            facts.boot = report.boot
            facts.end = report.end
        } catch {
            facts.absence = error.words
        }
        guard let boot = facts.boot else { return }
        facts.user = boot.session?.user ?? boot.user
        facts.seed = boot.seed.flatMap(Credentials.init(text:))
        facts.umask = boot.session?.umask
        facts.hasSudo = boot.session?.hasSudo ?? false
    }

    private static func addSettings(of environment: EnvironmentBlock, isOwn: Bool, to facts: inout ContainerFacts) {
        let inspection = Inspection(tree: FileTree(), environment: environment.entries)
        let (outlook, problems) = inspection.outlook()
        facts.settingsProblems = problems
        facts.isPrepared = outlook != nil || !problems.isEmpty
        let entries = isOwn ? nil : environment.entries
        facts.contentProblems = { Inspection(tree: FileTree(), environment: entries).problems() }
        guard let outlook else { return }
        facts.user = facts.user ?? outlook.people?.user
        facts.seed = outlook.people?.seed ?? facts.seed
        facts.umask = facts.umask ?? outlook.workplace.umask
        // A boot as root that could not give it has not: that is what people ask about.
        let couldGive = outlook.hasSudoProgram && facts.boot?.start == Start.root.rawValue
        if facts.boot?.session == nil || couldGive { facts.hasSudo = outlook.hasSudo }
        facts.scratchRoot = outlook.scratch?.homeRoot
        facts.scratchHome = outlook.scratch?.home
        facts.workingDirectory = outlook.workplace.directory
        facts.snapshots = outlook.snapshots
        (facts.services, facts.grace, facts.stopTimeout) = (outlook.services, outlook.grace, outlook.stopTimeout)
    }
}

extension EnvironmentBlock {
    /// The environment with variables of a boot that it does not have.
    fileprivate func completed(by exports: [BootRecord.Export]) -> EnvironmentBlock {
        let missing = exports.filter { !$0.value.isEmpty && value($0.name) == nil }
        return EnvironmentBlock(entries + missing.map { CString(Array("\($0.name)=\($0.value)".utf8)) })
    }

    /// The absolute path that a variable holds.
    fileprivate func path(_ name: String) -> FilePath? {
        guard let value = value(name) else { return nil }
        let path = FilePath(String(decoding: value, as: UTF8.self))
        return path.isAbsolute ? path : nil
    }
}

extension Credentials {
    /// Ids as ``text`` writes them; `nil` for anything else.
    fileprivate init?(text: String) {
        let parts = text.split(separator: ":").map { UInt32($0) }
        guard parts.count == 2, let user = parts[0], let group = parts[1] else { return nil }
        self.init(user: user, group: group, groups: [])
    }
}
