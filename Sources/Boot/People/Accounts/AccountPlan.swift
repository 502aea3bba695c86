/// The account files as they should be, and what is in force then.
package struct AccountPlan: Equatable, Sendable {
    /// The name by which the user's uid is found. Under `reuse` it may be another than was asked for.
    package let userName: String
    /// The user's uid: always the one that was asked for.
    package let userID: UInt32
    /// The name by which the primary gid is found, with control and invalid bytes escaped. It is another than was asked
    /// for where the gid's group keeps its name.
    package let groupName: String
    /// The primary gid: always the one that was asked for.
    package let groupID: UInt32
    /// The user's home directory; another than was asked for only under `reuse`, and in an elevated start, where it is that
    /// of the image's entry.
    package let home: String
    /// The user's login shell; another than was asked for only where the home is.
    package let shell: String
    /// The gids that the planned group file gives to the user, sorted, without the primary gid. Gid 0 is among them if
    /// the image's file says so.
    package let groups: [UInt32]
    /// The gids that the image's files give to root, sorted: its primary gid and those of its member lists.
    package let rootGroups: [UInt32]
    /// The planned files; a file is equal to the one that was found where nothing changes.
    package let files: AccountFiles
    /// What changes, one line each; empty if and only if no file changes.
    package let changes: [String]
    /// What people should know although it stops nothing, one line each.
    package let warnings: [String]
}
