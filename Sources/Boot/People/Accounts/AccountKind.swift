/// Users or groups, with the words for them in messages.
enum AccountKind {
    case user, group

    var noun: String { self == .user ? "user" : "group" }
    var systemNoun: String { self == .user ? "account" : "group" }
    var idNoun: String { self == .user ? "uid" : "gid" }
    var nameVariable: String { self == .user ? PodVariables.userName.name : PodVariables.groupName.name }
    var idVariable: String { self == .user ? PodVariables.userID.name : PodVariables.groupID.name }
    /// The field of a pod's security context that sets the id.
    var podField: String { self == .user ? "runAsUser" : "runAsGroup" }

    /// Whether the entry is the image's own: an id below 1000, root, or nobody.
    func isSystem(_ entry: some IdentifiedEntry) -> Bool {
        entry.id < 1000 || entry.id == 65534
            || ["root", "nobody", "nogroup"].contains { entry.name.elementsEqual($0.utf8) }
    }
}
