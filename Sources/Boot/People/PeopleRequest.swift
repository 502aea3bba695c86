package import SystemPackage

/// What is asked of the people of a boot.
package struct PeopleRequest: Sendable {
    /// Who the container's user is to be.
    package let identity: IdentityRequest
    /// Who makes directories that the user may not make.
    package let seed: SeedRequest
    /// The user's persistent directory, which lies in no home that an entry of the image may name.
    package let persistentHome: FilePath
}

/// Who a container's user is to be. Names and ids have been checked for their form.
package struct IdentityRequest: Sendable {
    package let userName: String
    package let userID: UInt32
    package let groupName: String
    package let groupID: UInt32
    /// Where the user's home is.
    package let home: FilePath
    /// Login shells by preference.
    package let shells: [FilePath]
    /// Groups that the user joins where the image has them.
    package let groups: [String]
    /// Whether the user joins the groups of devices.
    package let hasDeviceGroups: Bool
    /// The names for which the maker of the image answers, whatever may give rights to names.
    package let permittedNames: [NamePattern]
    /// What is done where a name or an id is already taken.
    package let onCollision: CollisionPolicy
}
