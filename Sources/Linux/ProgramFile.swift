private import CLinux
package import SystemPackage

/// The file of a program, as far as it gives privileges.
package struct ProgramFile: Sendable {
    private let path: FilePath

    /// The file of the process.
    package static let own = ProgramFile("/proc/self/exe")

    /// - Parameter path: where the file is; links are followed.
    package init(_ path: FilePath) { self.path = path }

    /// The file of another name beside it; itself where there is none.
    package func sibling(_ name: FilePath.Component) -> ProgramFile {
        let place = (try? FileTree().linkTarget(path, links: .follow)) ?? path
        let other = place.parent.appending(name)
        return (try? FileTree().status(other, links: .follow))?.kind == .file ? ProgramFile(other) : self
    }

    /// Whether the file has capabilities, also where a mount or the pod forbids their use (capabilities(7)).
    package var hasCapabilities: Bool { path.withPlatformString { linux_has_file_capabilities($0) } }

    /// Whether the file lies on a mount with nosuid, for which its capabilities do not count (mount(8)).
    package var isOnNoSetIDMount: Bool { path.withPlatformString { linux_is_program_on_nosuid($0) } }
}
