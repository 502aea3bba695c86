import Linux
import SystemPackage
internal import Text

/// One name in ssh's directory: a file, a second name for the private key, or nothing any more.
extension Apply {
    /// What is found at the path of a file.
    private enum Found {
        case nothing
        /// A file with the wanted content; and whether it has the wanted mode.
        case same(FileStatus, hasMode: Bool)
        case other(FileStatus)
    }

    mutating func apply(_ name: SSHFileName, _ work: inout SSHWork) throws(BootError) {
        let path = work.directory.appending(name.text)
        if let content = work.content(name) {
            if let memory = work.memory {
                if try keepForeign(path, content, name, work) { return }
                try writeFile(memory.appending(name.text), content, name, &work)
                try makeLink(path, to: memory.appending(name.text), name, &work)
            } else {
                try writeFile(path, content, name, &work)
            }
        } else if name == work.change.alias {
            try makeAlias(path, to: work.memory?.appending(work.change.privateKey.text), name, &work)
        } else {
            try removeOwn(path, name, &work)
            if let memory = work.memory { try remove(memory.appending(name.text), name, &work) }
        }
    }

    private func find(
        _ path: FilePath, _ content: Secret, _ name: SSHFileName, _ work: SSHWork
    ) throws(BootError) -> Found {
        guard let status = try look(at: path, as: work.actor) else { return .nothing }
        // ssh itself adds to the known hosts.
        let isOpenEnded = name == .knownHosts
        guard status.kind == .file, isOpenEnded ? status.size >= content.count : status.size == content.count else {
            return .other(status)
        }
        let isSame: Bool
        do throws(SystemCallError) {
            isSame = try actors.acting(as: work.actor) { () throws(SystemCallError) in
                let file = try tree.openParent(of: path, links: .follow).open(
                    name.component, [.readOnly, .nonBlocking])
                return try file.readSecret(limit: content.count, path: path) == content
            }
        } catch {
            // A file whose content the user cannot read is not the user's.
            return .other(status)
        }
        return isSame ? .same(status, hasMode: status.mode == name.mode) : .other(status)
    }

    /// Whether a file of the user's own has the content already, so that it stays.
    private func keepForeign(
        _ path: FilePath, _ content: Secret, _ name: SSHFileName, _ work: SSHWork
    ) throws(BootError) -> Bool {
        if case .same = try find(path, content, name, work) { true } else { false }
    }

    /// Sees to it that a file has its content and mode.
    private mutating func writeFile(
        _ path: FilePath, _ content: Secret, _ name: SSHFileName, _ work: inout SSHWork
    ) throws(BootError) {
        switch try find(path, content, name, work) {
        case .same(_, true): return
        case .same(let status, false) where status.user == actors.userID:
            work.note(written: "\(name.text) (\(name.mode.octal))")
            if mode == .dryRun { return }
            try perform("cannot set the mode of", path, as: work.actor) { () throws(SystemCallError) in
                let file = try tree.openParent(of: path, links: .follow).open(
                    name.component, [.readOnly, .nonBlocking])
                guard try file.status(path: path) == status,
                    try file.readSecret(limit: content.count, path: path) == content
                else { throw SystemCallError(call: "fchmod", path: path, errno: .staleNFSFileHandle) }
                try file.setMode(name.mode, path: path)
            }
            return
        case .same(let status, false), .other(let status):
            // All in the memory directory is the boot's.
            let isOwn = path.parent == work.memory || work.manifest.owns(name, status)
            if !isOwn && mode == .dryRun {
                notes.append("\(path.shown()) is in the way and is kept as \(Self.kept(path, 0).shown())")
            } else if !isOwn {
                try setAside(path, as: work.actor)
            }
        case .nothing: break
        }
        work.note(written: "\(name.text) (\(name.mode.octal))")
        if mode == .dryRun { return }
        // The manifest first: a boot that is killed in between must not leave a key that no later one knows for its own.
        let written = try perform("cannot write", path, as: work.actor) { () throws(SystemCallError) in
            // All in the memory directory is the boot's.
            try SSHFile.write(name.component, content, mode: name.mode, in: tree.openParent(of: path, links: .follow)) {
                path.parent == work.memory || work.manifest.marks(name, $0)
            }
        }
        if work.memory == nil {
            work.manifest.add(name, written.status)
            // What cannot be written now is tried once more at the end, and told then.
            try? record(&work)
        }
        try perform("cannot write", path, as: work.actor) { () throws(SystemCallError) in
            try SSHFile.finish(written.name, as: name.component, in: tree.openParent(of: path, links: .follow))
        }
    }

    /// Sees to it that a name in the directory leads to a file in the memory directory.
    private mutating func makeLink(
        _ path: FilePath, to target: FilePath, _ name: SSHFileName, _ work: inout SSHWork
    ) throws(BootError) {
        if mode == .dryRun && isExpected(path) { return }
        let found = try perform("cannot look at", path, as: work.actor) { () throws(SystemCallError) in
            try tree.linkTarget(path, links: .follow)
        }
        if found == target { return }
        work.hasChanged = true
        if mode == .dryRun { return }
        if try look(at: path, as: work.actor) != nil, !(found.map(SSHFile.isInMemory) ?? false) {
            try setAside(path, as: work.actor)
        }
        try perform("cannot link", path, as: work.actor) { () throws(SystemCallError) in
            try SSHFile.link(name, to: target, in: tree.openParent(of: path, links: .follow))
            Leftovers.remove(
                beside: path, Leftovers.Proof(links: [target]), in: tree, progress: keepWatchWaiting)
        }
    }

    /// Sees to it that the private key has a second name, unless something of the user's has it.
    private mutating func makeAlias(
        _ path: FilePath, to memory: FilePath?, _ name: SSHFileName, _ work: inout SSHWork
    ) throws(BootError) {
        let target = memory ?? FilePath(work.change.privateKey.text)
        let entry = try look(at: path, as: work.actor)
        if let entry {
            guard entry.kind == .link else { return }
            let found = try perform("cannot look at", path, as: work.actor) { () throws(SystemCallError) in
                try tree.linkTarget(path, links: .follow)
            }
            guard let found, found != target, SSHFile.isInMemory(found) else { return }
        }
        work.note(written: "\(name.text) (a link)")
        if mode == .dryRun { return }
        if work.memory == nil {
            work.manifest.add(link: name)
            try? record(&work)
        }
        try perform("cannot link", path, as: work.actor) { () throws(SystemCallError) in
            try SSHFile.link(name, to: target, in: tree.openParent(of: path, links: .follow))
            Leftovers.remove(
                beside: path, Leftovers.Proof(links: [target]), in: tree, progress: keepWatchWaiting)
        }
    }

    /// Removes what an earlier boot wrote under a name that is no longer wanted.
    private mutating func removeOwn(
        _ path: FilePath, _ name: SSHFileName, _ work: inout SSHWork
    ) throws(BootError) {
        guard let status = try look(at: path, as: work.actor) else {
            work.manifest.remove(name)
            return
        }
        var isOwn = work.manifest.owns(name, status)
        if status.kind == .link {
            let target = try perform("cannot look at", path, as: work.actor) { () throws(SystemCallError) in
                try tree.linkTarget(path, links: .follow)
            }
            isOwn =
                target.map { SSHFile.isInMemory($0) || isOwn && $0.string == work.change.privateKey.text } ?? false
        }
        work.manifest.remove(name)
        if isOwn { try remove(path, name, &work) }
    }

    private mutating func remove(
        _ path: FilePath, _ name: SSHFileName, _ work: inout SSHWork
    ) throws(BootError) {
        guard try look(at: path, as: work.actor) != nil else { return }
        if !work.removed.contains(name.text) { work.note(removed: name) }
        if mode == .dryRun { return }
        try perform("cannot remove", path, as: work.actor) { () throws(SystemCallError) in
            _ = try tree.openParent(of: path, links: .follow).remove(name.component)
        }
    }

    func readManifest(_ work: SSHWork) throws(BootError) -> SSHManifest {
        if mode == .dryRun && isExpected(work.directory) { return SSHManifest() }
        let path = work.directory.appending(SSHManifest.name)
        do throws(SystemCallError) {
            let bytes = try actors.acting(as: work.actor) { () throws(SystemCallError) in
                try tree.read(path, limit: SSHManifest.limit, links: .follow)
            }
            return bytes.map { SSHManifest(String(decoding: $0, as: UTF8.self)) } ?? SSHManifest()
        } catch {
            // Without it nothing is known to be a boot's, so that nothing is removed or replaced.
            return SSHManifest()
        }
    }

    /// Writes the manifest, if it is not what the file has.
    func record(_ work: inout SSHWork) throws(BootError) {
        let manifest = work.manifest
        guard manifest != work.recorded, mode == .boot else { return }
        let path = work.directory.appending(SSHManifest.name)
        try perform("cannot write", path, as: work.actor) { () throws(SystemCallError) in
            let parent = try tree.openParent(of: path, links: .follow)
            guard let name = path.lastComponent else { return }
            if manifest.text.isEmpty {
                try parent.remove(name)
            } else {
                let content = Secret(Array(manifest.text.utf8))
                let written = try SSHFile.write(name, content, mode: 0o600, in: parent) { left in
                    guard left.size <= SSHManifest.limit,
                        let file = try? parent.open(SSHFile.temporary(for: name), [.readOnly, .nonBlocking]),
                        let bytes = try? file.readAll(limit: SSHManifest.limit)
                    else { return false }
                    return SSHManifest.isPart(bytes)
                }
                try SSHFile.finish(written.name, as: name, in: parent)
            }
        }
        work.recorded = manifest
    }
}

extension SSHFileName {
    /// The name as one of a path.
    var component: FilePath.Component { FilePath.Component(text) ?? "id_rsa" }
}

/// Writes into ssh's directory.
private enum SSHFile {
    /// Whether a link leads into a memory directory of a boot.
    static func isInMemory(_ target: FilePath) -> Bool {
        let directory = target.parent
        return Paths.memory.contains(directory.parent)
            && directory.lastComponent?.string.hasPrefix("entrypoint-ssh-") == true
    }

    /// What was written under another name, which is then to be renamed: readers see the old content or the new.
    struct Written {
        let name: FilePath.Component
        let status: FileStatus
    }

    /// Writes the new content of a file beside it.
    ///
    /// - Parameter isOwn: whether what has the temporary name is a killed boot's, and not in it only because this content
    ///   begins as it does.
    static func write(
        _ name: FilePath.Component, _ content: Secret, mode: ModeBits, in parent: borrowing Directory,
        isOwn: (FileStatus) -> Bool
    ) throws(SystemCallError) -> Written {
        var temporary = temporary(for: name)
        if let left = try parent.status(temporary) {
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

    /// Gives what was written its name; if that fails, nothing of it is left.
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

    /// Makes a link, or gives it another target.
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

    /// Whether a file has the beginning of a content.
    private static func isPart(
        _ name: FilePath.Component, of content: Secret, _ status: FileStatus, in parent: borrowing Directory
    ) -> Bool {
        guard status.size <= content.count, let file = try? parent.open(name, [.readOnly, .nonBlocking]),
            (try? file.status())?.isSame(as: status) == true,
            let found = try? file.readSecret(limit: content.count + 1, path: nil)
        else { return false }
        return content.starts(with: found)
    }

    /// Always the same, so that a key which a killed boot left there does not stay: no two boots write in one directory.
    static func temporary(for name: FilePath.Component) -> FilePath.Component {
        FilePath.Component(".\(name.string).entrypoint") ?? name
    }
}
