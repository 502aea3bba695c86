private import CLinux

/// How symbolic links in a path are treated.
package enum LinkPolicy: Equatable, Sendable {
    /// Links are followed, including the last component; for a user in the user's own tree.
    case follow
    /// A link anywhere in the path gives the error ELOOP; for root and the seed user, whom a link could mislead.
    case refuse
}

/// The flags for open(2); `O_CLOEXEC` and `O_NOCTTY` are always added.
package struct OpenOptions: OptionSet, Sendable {
    package let rawValue: CInt
    package init(rawValue: CInt) { self.rawValue = rawValue }
    // The standard library's own way to combine options looks up their type at run time.
    package init(arrayLiteral options: OpenOptions...) { rawValue = options.reduce(0) { $0 | $1.rawValue } }

    package static let readOnly = OpenOptions(rawValue: O_RDONLY)
    package static let writeOnly = OpenOptions(rawValue: O_WRONLY)
    package static let readWrite = OpenOptions(rawValue: O_RDWR)
    package static let create = OpenOptions(rawValue: O_CREAT)
    package static let exclusive = OpenOptions(rawValue: O_EXCL)
    package static let append = OpenOptions(rawValue: O_APPEND)
    package static let directory = OpenOptions(rawValue: O_DIRECTORY)
    package static let noFollow = OpenOptions(rawValue: O_NOFOLLOW)
    /// Opening a pipe without a peer does not block.
    package static let nonBlocking = OpenOptions(rawValue: O_NONBLOCK)
    /// Only a place in the tree; nothing can be read or written.
    package static let pathOnly = OpenOptions(rawValue: linux_O_PATH)

    /// The flags with those that are always added; openat2(2) refuses O_NOCTTY together with O_PATH.
    var flags: CInt { rawValue | O_CLOEXEC | (contains(.pathOnly) ? 0 : O_NOCTTY) }
}

/// A root directory and the paths below it; the root of the container itself is `/`.
///
/// All paths are absolute and lie below the root, whatever links say: with a root other than `/`, they are resolved as
/// if it were the process's root directory (openat2(2), `RESOLVE_IN_ROOT`). A fake container is therefore a folder.
package struct FileTree: Sendable {
    /// The directory that is shown as `/`.
    package let root: FilePath
    /// Whether it is the process's own root directory.
    package let isRealRoot: Bool
    /// The directories of another root where they stay open; `nil` where they are opened by their paths.
    let openRoot: OpenRoot?

    package init(root: FilePath = "/") {
        self.root = root
        isRealRoot = root == "/"
        openRoot = nil
    }

    init(root: FilePath, open: OpenRoot) {
        self.root = root
        isRealRoot = false
        openRoot = open
    }

    /// Opens the file at a path.
    ///
    /// - Parameters:
    ///   - path: an absolute path below the root.
    ///   - options: how to open it.
    ///   - mode: the mode of a file that is created, before the umask.
    ///   - links: what happens at a symbolic link.
    /// - Throws: the error of openat2(2), or of openat(2) if the kernel or its seccomp profile has no openat2.
    package func open(
        _ path: FilePath, _ options: OpenOptions, mode: ModeBits = 0, links: LinkPolicy
    ) throws(SystemCallError) -> Descriptor {
        if isRealRoot && links == .follow {
            return try openPlain(AT_FDCWD, path, options, mode)
        }
        if let openRoot, !openRoot.volumes.isEmpty { return try openAcrossVolumes(path, options, mode, links) }
        do throws(SystemCallError) {
            return try openResolved(path, options, mode, links)
        } catch  where error.errno == .noFunction || error.errno == .notPermitted {
            // Kernels before 5.6 have no openat2, and old seccomp profiles answer EPERM to calls that they do not know.
            return try openStepwise(path, options, mode)
        }
    }

    /// Opens the directory that holds a path.
    ///
    /// - Throws: the error of opening it.
    package func openParent(
        of path: FilePath, links: LinkPolicy
    ) throws(SystemCallError) -> Directory {
        let parent = path.parent
        return Directory(try open(parent, [.pathOnly, .directory], links: links), path: parent)
    }

    /// The result of stat(2) for the file at a path, or `nil` when there is none.
    ///
    /// - Parameters:
    ///   - path: an absolute path below the root.
    ///   - links: `follow` describes a link's target; `refuse` describes the link itself as the last component.
    /// - Throws: an error other than ENOENT.
    package func status(_ path: FilePath, links: LinkPolicy) throws(SystemCallError) -> FileStatus? {
        do throws(SystemCallError) {
            if isRealRoot && links == .follow {
                var status = stat()
                try systemCall("stat", path) { path.withPlatformString { stat($0, &status) } }
                return FileStatus(status)
            }
            let options: OpenOptions = links == .refuse ? [.pathOnly, .noFollow] : .pathOnly
            return try open(path, options, links: links).status(path: path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    /// The result of lstat(2) for the file at a path, or `nil` when there is none. Links above it are followed, and a
    /// link itself is described. For a user in the user's own tree.
    ///
    /// - Throws: an error other than ENOENT.
    package func entryStatus(_ path: FilePath) throws(SystemCallError) -> FileStatus? {
        do throws(SystemCallError) {
            guard isRealRoot else {
                return try open(path, [.pathOnly, .noFollow], links: .follow).status(path: path)
            }
            var status = stat()
            try systemCall("lstat", path) { path.withPlatformString { lstat($0, &status) } }
            return FileStatus(status)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    /// The maximum number of bytes that are read of a file of an image: its size may be a lie.
    private static let mostOfAnImage = 1 << 27

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - path: an absolute path below the root.
    ///   - limit: the maximum number of bytes to read.
    ///   - links: what happens at a symbolic link.
    /// - Returns: the bytes, or `nil` when there is no such file.
    /// - Throws: an error other than ENOENT; EINVAL for anything but a regular file, which is not read.
    package func read(
        _ path: FilePath, limit: Int = .max, links: LinkPolicy = .follow
    ) throws(SystemCallError) -> [UInt8]? {
        do throws(SystemCallError) {
            // In an image that somebody looks at, a name may be that of a device of the machine, which opening it starts.
            if !isRealRoot, let kind = try status(path, links: links)?.kind, kind != .file && kind != .link {
                throw SystemCallError(call: "read", path: path, errno: .invalidArgument)
            }
            let file = try open(path, [.readOnly, .nonBlocking], links: links)
            let status = try file.status(path: path)
            guard status.kind == .file else { throw SystemCallError(call: "read", path: path, errno: .invalidArgument) }
            let most = isRealRoot ? limit : min(limit, Self.mostOfAnImage)
            return try file.readAll(limit: most, expected: min(status.size, most), path: path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    /// The names in a directory, without `.` and `..`, in the directory's order.
    ///
    /// - Throws: the error of opening or reading the directory.
    package func names(in path: FilePath, links: LinkPolicy) throws(SystemCallError) -> [FilePath.Component] {
        let directory = try open(path, [.readOnly, .directory], links: links)
        return try directory.entries(path: path).map { $0.name }
    }

    /// The names of the entries in a directory that are, or may be, symbolic links.
    ///
    /// - Throws: the error of opening or reading it.
    package func linkNames(in path: FilePath, links: LinkPolicy) throws(SystemCallError) -> [FilePath.Component] {
        let directory = try open(path, [.readOnly, .directory], links: links)
        return try directory.entries(path: path, isLinksOnly: true).map { $0.name }
    }

    /// Opens a directory to work in it and to read its names.
    ///
    /// - Throws: the error of opening it.
    package func openDirectory(_ path: FilePath, links: LinkPolicy) throws(SystemCallError) -> Directory {
        Directory(try open(path, [.readOnly, .directory], links: links), path: path)
    }

    /// The target of the symbolic link at a path; `nil` when there is nothing, or something other than a link.
    ///
    /// - Throws: an error other than ENOENT and EINVAL.
    package func linkTarget(_ path: FilePath, links: LinkPolicy) throws(SystemCallError) -> FilePath? {
        do throws(SystemCallError) {
            guard isRealRoot else {
                return try open(path, [.pathOnly, .noFollow], links: links).linkTarget(path: path)
            }
            guard links == .follow else {
                guard let name = path.lastComponent else { return nil }
                return try openParent(of: path, links: links).linkTarget(name)
            }
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(PATH_MAX) + 1)
            defer { buffer.deallocate() }
            let length = try systemCall("readlink", path) {
                path.withPlatformString { readlink($0, buffer, Int(PATH_MAX)) }
            }
            buffer[length] = 0
            return FilePath(platformString: buffer)
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .invalidArgument {
            return nil
        }
    }

    /// Whether the calling identity may use the file in the given ways (access(2) with effective ids).
    ///
    /// - Throws: the error of faccessat2(2), EACCES when not all of `access` is allowed.
    package func checkAccess(_ path: FilePath, _ access: Access) throws(SystemCallError) {
        if isRealRoot { return try checkAccess(of: path, path, access) }
        let file = try open(path, .pathOnly, links: .follow)
        try checkAccess(of: FilePath("/proc/self/fd/\(file.rawValue)"), path, access)
    }

    private func checkAccess(
        of place: FilePath, _ path: FilePath, _ access: Access
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("faccessat", path) {
                place.withPlatformString { linux_faccessat2(AT_FDCWD, $0, access.rawValue, AT_EACCESS) }
            }
        } catch  where error.errno == .noFunction || error.errno == .notPermitted {
            // Kernels before 5.8 and old seccomp profiles lack it, as with openat2. The older call checks real ids.
            try Privileges.withEffectiveIDsAsReal { () throws(SystemCallError) in
                _ = try systemCall("access", path) {
                    place.withPlatformString { CLinux.access($0, access.rawValue) }
                }
            }
        }
    }

    /// The kinds of access that faccessat(2) checks.
    package struct Access: OptionSet, Sendable {
        package let rawValue: CInt
        package init(rawValue: CInt) { self.rawValue = rawValue }
        // The reason is the same as for the options above.
        package init(arrayLiteral ways: Access...) { rawValue = ways.reduce(0) { $0 | $1.rawValue } }
        package static let read = Access(rawValue: R_OK)
        package static let write = Access(rawValue: W_OK)
        /// For a directory: the right to enter it.
        package static let execute = Access(rawValue: X_OK)
    }
}

extension FileTree {
    func openPlain(
        _ directory: CInt, _ path: FilePath, _ options: OpenOptions, _ mode: ModeBits
    ) throws(SystemCallError) -> Descriptor {
        let flags = options.flags
        return Descriptor(
            owning: try systemCall("openat", path) {
                path.withPlatformString { openat(directory, $0, flags, mode.rawValue) }
            })
    }

    private func openResolved(
        _ path: FilePath, _ options: OpenOptions, _ mode: ModeBits, _ links: LinkPolicy
    ) throws(SystemCallError) -> Descriptor {
        var resolve = linux_RESOLVE_NO_MAGICLINKS
        // With O_NOFOLLOW and O_PATH, a link as the last component is what is wanted: only its parents are checked.
        if links == .refuse { resolve |= linux_RESOLVE_NO_SYMLINKS }
        var rootDirectory: Descriptor?
        if !isRealRoot {
            resolve |= linux_RESOLVE_IN_ROOT
            if openRoot == nil { rootDirectory = try openPlain(AT_FDCWD, root, [.pathOnly, .directory], 0) }
        }
        let directory = rootDirectory?.rawValue ?? openRoot?.directory ?? AT_FDCWD
        return try openResolved(directory, path, options, mode, resolve, path: path)
    }

    /// - Parameters:
    ///   - directory: where a relative path begins.
    ///   - inside: what is opened.
    ///   - resolve: the flags for openat2(2).
    ///   - path: the path for the error.
    func openResolved(
        _ directory: CInt, _ inside: FilePath, _ options: OpenOptions, _ mode: ModeBits, _ resolve: UInt64,
        path: FilePath
    ) throws(SystemCallError) -> Descriptor {
        let flags = UInt64(UInt32(bitPattern: options.flags))
        let mode = options.contains(.create) ? UInt64(mode.rawValue) : 0
        // Below another root, a path with `..` is refused while anybody on the machine mounts or renames something.
        var rounds = 100
        while true {
            do throws(SystemCallError) {
                return Descriptor(
                    owning: try systemCall("openat2", path) {
                        inside.withPlatformString { linux_openat2(directory, $0, flags, mode, resolve) }
                    })
            } catch  where error.errno == .wouldBlock && rounds > 0 {
                rounds -= 1
            }
        }
    }

    /// Opens component by component and refuses every link, as openat2(2) does, but with more calls.
    private func openStepwise(
        _ path: FilePath, _ options: OpenOptions, _ mode: ModeBits
    ) throws(SystemCallError) -> Descriptor {
        let (start, place): (CInt, FilePath) = openRoot.map { ($0.directory, ".") } ?? (AT_FDCWD, root)
        guard let last = path.lastComponent else { return try openPlain(start, place, options, mode) }
        var directory = try openPlain(start, place, [.pathOnly, .directory], 0)
        for component in path.parent.components {
            let name = FilePath(root: nil, [component])
            do throws(SystemCallError) {
                directory = try openPlain(directory.rawValue, name, [.pathOnly, .directory, .noFollow], 0)
            } catch {
                throw SystemCallError(call: error.call, path: path, errno: refusal(error, directory.rawValue, name))
            }
        }
        let name = FilePath(root: nil, [last])
        do throws(SystemCallError) {
            return try openPlain(directory.rawValue, name, options.union(.noFollow), mode)
        } catch {
            throw SystemCallError(call: error.call, path: path, errno: refusal(error, directory.rawValue, name))
        }
    }

    /// The reason why an entry was not opened: with O_DIRECTORY and O_NOFOLLOW, open(2) reports ENOTDIR for a link,
    /// where openat2(2) reports ELOOP.
    private func refusal(_ error: SystemCallError, _ directory: CInt, _ name: FilePath) -> Errno {
        var status = stat()
        guard error.errno == .notDirectory,
            name.withPlatformString({ fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0,
            FileStatus(status).kind == .link
        else { return error.errno }
        return .tooManySymbolicLinkLevels
    }
}

extension FileTree {
    /// Whether a file, or a link itself, lies on the root directory's mount, so that the pod spec cannot have put
    /// anything in its place; `nil` when there is nothing.
    ///
    /// - Throws: an error of openat2(2) other than ENOENT.
    package func isOnRootMount(_ path: FilePath) throws(SystemCallError) -> Bool? {
        if isInVolume(path) { return false }
        let root = try open("/", [.pathOnly, .directory], links: .refuse).mount
        do throws(SystemCallError) {
            // If the mount is unknown, nothing is trusted.
            return try open(path, [.pathOnly, .noFollow], links: .refuse).mount == root && root != 0
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }
}
