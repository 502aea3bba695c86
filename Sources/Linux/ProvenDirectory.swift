/// A directory that only its owner can have put where it is, and files in it that nobody else can have written.
///
/// Everything is proved on open descriptors, from the root directory down, and what was proved is what is used. If
/// something is replaced under a path in the meantime, it is never looked at.
package struct ProvenDirectory: ~Copyable {
    private let directory: Directory
    private let owner: UInt32
    private let rootMount: UInt64

    /// Why a directory or a file could not be proved.
    package enum Failure: Error, Equatable, Sendable {
        /// Nothing has that name.
        case missing(FilePath)
        /// Somebody else may have put it there, or may change it.
        case untrusted(FilePath, Problem)
        /// A system call failed.
        case call(SystemCallError)
    }

    /// What is wrong with a directory or a file.
    package enum Problem: Equatable, Sendable {
        /// It belongs to this user, who is not the required one.
        case owner(UInt32)
        /// Anyone but its owner may write to it.
        case writable
        /// It lies on another mount than the root directory, and not in memory.
        case mounted
        /// It is a symbolic link.
        case link
        /// It is neither a directory on the way nor a file at the end of the path.
        case kind
        /// It has this many names: whoever may create a link to a file could decide what the other names show.
        case names(Int)
    }

    /// Opens a directory.
    ///
    /// Root must own each directory above it, and only root may write to it, unless it is sticky (inode(7)): in a
    /// sticky directory, nobody can remove or replace what belongs to another. Neither they nor the directory itself
    /// may be on a mount other than the root directory's, unless that mount keeps its files in memory: a file server
    /// would decide what is in it.
    ///
    /// - Parameters:
    ///   - path: an absolute path in normal form.
    ///   - owner: the required owner.
    ///   - tree: the container's files.
    /// - Throws: what is wrong with it.
    package init(_ path: FilePath, of owner: UInt32, in tree: FileTree) throws(Failure) {
        var place: FilePath = "/"
        var current: Directory
        do throws(SystemCallError) {
            current = Directory(try tree.open(place, [.pathOnly, .directory], links: .refuse), path: place)
        } catch {
            throw .call(error)
        }
        let mount = current.mount
        for name in path.components {
            try Self.prove(current.descriptor, place, of: 0, isHolder: true, rootMount: mount)
            place.append(name)
            current = Directory(try Self.open(name, [.pathOnly, .directory], in: current), path: place)
        }
        try Self.prove(current.descriptor, place, of: owner, isHolder: false, rootMount: mount)
        directory = current
        (self.owner, rootMount) = (owner, mount)
    }

    /// Opens a regular file in the directory that only the directory's owner can write to and that has no other name.
    ///
    /// - Throws: what is wrong with it.
    package func open(_ name: FilePath.Component) throws(Failure) -> Descriptor {
        let path = directory.path.appending(name)
        // Opening a pipe must not block. Anything but a file is not read.
        let file = try Self.open(name, [.readOnly, .nonBlocking], in: directory)
        try Self.prove(file, path, of: owner, isHolder: false, rootMount: rootMount)
        let status = try Self.status(of: file, path)
        if status.kind != .file { throw .untrusted(path, .kind) }
        if status.names != 1 { throw .untrusted(path, .names(status.names)) }
        return file
    }

    private static func open(
        _ name: FilePath.Component, _ options: OpenOptions, in directory: borrowing Directory
    ) throws(Failure) -> Descriptor {
        let path = directory.path.appending(name)
        do throws(SystemCallError) {
            return try directory.open(name, options)
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory: throw .missing(path)
            case .tooManySymbolicLinkLevels: throw .untrusted(path, .link)
            case .notDirectory:
                // open(2) reports the same error for a link; this only improves the message.
                let isLink = (try? directory.status(name))??.kind == .link
                throw .untrusted(path, isLink ? .link : .kind)
            default: throw .call(error)
            }
        }
    }

    private static func status(of file: borrowing Descriptor, _ path: FilePath) throws(Failure) -> FileStatus {
        do throws(SystemCallError) {
            return try file.status(path: path)
        } catch {
            throw .call(error)
        }
    }

    private static func prove(
        _ file: borrowing Descriptor, _ path: FilePath, of owner: UInt32, isHolder: Bool, rootMount: UInt64
    ) throws(Failure) {
        let status = try status(of: file, path)
        if status.user != owner { throw .untrusted(path, .owner(status.user)) }
        if isHolder ? status.letsOthersRename : status.isWritableByOthers { throw .untrusted(path, .writable) }
        // If the mount is unknown, only memory is trusted.
        if rootMount != 0 && file.mount == rootMount { return }
        if try !isInMemory(file, path) { throw .untrusted(path, .mounted) }
    }

    private static func isInMemory(_ file: borrowing Descriptor, _ path: FilePath) throws(Failure) -> Bool {
        do throws(SystemCallError) {
            return try file.isInMemory(path: path)
        } catch {
            throw .call(error)
        }
    }
}
