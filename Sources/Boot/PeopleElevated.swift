internal import Linux
internal import SystemPackage

extension People {
    /// With the capabilities of the program's file the ids are the caller's own, whatever the environment says, and groups
    /// are those that the caller has or the image grants.
    static func forElevated(_ identity: Identity, _ scratch: Scratch, _ host: Host) throws(BootError) -> People {
        let caller = host.caller
        let image = host.imageAccounts
        try refuseOtherIDs(identity, caller)
        try refuseNamesWithRights(identity, host)
        let devices = identity.hasDeviceGroups ? imageDeviceGroups(identity, host) : (joined: [], warnings: [])
        var people = try privileged(identity, scratch, host, .elevated, deviceGroups: devices.joined) { plan, request in
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

    /// A name that leads to rights is only for the one who has it already.
    private static func refuseNamesWithRights(_ identity: Identity, _ host: Host) throws(BootError) {
        var problems: [String] = []
        let (user, group) = (identity.userName, identity.groupName)
        let accounts = host.imageAccounts.files
        if accounts.account(named: user)?.userID != identity.userID {
            let remedy = "choose another NB_USER, or let the image have the account with uid \(identity.userID)"
            if let error = host.rights.unread {
                problems.append(unread(error, "NB_USER: ", user))
            } else if let file = host.rights.file(mentioning: user) {
                problems.append("NB_USER: \(file) mentions \(user), and may give rights to that name: \(remedy)")
            } else if !accounts.groups(ofUserNamed: user).isEmpty || accounts.isGroupAdministrator(user) {
                problems.append("NB_USER: a group of the image has \(user) as a member: \(remedy)")
            }
        }
        if accounts.groupID(named: group) != identity.groupID {
            if let error = host.rights.unread {
                problems.append(unread(error, "NB_GROUP: ", group))
            } else if let file = host.rights.file(mentioningGroup: group) {
                problems.append(
                    "NB_GROUP: \(file) mentions \(group), and may give rights to that name: choose another NB_GROUP")
            }
        }
        guard problems.isEmpty else { throw BootError(problems.joined(separator: "; "), exitCode: .settings) }
    }

    /// What cannot be read may mention any name.
    private static func unread(_ error: SystemCallError, _ variable: String, _ name: String) -> String {
        "\(variable)cannot read \(Text.shown(error.path ?? "")), which may give rights to \(name): \(error.reason) "
            + "(\(error.call) \(error.symbol)): let the pod spec's capabilities.drop leave DAC_OVERRIDE"
    }
}
