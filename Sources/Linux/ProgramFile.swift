private import CLinux

/// The file of a program, with the privileges that it gives.
package struct ProgramFile: Sendable {
    private let path: FilePath

    /// The file of this process's program.
    package static let own = ProgramFile("/proc/self/exe")

    /// - Parameter path: the path of the file; links are followed.
    package init(_ path: FilePath) { self.path = path }

    /// The file of another name in the same directory, or the file itself if there is none.
    package func sibling(_ name: FilePath.Component) -> ProgramFile {
        let place = (try? FileTree().linkTarget(path, links: .follow)) ?? path
        let other = place.parent.appending(name)
        return (try? FileTree().status(other, links: .follow))?.kind == .file ? ProgramFile(other) : self
    }

    /// Whether the file has capabilities, even if a mount or the pod forbids their use (capabilities(7)).
    package var hasCapabilities: Bool { path.withPlatformString { linux_has_file_capabilities($0) } }

    /// The capabilities that the file gives (capabilities(7)): the permitted ones, and whether they are in use from the
    /// program's start; `nil` where it has none.
    package var capabilities: (permitted: UInt64, isEffective: Bool)? {
        var (permitted, isEffective) = (UInt64(0), false)
        let isFound = path.withPlatformString { linux_file_capabilities($0, &permitted, &isEffective) }
        return isFound ? (permitted, isEffective) : nil
    }

    /// Whether the file lies on a mount with nosuid, where its capabilities have no effect (mount(8)).
    package var isOnNoSetIDMount: Bool { path.withPlatformString { linux_is_program_on_nosuid($0) } }
}
