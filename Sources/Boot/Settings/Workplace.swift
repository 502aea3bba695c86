package import Linux
internal import Programs

/// Where the command works, and what applies to its work. The settings stand in the section of scratch, and count whether
/// or not there are directories on a shared file system.
package struct Workplace: Sendable {
    /// The directory that the command starts in; `nil` for the one that the container starts in.
    package let directory: FilePath?
    /// That of the boot's work as the user, and of the command.
    package let umask: ModeBits
    /// In seconds, for one change; 0 for no limit.
    package let timeout: UInt32

    /// - Parameter hasScratch: whether there are directories on a shared file system, where the group works, too.
    init(reading reader: inout SettingsReader, hasScratch: Bool) {
        directory = reader.value(PodVariables.workingDirectory)
        umask = reader.value(PodVariables.umask) ?? (hasScratch ? Self.scratchUmask : Self.standardUmask)
        timeout = reader.value(PodVariables.timeout) ?? PodVariables.standardTimeout
    }

    /// Where others of the group work in the same directories.
    static let scratchUmask: ModeBits = 0o007
    /// The one that container runtimes start with.
    static let standardUmask: ModeBits = 0o022
}
