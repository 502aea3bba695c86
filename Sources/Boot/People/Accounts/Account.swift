/// An account, as passwd has it.
package struct Account: Equatable, Sendable {
    /// The uid.
    package let userID: UInt32
    /// The primary gid.
    package let groupID: UInt32
    /// The path of the login shell; nil if the entry has none that could be executed, such as an empty one.
    package let shell: String?

    init(_ entry: UserEntry) {
        userID = entry.id
        groupID = entry.groupID
        shell = entry.shell.isAbsolutePath ? String(decoding: entry.shell, as: UTF8.self) : nil
    }
}
