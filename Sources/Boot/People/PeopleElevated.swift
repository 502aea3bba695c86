internal import Linux
internal import SystemPackage

extension People {
    /// With the capabilities of the program's file the ids are the caller's own, whatever the environment says, and groups
    /// are those that the caller has or the image grants.
    static func forElevated(_ identity: Identity, _ scratch: Scratch, _ host: Host) throws(BootError) -> People {
        let caller = host.caller
        let image = host.imageAccounts
        try refuseOtherIDs(identity, caller)
        let devices = identity.hasDeviceGroups ? imageDeviceGroups(identity, host) : (joined: [], warnings: [])
        let names = NameVerdicts(on: identity, host)
        var people = try privileged(
            identity, scratch, host, .elevated, deviceGroups: devices.joined, names: names
        ) { plan, request in
            // Not what the group file has for the name: the caller has chosen it.
            let granted = identity.groups.compactMap { image.files.groupID(named: $0) } + request.deviceGroupIDs
            return Set(caller.groups + [caller.group]).subtracting(plan.rootGroups).union(granted)
        }
        people.warnings += devices.warnings
        if let doubt = image.groupDoubt, !identity.groups.isEmpty {
            people.warnings.append("identity.groups is left out: \(doubt)")
        }
        return people
    }

    private static func refuseOtherIDs(_ identity: Identity, _ caller: Credentials) throws(BootError) {
        var problems: [String] = []
        if identity.userID != caller.user {
            problems.append(
                "NB_UID is \(identity.userID), but the container runs as user \(caller.user), and a start with the "
                    + "capabilities of the program's file is for the caller alone: set securityContext.runAsUser: "
                    + "\(identity.userID) in the pod spec")
        }
        if identity.groupID != caller.group && !caller.groups.contains(identity.groupID) {
            problems.append(
                "NB_GID is \(identity.groupID), which is none of the container's groups: set "
                    + "securityContext.runAsGroup: \(identity.groupID) in the pod spec")
        }
        guard problems.isEmpty else { throw BootError(problems.joined(separator: "; "), exitCode: .settings) }
    }
}

/// What becomes of the names that a caller has chosen.
package struct NameVerdicts: Equatable, Sendable {
    package var user = NameVerdict.given
    package var group = NameVerdict.given

    /// Both are given.
    package init() {}

    /// Only names that are new to the image are a question.
    init(on identity: Identity, _ host: Host) {
        let permitted = identity.permittedNames
        if !host.imageAccounts.files.hasUser(of: identity) {
            user = host.rights.verdict(on: identity.userName, .user, accounts: host.accounts, permitted: permitted)
        }
        if !host.imageAccounts.files.hasGroup(of: identity) {
            group = host.rights.verdict(on: identity.groupName, .group, accounts: host.accounts, permitted: permitted)
        }
    }

    /// What the caller is told.
    func told(_ identity: Identity) -> [String] {
        (user.isGiven ? [] : [NameVerdict.told(.user, identity.userName)])
            + (group.isGiven ? [] : [NameVerdict.told(.group, identity.groupName)])
    }

    /// Why names are not given, one line a reason, for root alone.
    package var reasons: [String] {
        user.reasons.map { "\(NameKind.user.variable): \($0)" }
            + group.reasons.map { "\(NameKind.group.variable): \($0)" }
    }
}

extension AccountFiles {
    /// Whether the name of the user is the image's own for this id.
    func hasUser(of identity: Identity) -> Bool { account(named: identity.userName)?.userID == identity.userID }

    /// Likewise for the group, or whether its id has another name, which stays.
    func hasGroup(of identity: Identity) -> Bool {
        if groupID(named: identity.groupName) == identity.groupID { return true }
        let holder = AccountText<GroupEntry>(group ?? []).first(withID: identity.groupID)?.entry.name
        return groupID(named: identity.groupName) == nil
            && holder.map { !$0.elementsEqual(identity.groupID.decimal) } ?? false
    }
}
