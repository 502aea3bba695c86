package import Linux
internal import Programs

/// Makes the container's user: accounts, groups, sudo and home.
package struct Identity: Step {
    package static let isOptional = false
    package static let name = "identity"
    package static let summary =
        "the user and group of the pod exist, with a home, groups, and sudo where the image has it"
    package static let actors = "root"
    package static let exports: [String] = []

    static let sudoVariable = Variable<Sudo>(
        PodVariables.sudoName, .choice,
        Words(
            "Passwordless sudo where the image has sudo: `all` or `none`", default: Sudo.all.rawValue,
            elevated: Sudo.none.rawValue), .imagePolicy,
        key: PodVariables.sudoKey)
    static let onCollisionVariable = Variable<CollisionPolicy>(
        "IDENTITY_ON_COLLISION", .choice,
        Words(
            "When the image gives an id or a name to somebody else: `rename`, `reuse` or `fail`",
            default: standardPolicy.rawValue), .imagePolicy, key: "identity.onCollision")
    private static let standardPolicy = CollisionPolicy.rename

    package static let variables: [any VariableDeclaration] = [
        PodVariables.userName, PodVariables.userID, PodVariables.groupName, PodVariables.groupID, sudoVariable,
        onCollisionVariable, WhenIncomplete.variable, WhenMisspelt.variable,
    ]

    static let shellSetting = FileSetting(
        "identity.shells", .list(of: .absolutePath),
        Words(
            "Login shells by preference: the first that the image has is the user's",
            default: Paths.shells.map { $0.string }.joined(separator: ", "), example: "[/bin/zsh, /bin/bash]"))
    static let groupsSetting = FileSetting(
        "identity.groups", .list(of: .accountName),
        Words(
            "Groups that the user joins where the image has them",
            default: "sudo, adm; adm alone where identity.sudo is none; no group in an elevated start",
            elevated: "none",
            example: "[sudo, adm]"))
    static let deviceGroupsSetting = FileSetting(
        "identity.deviceGroups", .boolean,
        Words(
            "Whether the user joins the groups of GPU devices that could not be opened otherwise",
            default: "true, and false in an elevated start", elevated: "false", example: "true"))
    static let namesSetting = FileSetting(
        "identity.names", .list(of: .text(NamePattern.init)),
        Words(
            "Patterns (`*`, `?`) of names that an elevated start gives although the image may give them rights",
            default: "none", example: "[user-*, jane]"))

    package static let fileSettings: [any SettingDeclaration] = [
        WhenIncomplete.requiredSetting, shellSetting, groupsSetting, deviceGroupsSetting, namesSetting,
    ]

    /// What the user may do with sudo.
    package enum Sudo: String, CaseIterable, Sendable {
        /// Everything, without a password.
        case all
        /// Nothing.
        case none
    }

    /// Groups that the user joins if the image has them. The sudoers of many images relies on membership in the first.
    private static func usualGroups(_ sudo: Sudo) -> [String] { sudo == .all ? ["sudo", "adm"] : ["adm"] }

    package let userName: String
    package let userID: UInt32
    package let groupName: String
    package let groupID: UInt32
    package let sudo: Sudo
    package let onCollision: CollisionPolicy
    /// The user that the image itself has for the pod's, whose ids a pod chooses; `nil` for none.
    package let imagesUser: String?
    /// Login shells, in order of preference.
    package let shells: [FilePath]
    /// Groups that the user joins if the image has them.
    package let groups: [String]
    /// Whether the user joins the groups of devices.
    package let hasDeviceGroups: Bool
    /// The names for which the maker of the image answers, whatever might grant rights to names.
    package let permittedNames: [NamePattern]

    /// Where the user's home is.
    package var home: FilePath { Paths.homes.appending(userName) }

    package init?(reading reader: inout SettingsReader) {
        let userName = reader.value(PodVariables.userName)
        let userID = reader.value(PodVariables.userID)
        let groupName = reader.value(PodVariables.groupName)
        let groupID = reader.value(PodVariables.groupID)
        let sudo = reader.value(Self.sudoVariable)
        let onCollision = reader.value(Self.onCollisionVariable)
        shells = reader.value(Self.shellSetting) ?? Paths.shells
        // Whatever the caller's own ids do not give, only the image can grant.
        groups = reader.value(Self.groupsSetting) ?? (reader.isElevated ? [] : Self.usualGroups(sudo ?? .all))
        hasDeviceGroups = reader.value(Self.deviceGroupsSetting) ?? !reader.isElevated
        permittedNames = reader.value(Self.namesSetting) ?? []
        guard let userName, let userID, let groupName, let groupID else { return nil }
        self.userName = userName
        self.userID = userID
        self.groupName = groupName
        self.groupID = groupID
        self.sudo = sudo ?? (reader.isElevated ? .none : .all)
        self.onCollision = onCollision ?? Self.standardPolicy
        imagesUser = reader.peerVariables.imagesUser
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let isSudoPlanned = isSudoPlanned(on: context.host)
        let sudoProblem = isSudoPlanned ? context.host.sudoers.problem : nil
        var plan = StepPlan(
            warnings: context.host.accountProblems + (sudoProblem.map { [$0] } ?? []) + context.people.warnings)
        plan.changes.append(accounts(context))
        planSudo(context, &plan, isPlanned: isSudoPlanned)
        plan.changes.append(home(context))
        return plan
    }

    private func accounts(_ context: PlanContext) -> PlannedChange {
        PlannedChange(
            .accounts(AccountsChange(context.people.accounts)), by: context.host.start.isPrivileged ? [.root] : [.user],
            onFailure: .warn,
            consequence: "programs that look up the user, such as sudo and ssh, will not work")
    }

    private func home(_ context: PlanContext) -> PlannedChange {
        let user = context.people.user
        let isRoot = context.host.start.isPrivileged
        // What the pod has mounted may be another's, and a name may not be granted: then the user makes the home, as
        // far as the user may. The same holds if an elevated start found an entry whose home is elsewhere.
        let isElsewhere = context.host.start == .elevated && user.home != home
        let isUsers = !isRoot || context.host.hasForeignHomes || isElsewhere || !context.people.hasAccount
        // A pod without privileges often brings a writable home of its own.
        let given = context.settings.environment.value("HOME").map { FilePath(String(decoding: $0, as: UTF8.self)) }
        let isOwnPossible = context.host.start != .root && isUsers
        let own = given.flatMap { isOwnPossible && $0.isAbsolute && ![user.home, "/"].contains($0) ? $0 : nil }
        return PlannedChange(
            .directory(
                DirectoryChange(
                    at: DirectoryChange.Place(user.home),
                    made: DirectoryChange.Form(
                        mode: 0o750, owner: user.credentials.user, group: user.credentials.group),
                    use: isUsers ? .write : .none,
                    fallbacks: [own, context.settings[Scratch.self]?.home].compactMap { $0 })),
            by: isUsers ? [.user] : [.root], onFailure: .warn)
    }
}

extension Identity {
    /// Passwordless sudo, in one file that belongs to the boot, by user id, so that no other name gets it.
    private func planSudo(_ context: PlanContext, _ plan: inout StepPlan, isPlanned: Bool) {
        let id = context.people.user.credentials.user
        guard isPlanned else {
            guard context.host.start.isPrivileged else { return }
            plan.changes.append(
                PlannedChange(
                    .removal(RemovalChange(path: Paths.sudoersFile, meaning: "the user has no sudo")), by: [.root],
                    onFailure: .stop))
            if sudo == .all && context.host.program("sudo") != nil {
                plan.warnings.append(
                    Note(
                        .identitySudoNotGranted,
                        "sudo is not granted: the pod spec sets allowPrivilegeEscalation: false, under which it cannot "
                            + "work"))
            }
            return
        }
        if !context.host.sudoers.readsDirectory {
            plan.warnings.append(
                Note(
                    .identitySudoAsksPassword,
                    "\(Paths.sudoers) does not include \(Paths.sudoersDirectory): sudo will ask for a password; "
                        + "add the line @includedir \(Paths.sudoersDirectory)"))
        }
        let text = """
            # Written at every start of the container.
            #\(id) ALL=(ALL:ALL) NOPASSWD: ALL
            Defaults:#\(id) umask=0022, umask_override

            """
        plan.changes.append(
            PlannedChange(
                .file(
                    FileChange(
                        path: Paths.sudoersFile, content: Array(text.utf8), mode: 0o440,
                        meaning: "passwordless sudo for user \(id)")),
                by: [.root], onFailure: .warn, consequence: "the user has no sudo"))
    }

    /// Whether the user will be able to become root with sudo, so that the handoff must leave that possible.
    package func hasSudo(_ host: Host) -> Bool {
        sudo == .all && host.start.isPrivileged && !host.privileges.noNewPrivileges && host.program("sudo") != nil
    }

    /// Why the user has no sudo, as the last line of a boot says it. Of other reasons there is a line of their own.
    package func whyNoSudo(_ host: Host) -> String {
        host.start == .elevated && sudo == .none
            ? "no: not granted by the image (\(Self.sudoVariable.key ?? ""))" : "no"
    }

    /// Whether sudo's file is planned. It is planned even in a start without privileges, to show what is left out.
    private func isSudoPlanned(on host: Host) -> Bool {
        hasSudo(host) || !host.start.isPrivileged && sudo == .all && host.program("sudo") != nil
    }

    /// What the settings ask of the boot's identities.
    package func request(_ scratch: Scratch?) -> PeopleRequest {
        PeopleRequest(
            identity: IdentityRequest(
                userName: userName, userID: userID, groupName: groupName, groupID: groupID, home: home, shells: shells,
                groups: groups, hasDeviceGroups: hasDeviceGroups, permittedNames: permittedNames,
                onCollision: onCollision, imagesUser: imagesUser),
            seed: scratch?.seed, persistentHome: scratch?.home)
    }
}
