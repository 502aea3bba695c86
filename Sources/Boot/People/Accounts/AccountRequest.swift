/// The text of the account files as bytes; nil stands for a file that is not there.
///
/// A file that exists but cannot be read must not be planned as missing where the plan is going to be written: what is
/// in it would be lost. Only `shadow` and `gshadow` may be nil for that reason, because a missing one is never created.
package struct AccountFiles: Equatable, Sendable {
    /// `/etc/passwd`, passwd(5).
    package var passwd: [UInt8]?
    /// `/etc/group`, group(5).
    package var group: [UInt8]?
    /// `/etc/shadow`, shadow(5).
    package var shadow: [UInt8]?
    /// `/etc/gshadow`, gshadow(5).
    package var gshadow: [UInt8]?

    package init(
        passwd: [UInt8]? = nil, group: [UInt8]? = nil, shadow: [UInt8]? = nil, gshadow: [UInt8]? = nil
    ) {
        self.passwd = passwd
        self.group = group
        self.shadow = shadow
        self.gshadow = gshadow
    }
}

/// What a start as root does when a name or an id that it was given is already taken in the image.
package enum CollisionPolicy: String, CaseIterable, Sendable {
    /// The holder of the id gets the name, and the entry with the name gets the id.
    case rename
    /// The holder of the id is kept under its own name and used; a name that is taken is refused.
    case reuse
    /// Every collision is refused, in every way of starting.
    case fail
}

/// The way of starting, as far as the account files are concerned.
package enum AccountStart: CaseIterable, Sendable {
    /// The container started as uid 0: entries of the image may be changed as the collision policy says.
    case root
    /// Not root, but with file capabilities: entries are added for the caller's own ids, those of the image stay as they
    /// are.
    case elevated
    /// Not root and without privilege, where the account files are writable: as elevated, and gid 0 is allowed.
    case bare
}

/// What the settings ask of the account files. Names, ids and paths have been checked for their form.
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
    /// The names of further groups for the user; those that the image's group file does not have are passed over.
    package var supplementaryGroupNames: [String]
    /// The gids of device nodes that the user must be able to open. Gid 0 is passed over; a gid without a name gets one.
    package var deviceGroupIDs: [UInt32]
    /// What to do where a name or an id is already taken.
    package var policy: CollisionPolicy
    /// The way of starting, which limits what the policy may do.
    package var start: AccountStart
    /// Whether the user may get an entry; otherwise everything that has the name stays as it is.
    package var givesUser = true
    /// Likewise for the group.
    package var givesGroup = true

    package init(
        userName: String, userID: UInt32, groupName: String, groupID: UInt32, home: String, shell: String,
        supplementaryGroupNames: [String] = [], deviceGroupIDs: [UInt32] = [],
        policy: CollisionPolicy = .rename, start: AccountStart = .root
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

/// A wish that the account files of the image stand against.
package struct AccountRefusal: Error, Equatable, Sendable {
    /// The variable that asks for it.
    package let variable: String
    /// What stands against it and what to do, one line.
    package let reason: String
}

/// All that the account files stand against in one request; never empty.
package struct AccountRefusals: Error, Equatable, Sendable {
    /// The refusals: the user's first, then the group's.
    package let refusals: [AccountRefusal]
}
