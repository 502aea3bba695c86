package import Linux

/// The identities of a boot: who the command runs as, who may make directories, and the account files that define them.
package struct People: Sendable {
    /// The user whom the container is for.
    package struct User: Equatable, Sendable {
        package let name: String
        package let groupName: String
        package let home: FilePath
        package let shell: FilePath
        /// The ids that the user's work is done with, and that the command runs with.
        package let credentials: Credentials

        package init(name: String, groupName: String, home: FilePath, shell: FilePath, credentials: Credentials) {
            (self.name, self.groupName, self.home) = (name, groupName, home)
            (self.shell, self.credentials) = (shell, credentials)
        }
    }

    package let user: User
    /// Who makes directories that the user may not make. It acts with the user's primary group, because a server that
    /// ignores supplementary groups only sees that one.
    package let seed: Credentials?
    /// The account files as they will be.
    package let accounts: PlannedAccounts
    /// What the reader should know.
    package internal(set) var warnings: [Note]
    /// Which of the requested names are granted.
    package internal(set) var names = NameVerdicts()
    /// Whether the user can be looked up, unless the account files cannot be written.
    package var hasAccount: Bool { names.user.isGiven }
}

extension People {
    /// Determines the identities from what is asked for and the image's account files.
    ///
    /// - Throws: a ``BootError`` with ``ExitCode/settings`` when the image's accounts do not allow what was asked for,
    ///   and with ``ExitCode/boot`` when the container cannot take the ids.
    package static func work(out request: PeopleRequest, on host: Host) throws(BootError) -> People {
        switch host.start {
        case .root: try forRoot(request, host)
        case .elevated: try forElevated(request, host)
        case .bare: try forBare(request.identity, host)
        }
    }

    private static func forRoot(_ request: PeopleRequest, _ host: Host) throws(BootError) -> People {
        var accounts = accountRequest(request.identity, host)
        accounts.supplementaryGroupNames = request.identity.groups
        accounts.deviceGroupIDs = request.identity.hasDeviceGroups ? deviceGroups(host) : []
        return try privileged(request, accounts, host) { plan in
            Set(host.privileges.groups).subtracting(plan.rootGroups).union(plan.groups)
        }
    }

    /// The people of a boot that may change accounts and become somebody else.
    ///
    /// - Parameters:
    ///   - accounts: what is asked of the account files.
    ///   - groups: the user's supplementary groups, according to the planned account files.
    static func privileged(
        _ request: PeopleRequest, _ accounts: AccountRequest, _ host: Host, groups: (AccountPlan) -> Set<UInt32>
    ) throws(BootError) -> People {
        let identity = request.identity
        let seed = try seed(request.seed, host, group: identity.groupID)
        let plan: AccountPlan
        do throws(AccountRefusals) {
            plan = try AccountPlan.plan(accounts, on: host.accounts)
        } catch {
            throw refused(error)
        }
        let groups = groups(plan).subtracting([0, plan.groupID]).sorted()
        // An image's entry may have a home that is not really one, such as `/`: what is below it is not the user's.
        let place = FilePath(plan.home).lexicallyNormalized()
        let isHome =
            host.start == .root
            || !isOfSystem(place) && !(request.persistentHome?.starts(with: place) ?? false)
        return People(
            user: User(
                name: plan.userName, groupName: plan.groupName, home: isHome ? FilePath(plan.home) : identity.home,
                shell: FilePath(plan.shell),
                credentials: Credentials(user: plan.userID, group: plan.groupID, groups: groups)),
            seed: seed,
            accounts: PlannedAccounts(found: host.accounts, planned: plan.files, differences: plan.differences),
            warnings: plan.warnings.map { Note(.identityIDInUse, $0) }
                + (plan.shell == accounts.shell ? shellNotices(identity, host) : []))
    }

    /// Whether a directory is the system's, whatever an entry of the image says.
    private static func isOfSystem(_ place: FilePath) -> Bool {
        let places: [FilePath] = [
            "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root", "/run", "/sbin",
            "/sys", "/usr",
        ]
        return place == "/" || places.contains { place.starts(with: $0) }
    }

    /// What is asked of the account files for the user and the primary group.
    static func accountRequest(_ identity: IdentityRequest, _ host: Host) -> AccountRequest {
        var request = AccountRequest(
            userName: identity.userName, userID: identity.userID, groupName: identity.groupName,
            groupID: identity.groupID, home: identity.home.string, shell: shell(identity, host).string,
            policy: identity.onCollision, start: host.start)
        request.imagesUser = identity.imagesUser
        return request
    }

    /// The login shell of a new entry.
    static func shell(_ identity: IdentityRequest, _ host: Host) -> FilePath {
        host.shell(among: identity.shells) ?? Paths.lastShell
    }

    static func shellNotices(_ identity: IdentityRequest, _ host: Host) -> [Note] {
        guard let shell = host.shell(among: identity.shells) else {
            return [Note(.identityNoShell, "the image has no shell")]
        }
        guard let preferred = identity.shells.first, shell != preferred else { return [] }
        return [Note(.identityNoShell, "the image has no \(preferred): the login shell is \(shell)")]
    }

    /// Who makes directories that the user may not make; `nil` if nobody was asked for.
    ///
    /// - Parameter group: the user's primary group, with which the seed user acts.
    /// - Throws: why it cannot be who was asked for.
    static func seed(_ request: SeedRequest?, _ host: Host, group: UInt32) throws(BootError) -> Credentials? {
        var found: (user: UInt32, group: UInt32, groups: [UInt32])
        switch request {
        case nil: return nil
        case .ids(let user, let group): found = (user, group, [])
        case .name(let name):
            // This file decides who works for others, so that it must be the image's own.
            let image = host.imageAccounts
            guard let account = image.files.account(named: name) else {
                throw BootError(
                    .identitySeedUser, "\(PodVariables.seedUserName) is '\(name)'",
                    reason: image.passwdUntrustedBecause ?? "there is no such user in \(Paths.passwd)",
                    remedy: "add the account to the image, or give its ids as uid:gid")
            }
            found = (account.userID, account.groupID, image.files.groups(ofUserNamed: name))
        }
        guard found.user != 0 else {
            throw BootError(
                .identitySeedUser, "\(PodVariables.seedUserName) is root",
                reason: "nothing in a scratch directory is done as root",
                remedy: "name the account that owns the directory")
        }
        let groups = Set(found.groups + [found.group]).subtracting([0, group]).sorted()
        return Credentials(user: found.user, group: group, groups: groups)
    }

    static func refused(_ refusals: AccountRefusals) -> BootError {
        let problems = refusals.refusals.map { "\($0.variable): \($0.reason)" }
        return BootError(.identityAccountConflict, problems.joined(separator: "; "))
    }
}
