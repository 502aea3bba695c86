internal import Linux

extension People {
    /// With the capabilities of the program's file, the ids are the caller's own, whatever the environment says. The
    /// groups are those that the caller has or the image grants.
    static func forElevated(_ request: PeopleRequest, _ host: Host) throws(BootError) -> People {
        let identity = request.identity
        let caller = host.caller
        let image = host.imageAccounts
        try refuseOtherIDs(identity, caller)
        let devices = identity.hasDeviceGroups ? imageDeviceGroups(identity, host) : (joined: [], warnings: [])
        let names = NameVerdicts(on: identity, host)
        var accounts = accountRequest(identity, host)
        accounts.supplementaryGroupNames = identity.groups
        accounts.deviceGroupIDs = devices.joined
        accounts.givesUser = names.user.isGiven
        accounts.givesGroup = names.group.isGiven
        var people = try privileged(request, accounts, host) { plan in
            // The group file's members do not count, because the caller has chosen the name.
            let granted = identity.groups.compactMap { image.files.groupID(named: $0) } + devices.joined
            return Set(caller.groups + [caller.group]).subtracting(plan.rootGroups).union(granted)
        }
        people.names = names
        people.warnings += names.told(identity).map { Note(.identityNameNotGiven, $0) } + devices.warnings
        if let reason = image.groupUntrustedBecause, !identity.groups.isEmpty {
            people.warnings.append(Note(.identityGroupsLeftOut, "identity.groups is left out: \(reason)"))
        }
        return people
    }

    private static func refuseOtherIDs(_ identity: IdentityRequest, _ caller: Credentials) throws(BootError) {
        var problems: [String] = []
        if identity.userID != caller.user {
            problems.append(
                "\(PodVariables.userID.name) is \(identity.userID), but the container runs as user \(caller.user), and a start with the "
                    + "capabilities of the program's file is for the caller alone: set securityContext.runAsUser: "
                    + "\(identity.userID) in the pod spec")
        }
        if identity.groupID != caller.group && !caller.groups.contains(identity.groupID) {
            problems.append(
                "\(PodVariables.groupID.name) is \(identity.groupID), which is not one of the container's groups: set "
                    + "securityContext.runAsGroup: \(identity.groupID) in the pod spec")
        }
        guard problems.isEmpty else { throw BootError(.identityNotTheCaller, problems.joined(separator: "; ")) }
    }
}
