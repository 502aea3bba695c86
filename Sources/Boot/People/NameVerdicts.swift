/// What becomes of the names that a caller has chosen.
package struct NameVerdicts: Equatable, Sendable {
    package var user = NameVerdict.given
    package var group = NameVerdict.given

    /// Both are given.
    package init() {}

    /// Only names that are new to the image are a question.
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

    /// Why names are not given, one line a reason, for root alone.
    package var reasons: [String] {
        user.reasons.map { "\(NameKind.user.variable): \($0)" }
            + group.reasons.map { "\(NameKind.group.variable): \($0)" }
    }
}

extension AccountFiles {
    /// Whether the name of the user is the image's own for this id.
    func hasUser(of identity: IdentityRequest) -> Bool { account(named: identity.userName)?.userID == identity.userID }

    /// Likewise for the group, or whether its id has another name, which stays.
    func hasGroup(of identity: IdentityRequest) -> Bool {
        if groupID(named: identity.groupName) == identity.groupID { return true }
        let holder = AccountText<GroupEntry>(group ?? []).first(withID: identity.groupID)?.entry.name
        return groupID(named: identity.groupName) == nil
            && holder.map { !$0.elementsEqual(identity.groupID.decimal) } ?? false
    }
}
