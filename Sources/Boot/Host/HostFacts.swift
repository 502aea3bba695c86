package import SystemPackage

/// What is known of a container. What is `nil` has not been looked at.
package struct HostFacts {
    /// The text of the account files.
    package var accounts: AccountFiles?
    /// Why an account file could not be read, one line a file.
    package var accountProblems: [String] = []
    /// Those of the account files that are the image's own.
    package var imageAccounts: ImageAccounts?
    /// Every program that the image has.
    package var programs: [FilePath]?
    /// What sudo reads.
    package var sudoers: Sudoers?
    /// The accelerators' device nodes.
    package var devices: [Device]?
    /// The mounts, in the order of mounting.
    package var mounts: [Mount]?
    /// Whether the directory of the homes may be another's.
    package var hasForeignHomes: Bool?
    /// What the image says of rights by names.
    package var rights: NameRights?

    /// Nothing is known.
    package init() {}
}
