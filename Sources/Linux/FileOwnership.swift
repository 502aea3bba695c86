package import SystemPackage

/// Whose a file of an image is, seen on open descriptors from the root directory down to it.
package struct FileOwnership: Sendable {
    /// Why a file is not trusted: somebody else than the image's maker may have written it.
    package enum Problem: Equatable, Sendable {
        /// This directory or file is not root's, or others may write in it.
        case writable(FilePath)
        /// This directory or file lies on another mount than the root directory.
        case mounted(FilePath)
        /// This is a symbolic link, which may lead elsewhere at another time.
        case link(FilePath)
    }

    /// Opens a file if it is root's alone: root-owned, not writable by others, on the root directory's mount, and so is
    /// every directory above it.
    ///
    /// - Parameters:
    ///   - path: an absolute path in its normal form.
    ///   - kind: what it is.
    /// - Returns: the file, or the first problem.
    /// - Throws: the error of openat(2) or fstat(2).
    package static func open(
        _ path: FilePath, _ kind: FileStatus.Kind
    ) throws(SystemCallError) -> Result {
        var place: FilePath = "/"
        var current = try FileTree().open("/", [.pathOnly, .directory], links: .refuse)
        let mount = current.mount
        if let problem = try problem(current, place, mount) { return .untrusted(problem) }
        let names = Array(path.components)
        for (index, name) in names.enumerated() {
            place.append(name)
            let isLast = index == names.count - 1
            let options: OpenOptions =
                isLast && kind != .directory ? [.readOnly, .nonBlocking] : [.pathOnly, .directory]
            do throws(SystemCallError) {
                current = try Directory(current, path: place.parent).open(name, options)
            } catch  where error.errno == .tooManySymbolicLinkLevels {
                return .untrusted(.link(place))
            } catch  where error.errno == .notDirectory {
                let entry = try FileTree().entryStatus(place)
                if entry?.kind == .link { return .untrusted(.link(place)) }
                throw error
            }
            if let problem = try problem(current, place, mount) { return .untrusted(problem) }
        }
        return .file(current)
    }

    /// What came of opening a file.
    package enum Result: ~Copyable {
        case file(Descriptor)
        case untrusted(Problem)
    }

    private static func problem(
        _ file: borrowing Descriptor, _ path: FilePath, _ mount: UInt64
    ) throws(SystemCallError) -> Problem? {
        let status = try file.status(path: path)
        if status.user != 0 || status.isWritableByOthers { return .writable(path) }
        // Where nothing tells the mount, nothing is trusted.
        if mount == 0 || file.mount != mount { return .mounted(path) }
        return nil
    }
}
