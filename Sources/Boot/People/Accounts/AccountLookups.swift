internal import Text

extension AccountFiles {
    /// The account with a name.
    package func account(named name: String) -> Account? {
        (AccountText(passwd ?? []).first(named: name.bytes)?.entry).map(Account.init)
    }

    /// The account that a uid resolves to.
    package func account(withUserID userID: UInt32) -> Account? {
        (AccountText(passwd ?? []).first(withID: userID)?.entry).map(Account.init)
    }

    /// The login shell of the account that a uid resolves to.
    package func loginShell(ofUserID userID: UInt32) -> String? { account(withUserID: userID)?.shell }

    /// The gid of the group with a name.
    package func groupID(named name: String) -> UInt32? {
        AccountText<GroupEntry>(group ?? []).first(named: name.bytes)?.entry.id
    }

    /// The gids of the groups that list a user, sorted. The primary gid is that of the account, and is only included if
    /// a list also has the user.
    package func groups(ofUserNamed name: String) -> [UInt32] {
        AccountText(group ?? []).groups(listing: name.bytes)
    }
}

extension AccountText<GroupEntry> {
    /// The gids of the groups that list a user, sorted.
    func groups(listing name: ArraySlice<UInt8>) -> [UInt32] {
        // The highest number stands for no group; setgroups(2) refuses a list that contains it.
        Set(lines(listing: name).compactMap { self[$0]?.id }).subtracting([.max]).sorted()
    }
}
