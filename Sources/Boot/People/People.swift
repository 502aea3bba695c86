package import Linux
package import SystemPackage

/// The identities of a boot: who the command runs as, who may make directories, and the account files that say so.
package struct People: Sendable {
    /// The user whom the container is for.
    package struct User: Equatable, Sendable {
        package let name: String
        package let groupName: String
        package let home: FilePath
        package let shell: FilePath
        /// The ids with which the user's work is done, and with which the command runs.
        package let credentials: Credentials
    }

    package let user: User
    /// Who makes directories that the user may not make; it acts with the user's primary group, because that is the
    /// group that a server sees which ignores supplementary groups.
    package let seed: Credentials?
    /// The account files as they will be.
    package let accounts: PlannedAccounts
    /// What the reader should know.
    package internal(set) var warnings: [String]
    /// Which of the names that were asked for are given.
    package internal(set) var names = NameVerdicts()
    /// Whether the user can be looked up, unless the account files cannot be written.
    package var hasAccount: Bool { names.user.isGiven }
}

extension People {
    /// Works out the identities from the settings and the image's account files.
    ///
    /// - Throws: a ``BootError`` with ``ExitCode/settings`` when the image's accounts do not allow what was asked, and
    ///   with ``ExitCode/boot`` when the container cannot take the ids.
    package static func work(
        out identity: Identity, scratch: Scratch, host: Host
    ) throws(BootError) -> People {
        switch host.start {
        case .root: try forRoot(identity, scratch, host)
        case .elevated: try forElevated(identity, scratch, host)
        case .bare: try forBare(identity, scratch, host)
        }
    }

    private static func forRoot(
        _ identity: Identity, _ scratch: Scratch, _ host: Host
    ) throws(BootError) -> People {
        let devices = identity.hasDeviceGroups ? deviceGroups(host) : []
        return try privileged(identity, scratch, host, .root, deviceGroups: devices) { plan, _ in
            Set(host.privileges.groups).subtracting(plan.rootGroups).union(plan.groups)
        }
    }

    /// The people of a boot that may change accounts and become somebody else.
    ///
    /// - Parameters:
    ///   - deviceGroups: the gids of device nodes that the user joins.
    ///   - groups: the supplementary groups of the user, by what the account files will say and what was asked of them.
    static func privileged(
        _ identity: Identity, _ scratch: Scratch, _ host: Host, _ start: AccountStart, deviceGroups: [UInt32],
        names: NameVerdicts = NameVerdicts(), groups: (AccountPlan, AccountRequest) -> Set<UInt32>
    ) throws(BootError) -> People {
        let seed = try seed(scratch, host, group: identity.groupID)
        var request = request(for: identity, host, start: start)
        request.supplementaryGroupNames = identity.groups
        request.deviceGroupIDs = deviceGroups
        request.givesUser = names.user.isGiven
        request.givesGroup = names.group.isGiven
        let plan: AccountPlan
        do throws(AccountRefusals) {
            plan = try AccountPlan.plan(request, on: host.accounts)
        } catch {
            throw refused(error)
        }
        let groups = groups(plan, request).subtracting([0, plan.groupID]).sorted()
        // An image's entry may have a home that is none, such as `/`: what is beneath it is not the user's.
        let isHome = start == .root || !scratch.home.starts(with: FilePath(plan.home))
        return People(
            user: User(
                name: plan.userName, groupName: plan.groupName, home: isHome ? FilePath(plan.home) : identity.home,
                shell: FilePath(plan.shell),
                credentials: Credentials(user: plan.userID, group: plan.groupID, groups: groups)),
            seed: seed,
            accounts: PlannedAccounts(found: host.accounts, planned: plan.files, meanings: plan.changes),
            warnings: plan.warnings + (plan.shell == request.shell ? shellNotices(identity, host) : [])
                + names.told(identity), names: names)
    }

    /// Without privileges the ids are those of the process; an entry for them is made where `/etc/passwd` allows it.
    private static func forBare(
        _ identity: Identity, _ scratch: Scratch, _ host: Host
    ) throws(BootError) -> People {
        let privileges = host.privileges
        var warnings: [String] = []
        guard privileges.user.effective == identity.userID else {
            throw BootError(
                "cannot become user \(identity.userID)",
                reason: "the container runs as user \(privileges.user.effective) without CAP_SETUID",
                remedy: "set securityContext.runAsUser: \(identity.userID) in the pod spec, or start as root")
        }
        if privileges.group.effective != identity.groupID {
            guard privileges.groups.contains(identity.groupID) else {
                throw BootError(
                    "cannot become group \(identity.groupID)",
                    reason: "the container runs with group \(privileges.group.effective) without CAP_SETGID",
                    remedy: "set securityContext.runAsGroup: \(identity.groupID) in the pod spec, or start as root")
            }
            warnings.append(
                "group \(identity.groupID) stays a supplementary group: without privileges the primary group "
                    + "\(privileges.group.effective) cannot change; set securityContext.runAsGroup in the pod spec")
        }
        for group in identity.hasDeviceGroups ? deviceGroups(host) : []
        where group != privileges.group.effective && !privileges.groups.contains(group) {
            let device = host.devices.first { $0.group == group }?.path ?? ""
            warnings.append(
                "the user cannot open \(device): add its group \(group) to supplementalGroups in the pod spec")
        }
        var planned = host.accounts
        var meanings: [String] = []
        do throws(AccountRefusals) {
            let plan = try AccountPlan.plan(request(for: identity, host, start: .bare), on: host.accounts)
            planned.passwd = plan.files.passwd
            meanings = plan.changes.filter { $0.hasPrefix("user ") }
        } catch {
            warnings += error.refusals.map(\.reason)
        }
        return People(
            user: User(
                name: identity.userName, groupName: identity.groupName, home: identity.home,
                shell: host.shells.first ?? Identity.lastShell,
                credentials: Credentials(
                    user: privileges.user.effective, group: privileges.group.effective, groups: privileges.groups)),
            seed: nil, accounts: PlannedAccounts(found: host.accounts, planned: planned, meanings: meanings),
            warnings: warnings + shellNotices(identity, host))
    }

    static func request(for identity: Identity, _ host: Host, start: AccountStart) -> AccountRequest {
        AccountRequest(
            userName: identity.userName, userID: identity.userID, groupName: identity.groupName,
            groupID: identity.groupID, home: identity.home.string,
            shell: (host.shells.first ?? Identity.lastShell).string, supplementaryGroupNames: [], deviceGroupIDs: [],
            policy: identity.onCollision, start: start)
    }

    static func shellNotices(_ identity: Identity, _ host: Host) -> [String] {
        guard let shell = host.shells.first else { return ["the image has no shell"] }
        guard let preferred = identity.shells.first, shell != preferred else { return [] }
        return ["the image has no \(preferred): the login shell is \(shell)"]
    }

    static func seed(
        _ scratch: Scratch, _ host: Host, group: UInt32
    ) throws(BootError) -> Credentials? {
        var found: (user: UInt32, group: UInt32, groups: [UInt32])
        switch scratch.seed {
        case .ids(let user, let group): found = (user, group, [])
        case .name(let name, let isDefault):
            // Of all files the one that says who works for others must be the image's own.
            let image = host.imageAccounts
            guard let account = image.files.account(named: name) else {
                if isDefault { return nil }
                throw BootError(
                    "SCRATCH_SEED_USER is '\(name)'", reason: image.passwdDoubt ?? "no such user in \(Paths.passwd)",
                    remedy: "add the account to the image, or give its ids as uid:gid", exitCode: .settings)
            }
            found = (account.userID, account.groupID, image.files.groups(ofUserNamed: name))
        }
        guard found.user != 0 else {
            throw BootError(
                "SCRATCH_SEED_USER is root", reason: "nothing in a scratch directory is done as root",
                remedy: "name the account that owns the directory", exitCode: .settings)
        }
        let groups = Set(found.groups + [found.group]).subtracting([0, group]).sorted()
        return Credentials(user: found.user, group: group, groups: groups)
    }

    static func refused(_ refusals: AccountRefusals) -> BootError {
        let problems = refusals.refusals.map { "\($0.variable): \($0.reason)" }
        return BootError(problems.joined(separator: "; "), exitCode: .settings)
    }
}
