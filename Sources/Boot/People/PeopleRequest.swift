package import Linux

/// What is asked of the boot's identities.
package struct PeopleRequest: Sendable {
    /// Who the container's user must be.
    package let identity: IdentityRequest
    /// Who makes directories that the user may not make.
    package let seed: SeedRequest?
    /// The user's persistent directory, if there is one; it must not lie in a home that an entry of the image names.
    package let persistentHome: FilePath?
}

/// Who a container's user must be. The form of names and ids has been checked.
package struct IdentityRequest: Sendable {
    package let userName: String
    package let userID: UInt32
    package let groupName: String
    package let groupID: UInt32
    /// Where the user's home is.
    package let home: FilePath
    /// Login shells, in order of preference.
    package let shells: [FilePath]
    /// Groups that the user joins if the image has them.
    package let groups: [String]
    /// Whether the user joins the groups of devices.
    package let hasDeviceGroups: Bool
    /// The names for which the maker of the image answers, whatever might grant rights to names.
    package let permittedNames: [NamePattern]
    /// What is done if a name or an id is already taken.
    package let onCollision: CollisionPolicy
    /// The user that the image itself has for the pod's, with a group of the same name; `nil` for none.
    package var imagesUser: String?
}
