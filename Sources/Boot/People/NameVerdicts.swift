/// What happens to the names that a caller has chosen.
package struct NameVerdicts: Equatable, Sendable {
    package var user = NameVerdict.given
    package var group = NameVerdict.given

    /// Both names are granted.
    package init() {}

    /// Decides on the names that are new to the image; all others are granted.
    init(on identity: IdentityRequest, _ host: Host) {
        let permitted = identity.permittedNames
        if !host.imageAccounts.files.hasUser(of: identity) {
            user = host.rights.verdict(on: identity.userName, .user, accounts: host.accounts, permitted: permitted)
        }
        if !host.imageAccounts.files.hasGroup(of: identity) {
            group = host.rights.verdict(on: identity.groupName, .group, accounts: host.accounts, permitted: permitted)
        }
    }

    /// What the caller is told.
    func told(_ identity: IdentityRequest) -> [String] {
        (user.isGiven ? [] : [NameVerdict.told(.user, identity.userName)])
            + (group.isGiven ? [] : [NameVerdict.told(.group, identity.groupName)])
    }

    /// Why names are not granted, one line for each reason, for root alone.
    package var reasons: [String] {
        user.reasons.map { "\(NameKind.user.variable): \($0)" }
            + group.reasons.map { "\(NameKind.group.variable): \($0)" }
    }
}

extension AccountFiles {
    /// Whether the image already has the user's name for this id.
    func hasUser(of identity: IdentityRequest) -> Bool { account(named: identity.userName)?.userID == identity.userID }

    /// Whether the image already has the group's name for this id, or another name for this id, which stays.
    func hasGroup(of identity: IdentityRequest) -> Bool {
        if groupID(named: identity.groupName) == identity.groupID { return true }
        let holder = AccountText<GroupEntry>(group ?? []).first(withID: identity.groupID)?.entry.name
        return groupID(named: identity.groupName) == nil
            && holder.map { !$0.elementsEqual(identity.groupID.decimal) } ?? false
    }
}
