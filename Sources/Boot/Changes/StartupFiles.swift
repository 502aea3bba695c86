package import SystemPackage

/// Files that shells and git run as the user.
package struct StartupFiles: Equatable, Sendable {
    /// The files, wherever they are; a directory stands for those in it.
    package let files: [FilePath]
    /// Files of the user's home, which count where that has come to lie in ``volume``.
    package let homeFiles: [FilePath]
    /// Where others of the group may work, too.
    package let volume: FilePath
    /// Who may own them.
    package let owners: [UInt32]
}
