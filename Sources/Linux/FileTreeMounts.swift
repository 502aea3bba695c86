private import CLinux

/// What the file systems at the end of paths are like.
extension FileTree {
    /// The number of the mount that the file at a path belongs to, whose links are followed; 0 if there is no such file,
    /// or if the kernel does not report it.
    package func mount(at path: FilePath) -> UInt64 {
        if isRealRoot {
            let mount = path.withPlatformString { linux_mount_id_of_path($0) }
            if mount != 0 { return mount }
        }
        return (try? open(path, .pathOnly, links: .follow).mount) ?? 0
    }

    /// Whether a directory certainly lies on the same mount as the directory above it: it is neither the top of a mount
    /// nor a link.
    package func isInsideMount(_ path: FilePath) -> Bool {
        isRealRoot && path.withPlatformString { linux_is_inside_mount($0) }
    }

    /// Whether nothing more can be stored where a path is: the file system has no space or no inodes left (statvfs(3)).
    ///
    /// - Throws: the error of statvfs(3).
    package func isFull(_ path: FilePath) throws(SystemCallError) -> Bool {
        guard isRealRoot else { return false }
        var system = statvfs()
        try systemCall("statvfs", path) { path.withPlatformString { statvfs($0, &system) } }
        // Some file systems know neither number.
        return system.f_blocks > 0 && system.f_bavail == 0 || system.f_files > 0 && system.f_favail == 0
    }
}
