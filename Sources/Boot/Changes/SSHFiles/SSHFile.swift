import Linux

/// Writes into ssh's directory.
enum SSHFile {
    /// Whether a link leads into a memory directory of a boot.
    static func isInMemory(_ target: FilePath) -> Bool {
        let directory = target.parent
        return Paths.memory.contains(directory.parent)
            && directory.lastComponent?.string.hasPrefix("entrypoint-ssh-") == true
    }

    /// A file that was written under another name and must still be renamed: readers see the old content or the new.
    struct Written {
        let name: FilePath.Component
        let status: FileStatus
    }

    /// Writes the new content of a file beside it.
    ///
    /// - Parameters:
    ///   - isShared: whether other containers may write in the directory at the same time. Then the temporary name is
    ///     this boot's alone.
    ///   - isOwn: whether a killed boot left the file with the temporary name. A file that has the beginning of this
    ///     content is such a file in any case.
    static func write(
        _ name: FilePath.Component, _ content: Secret, mode: ModeBits, in parent: borrowing Directory,
        isShared: Bool = false, isOwn: (FileStatus) -> Bool
    ) throws(SystemCallError) -> Written {
        var temporary = isShared ? TemporaryName.make(for: name) : temporary(for: name)
        if !isShared, let left = try parent.status(temporary) {
            if left.kind == .file && left.user == CurrentProcess.effectiveUser
                && (isOwn(left) || isPart(temporary, of: content, left, in: parent))
            {
                try parent.remove(temporary)
            } else {
                temporary = TemporaryName.make(for: name)
            }
        }
        let path = parent.path.appending(temporary)
        do throws(SystemCallError) {
            let file = try parent.open(temporary, [.writeOnly, .create, .exclusive], mode: 0o600)
            try file.writeAll(content, path: path)
            try file.setMode(mode, path: path)
            let status = try file.status(path: path)
            try file.close(path: path)
            return Written(name: temporary, status: status)
        } catch {
            _ = try? parent.remove(temporary)
            throw error
        }
    }

    /// Gives the written file its name; if that fails, nothing of it is left.
    static func finish(
        _ temporary: FilePath.Component, as name: FilePath.Component, in parent: borrowing Directory
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            try parent.rename(temporary, to: name)
        } catch {
            _ = try? parent.remove(temporary)
            throw error
        }
    }

    /// Makes a link, or changes its target.
    static func link(
        _ name: SSHFileName, to target: FilePath, in parent: borrowing Directory
    ) throws(SystemCallError) {
        let temporary = TemporaryName.make(for: name.component)
        try parent.makeLink(temporary, to: target)
        do throws(SystemCallError) {
            try parent.rename(temporary, to: name.component)
        } catch {
            _ = try? parent.remove(temporary)
            throw error
        }
    }

    /// Whether a file holds the beginning of a content.
    private static func isPart(
        _ name: FilePath.Component, of content: Secret, _ status: FileStatus, in parent: borrowing Directory
    ) -> Bool {
        guard status.size <= content.count, let file = try? parent.open(name, [.readOnly, .nonBlocking]),
            (try? file.status())?.isSame(as: status) == true,
            let found = try? file.readSecret(limit: content.count + 1, path: nil)
        else { return false }
        return content.starts(with: found)
    }

    /// The name is always the same, so that the next boot removes a key that a killed boot left there. No two boots
    /// write in one directory.
    static func temporary(for name: FilePath.Component) -> FilePath.Component {
        FilePath.Component(".\(name.string).entrypoint") ?? name
    }
}
