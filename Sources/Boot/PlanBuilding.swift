internal import Linux
package import Programs

extension Plan {
    /// Lets every step plan; each step sees what those before it export.
    @export(interface) package init(_ settings: Settings, _ people: People, _ host: Host) {
        var changes: [StepChange] = []
        var exports: [Export] = []
        var warnings: [(step: String, note: Note)] = []
        for step in BootSequence.steps {
            let name = step.name
            for dropIn in settings.dropIns where dropIn.successor == name {
                let change = Change.command(CommandChange(dropIn, settings, people, host, exports: exports))
                changes.append(
                    StepChange(
                        step: dropIn.name,
                        planned: PlannedChange(change, by: [dropIn.identity], onFailure: dropIn.onFailure)))
            }
            let context = PlanContext(settings: settings, people: people, host: host, exports: exports)
            guard let plan = step.plan(context) else { continue }
            let onFailure = settings.policies[name]?.onFailure
            changes += plan.changes.map { StepChange(step: name, planned: $0.failing(onFailure)) }
            exports += plan.exports
            warnings += plan.warnings.map { (name, $0) }
        }
        self.init(changes: changes, exports: exports, warnings: warnings)
    }
}

extension CommandChange {
    /// The change of a drop-in.
    ///
    /// - Parameter exports: what the built-in steps before it export.
    init(_ dropIn: DropIn, _ settings: Settings, _ people: People, _ host: Host, exports: [Export]) {
        self.dropIn = dropIn
        position = exports.count
        refused = settings.secrets.stripped(in: settings.environment)
        knownSecrets = settings.secrets
        secretValues = settings.secretValues
        let own = dropIn.environment
        if dropIn.identity == .user {
            // The user's step may see everything except the secrets.
            let entries = settings.environment.entries.filter { entry in
                guard let length = entry.variableNameLength, settings.secrets.isSecret(entry, nameLength: length),
                    let name = entry.variableName
                else { return true }
                return dropIn.secrets.contains(name)
            }
            environment = EnvironmentBlock(entries)
            let user = people.user
            fixed =
                [
                    Assignment("HOME", user.home.string), Assignment("USER", user.name),
                    Assignment("LOGNAME", user.name), Assignment("SHELL", user.shell.string),
                    // Its shells need not ask for what the boot has kept.
                    Assignment(PodVariables.sessionName, "1"),
                ] + own
            directory = settings[Scratch.self]?.home ?? "/"
            self.exports = exports
        } else {
            environment = EnvironmentBlock([])
            fixed = BuiltEnvironment.variables(for: dropIn.identity, settings, people, host) + own
            directory = BuiltEnvironment.directory(start: host.start)
            // The user controls many of these exports, with which zsh and git would run the user's files and programs.
            self.exports = []
        }
    }
}

extension BuiltEnvironment {
    /// The environment of a program of root's or the seed user's.
    package static func variables(
        for actor: Actor, _ settings: Settings, _ people: People, _ host: Host
    ) -> [Assignment] {
        let user = people.user
        let scratch = settings[Scratch.self]
        // An account file that the pod mounts may call the group anything; what was asked for has been checked.
        let group = (try? ValueFormats.accountName(user.groupName)) ?? settings[Identity.self]?.groupName
        let checked = People.User(
            name: user.name, groupName: group ?? "", home: user.home, shell: user.shell, credentials: user.credentials)
        return variables(
            for: actor, start: host.start, user: checked, scratchHome: scratch?.home,
            workingDirectory: settings.workplace?.directory)
    }
}
