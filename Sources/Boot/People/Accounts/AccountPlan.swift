/// The account files as they should be, and the account that is then in force.
package struct AccountPlan: Equatable, Sendable {
    /// The name that the user's uid resolves to. Under `reuse` it may differ from the requested name.
    package let userName: String
    /// The user's uid, always as requested.
    package let userID: UInt32
    /// The name that the primary gid resolves to, with control characters and invalid bytes escaped. It differs from
    /// the requested name if the gid's group keeps its name.
    package let groupName: String
    /// The primary gid, always as requested.
    package let groupID: UInt32
    /// The user's home directory. It differs from the requested one only under `reuse`, and in an elevated start, where
    /// it is the home of the image's entry.
    package let home: String
    /// The user's login shell; it differs from the requested one only if the home does.
    package let shell: String
    /// The gids that the planned group file gives to the user, sorted, without the primary gid. Gid 0 is included if
    /// the image's file says so.
    package let groups: [UInt32]
    /// The gids that the image's files give to root, sorted: its primary gid and those of the groups that list it.
    package let rootGroups: [UInt32]
    /// The planned files; a file that does not change equals the one that was found.
    package let files: AccountFiles
    /// What changes; empty if and only if no file changes.
    package let differences: [AccountDifference]
    /// What people should know although it stops nothing, one line for each.
    package let warnings: [String]
}
