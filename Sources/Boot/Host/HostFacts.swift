package import Linux

/// What is known about a container. `nil` means that nobody has looked.
package struct HostFacts {
    /// The text of the account files.
    package var accounts: AccountFiles?
    /// Why an account file could not be read, one line for each file.
    package var accountProblems: [Note] = []
    /// The account files that are the image's own.
    package var imageAccounts: ImageAccounts?
    /// Every program that the image has.
    package var programs: [FilePath]?
    /// What sudo reads.
    package var sudoers: Sudoers?
    /// The accelerators' device nodes.
    package var devices: [Device]?
    /// The mounts, in the order of mounting.
    package var mounts: [Mount]?
    /// Whether somebody else may control the directory of the homes.
    package var hasForeignHomes: Bool?
    /// What the image says about rights that depend on names.
    package var rights: NameRights?

    /// Nothing is known.
    package init() {}
}
