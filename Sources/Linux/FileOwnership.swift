/// Who owns a file of an image, as seen through open descriptors from the root directory down.
package struct FileOwnership: Sendable {
    /// Why a file is not trusted: somebody other than the image's maker may have written it.
    package enum Problem: Equatable, Sendable {
        /// Root does not own this directory or file, or others may write to it.
        case writable(FilePath)
        /// This directory or file lies on another mount than the root directory.
        case mounted(FilePath)
        /// This is a symbolic link, which may lead elsewhere at another time.
        case link(FilePath)
    }

    /// Opens a file if only root controls it: it belongs to root, others cannot write to it, it is on the root
    /// directory's mount, and the same holds for every directory above it.
    ///
    /// - Parameters:
    ///   - path: an absolute path in normal form.
    ///   - kind: the kind of file.
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

    /// The result of opening a file.
    package enum Result: ~Copyable {
        case file(Descriptor)
        case untrusted(Problem)
    }

    private static func problem(
        _ file: borrowing Descriptor, _ path: FilePath, _ mount: UInt64
    ) throws(SystemCallError) -> Problem? {
        let status = try file.status(path: path)
        if status.user != 0 || status.isWritableByOthers { return .writable(path) }
        // If the mount is unknown, nothing is trusted.
        if mount == 0 || file.mount != mount { return .mounted(path) }
        return nil
    }
}
