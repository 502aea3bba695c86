internal import Linux

// A start without privileges.
extension People {
    /// Without privileges, the ids are those of the process; an entry for them is made if `/etc/passwd` can be written.
    static func forBare(_ identity: IdentityRequest, _ host: Host) throws(BootError) -> People {
        let privileges = host.privileges
        var warnings: [Note] = []
        guard privileges.user.effective == identity.userID else {
            throw BootError(
                .identityCannotBecome, "cannot become user \(identity.userID)",
                reason: "the container runs as user \(privileges.user.effective) without CAP_SETUID",
                remedy: "set securityContext.runAsUser: \(identity.userID) in the pod spec, or start as root")
        }
        if privileges.group.effective != identity.groupID {
            guard privileges.groups.contains(identity.groupID) else {
                throw BootError(
                    .identityCannotBecome, "cannot become group \(identity.groupID)",
                    reason: "the container runs with group \(privileges.group.effective) without CAP_SETGID",
                    remedy: "set securityContext.runAsGroup: \(identity.groupID) in the pod spec, or start as root")
            }
            warnings.append(
                Note(
                    .identityPrimaryGroup,
                    "group \(identity.groupID) stays a supplementary group: without privileges the primary group "
                        + "\(privileges.group.effective) cannot change; set securityContext.runAsGroup in the pod spec")
            )
        }
        for group in identity.hasDeviceGroups ? deviceGroups(host) : []
        where group != privileges.group.effective && !privileges.groups.contains(group) {
            let device = host.devices.first { $0.group == group }?.path ?? ""
            warnings.append(
                Note(
                    .identityDeviceGroup,
                    "the user cannot open \(device): add its group \(group) to supplementalGroups in the pod spec"))
        }
        var planned = host.accounts
        var differences: [AccountDifference] = []
        do throws(AccountRefusals) {
            let plan = try AccountPlan.plan(accountRequest(identity, host), on: host.accounts)
            planned.passwd = plan.files.passwd
            differences = plan.differences.filter { $0.text.hasPrefix("user ") }
        } catch {
            warnings += error.refusals.map { Note(.identityAccountConflict, $0.reason) }
        }
        return People(
            user: User(
                name: identity.userName, groupName: identity.groupName, home: identity.home,
                shell: shell(identity, host),
                credentials: Credentials(
                    user: privileges.user.effective, group: privileges.group.effective, groups: privileges.groups)),
            seed: nil, accounts: PlannedAccounts(found: host.accounts, planned: planned, differences: differences),
            warnings: warnings + shellNotices(identity, host))
    }
}
