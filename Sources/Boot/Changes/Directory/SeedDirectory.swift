package import Linux

/// A directory of image policy in which the seed user may make directories.
package struct SeedDirectory: Equatable, Sendable {
    package let path: FilePath
    /// What is mounted there; `nil` for what the image has there.
    package let volume: Volume?

    package init(_ path: FilePath, on volume: Volume? = nil) {
        self.path = path
        self.volume = volume
    }

    /// A mount as `/proc/self/mountinfo` has it (proc_pid_mountinfo(5)).
    package struct Volume: Equatable, Sendable {
        package let source: String
        package let type: String
        /// The directory of the file system that is mounted.
        package let root: String
        /// The mount point; `nil` for any.
        package let point: FilePath?

        package init(source: String, type: String, root: String = "/", point: FilePath? = nil) {
            self.source = source
            self.type = type
            self.root = root
            self.point = point
        }

        /// Whether a mount is this one, byte for byte: to a file system, two ways to write an accent are two names.
        func matches(_ mount: Mount) -> Bool {
            mount.source.utf8.elementsEqual(source.utf8) && mount.type.utf8.elementsEqual(type.utf8)
                && mount.root.utf8.elementsEqual(root.utf8) && (point == nil || point == mount.point)
        }
    }
}
