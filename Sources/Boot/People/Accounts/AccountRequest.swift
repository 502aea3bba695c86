/// What the settings ask of the account files. The form of names, ids and paths has been checked.
package struct AccountRequest: Sendable {
    /// The user's login name, without colon, comma or newline.
    package var userName: String
    /// The user's uid; never 0.
    package var userID: UInt32
    /// The name of the user's primary group.
    package var groupName: String
    /// The user's primary gid; 0 only in a bare start, where the group is then left as it is.
    package var groupID: UInt32
    /// The absolute path of the user's home directory.
    package var home: String
    /// The absolute path of the user's login shell.
    package var shell: String
    /// The names of other groups for the user; those that the image's group file does not have are skipped.
    package var supplementaryGroupNames: [String]
    /// The gids of device nodes that the user must be able to open. Gid 0 is skipped; a gid without a name gets one.
    package var deviceGroupIDs: [UInt32]
    /// What to do if a name or an id is already taken.
    package var policy: CollisionPolicy
    /// How the container was started, which limits what the policy may do. Only a start as root changes entries of the
    /// image; the others add entries for the caller's own ids. Only a bare start allows gid 0.
    package var start: Start
    /// The name of the user, and of the group, that the image has for the pod's: it is no system account, whatever its id.
    package var imagesUser: String?
    /// Whether the user may get an entry; otherwise everything with that name stays as it is.
    package var givesUser = true
    /// Whether the group may get an entry; otherwise everything with that name stays as it is.
    package var givesGroup = true

    package init(
        userName: String, userID: UInt32, groupName: String, groupID: UInt32, home: String, shell: String,
        supplementaryGroupNames: [String] = [], deviceGroupIDs: [UInt32] = [],
        policy: CollisionPolicy = .rename, start: Start = .root
    ) {
        self.userName = userName
        self.userID = userID
        self.groupName = groupName
        self.groupID = groupID
        self.home = home
        self.shell = shell
        self.supplementaryGroupNames = supplementaryGroupNames
        self.deviceGroupIDs = deviceGroupIDs
        self.policy = policy
        self.start = start
    }
}
