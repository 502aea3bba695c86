package import Linux

/// Replaces root's files as a whole: a reader sees the old content or the new one.
package enum FileReplacement {
    /// Gives a file a new content, or makes it.
    ///
    /// The content is written beside the file, which then takes the file's name. Where the directory or a mount forbids
    /// that, it is written into the existing file. No link is followed.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - content: its new content.
    ///   - mode: its mode.
    ///   - owner: its user and group.
    ///   - tree: the container's files.
    /// - Throws: the error of the call that failed; the file is then as it was, and nothing is left beside it.
    @export(interface) package static func replace(
        _ path: FilePath, with content: [UInt8], mode: ModeBits, owner: (user: UInt32, group: UInt32),
        in tree: FileTree
    ) throws(SystemCallError) {
        guard let name = path.lastComponent else { return }
        let parent = try tree.openParent(of: path, links: .refuse)
        // O_NOFOLLOW protects what is written; this check gives a better message than a rename over the link would.
        if try parent.status(name)?.kind == .link {
            throw SystemCallError(call: "openat", path: path, errno: .tooManySymbolicLinkLevels)
        }
        do throws(SystemCallError) {
            _ = try exchange(name, in: parent, content, mode, owner)
        } catch let first where inPlaceErrors.contains(first.errno) {
            do throws(SystemCallError) {
                try overwrite(name, in: parent, content)
            } catch {
                // If there is no file to write into, the error of making it is the one that matters.
                throw error.errno == .noSuchFileOrDirectory ? first : error
            }
        }
    }

    /// Gives a file in an open directory a new content, or makes it. A file that cannot be replaced stays as it is,
    /// because somebody may have mounted another file in its place.
    ///
    /// - Parameters:
    ///   - name: the file.
    ///   - directory: where it is.
    ///   - content: its new content.
    ///   - mode: its mode.
    ///   - owner: its user and group.
    /// - Returns: the file, open for writing behind its content.
    /// - Throws: the error of the call that failed; ELOOP for a link. Nothing is left beside the file then.
    @export(interface) package static func replace(
        _ name: FilePath.Component, in directory: borrowing Directory, with content: [UInt8], mode: ModeBits,
        owner: (user: UInt32, group: UInt32)
    ) throws(SystemCallError) -> Descriptor {
        if try directory.status(name)?.kind == .link {
            throw SystemCallError(
                call: "openat", path: directory.path.appending(name), errno: .tooManySymbolicLinkLevels)
        }
        return try exchange(name, in: directory, content, mode, owner)
    }

    /// A bind-mounted file cannot be renamed over (EBUSY, EXDEV), and its directory may not be writable.
    private static let inPlaceErrors: [Errno] = [
        .resourceBusy, .improperLink, .readOnlyFileSystem, .permissionDenied, .notPermitted,
    ]

    private static func exchange(
        _ name: FilePath.Component, in parent: borrowing Directory, _ content: [UInt8], _ mode: ModeBits,
        _ owner: (user: UInt32, group: UInt32)
    ) throws(SystemCallError) -> Descriptor {
        guard let temporary = FilePath.Component(".\(name.string).entrypoint") else {
            throw SystemCallError(call: "openat", path: parent.path.appending(name), errno: .invalidArgument)
        }
        let file = try create(temporary, in: parent)
        do throws(SystemCallError) {
            try file.writeAll(content, path: parent.path.appending(temporary))
            try file.setOwner(user: owner.user, group: owner.group, path: parent.path.appending(temporary))
            // The mode follows the owner, because chown(2) clears the set-user-ID bits.
            try file.setMode(mode, path: parent.path.appending(temporary))
            let written = try file.status(path: parent.path.appending(temporary))
            try parent.rename(temporary, to: name)
            // Where others may rename files, somebody may have replaced the temporary file.
            guard try parent.status(name)?.isSame(as: written) == true else {
                throw SystemCallError(call: "renameat", path: parent.path.appending(name), errno: .staleNFSFileHandle)
            }
        } catch {
            _ = try? parent.remove(temporary)
            throw error
        }
        return file
    }

    private static func create(
        _ temporary: FilePath.Component, in parent: borrowing Directory
    ) throws(SystemCallError) -> Descriptor {
        let options: OpenOptions = [.writeOnly, .create, .exclusive]
        do throws(SystemCallError) {
            return try parent.open(temporary, options, mode: 0o600)
        } catch  where error.errno == .fileExists {
            // A killed boot has left it. If it cannot be removed, the second attempt reports the error.
            _ = try? parent.remove(temporary)
            return try parent.open(temporary, options, mode: 0o600)
        }
    }

    /// Writes into an existing file. The space is reserved first, so that a full disk leaves the file as it is. Where
    /// that is not possible, a write that fails halfway is undone.
    private static func overwrite(
        _ name: FilePath.Component, in parent: borrowing Directory, _ content: [UInt8]
    ) throws(SystemCallError) {
        let path = parent.path.appending(name)
        let file = try parent.open(name, [.writeOnly, .nonBlocking])
        let status = try file.status(path: path)
        guard status.kind == .file else { throw SystemCallError(call: "openat", path: path, errno: .invalidArgument) }
        let old = try? parent.open(name, [.readOnly, .nonBlocking]).readAll(limit: .max, path: path)
        // A signal that ends the boot would leave a part of the content.
        let mask = Signals.blockAll()
        defer { Signals.setMask(mask) }
        if content.count > status.size {
            do throws(SystemCallError) {
                try file.reserve(content.count, path: path)
            } catch  where error.errno == .notSupported {
                // If space cannot be reserved, the write itself will report the error.
            } catch {
                _ = try? file.setLength(status.size, path: path)
                throw error
            }
        }
        do throws(SystemCallError) {
            try file.writeAll(content, path: path)
            try file.setLength(content.count, path: path)
        } catch {
            if let old, let again = try? parent.open(name, [.writeOnly, .nonBlocking]) {
                _ = try? again.writeAll(old, path: path)
                _ = try? again.setLength(old.count, path: path)
            }
            throw error
        }
    }
}
