import Linux
internal import Text

/// The work of one change in ssh's directory.
///
/// Here, checking and working are not separate: what happens to a name depends on what has happened to those before it,
/// and the result of checking all of them first would be out of date by the time the last one is written.
final class SSHFilesWork {
    let change: SSHFilesChange
    let bench: Workbench
    /// Where the files themselves are if the directory outlives the container; links lead there.
    private var memory: FilePath?
    /// Whether the directory outlives the container; other containers may use it at the same time.
    private var isShared = false
    private var manifest = SSHManifest()
    /// The manifest as the file has it.
    private var recorded = SSHManifest()
    /// Whether the directory is a link of the user's to another one.
    var isLink = false
    var hasChanged = false
    private var written: [String] = []
    private var removed: [String] = []

    init(_ change: SSHFilesChange, on bench: Workbench) {
        self.change = change
        self.bench = bench
    }

    /// Where ssh looks for its files.
    var directory: FilePath { change.directory }

    /// Whether the directory, or the one that it is made in, lies on the root directory's mount, and no link leads there.
    /// Nearly always that answers all, and the list of mounts, which takes the kernel 0.1 ms, is not read.
    private(set) lazy var isOnRootMount: Bool = {
        if change.mounts != nil { return false }
        let found = try? bench.actors.acting(as: bench.actor) { () throws(SystemCallError) -> Bool? in
            if let found = try bench.tree.isOnRootMount(directory) { return found }
            return try bench.tree.isOnRootMount(directory.parent)
        }
        return found == true
    }()

    /// The container's mounts.
    private(set) lazy var mounts: [Mount] = change.mounts ?? bench.mounts

    /// Whether something is mounted on the directory.
    var isMount: Bool { !isOnRootMount && mounts.contains { $0.point == directory } }

    /// The content that a name must have, if it is a file.
    private func content(_ name: SSHFileName) -> Secret? { change.files.first { $0.name == name }?.content }

    private func note(written text: String) {
        hasChanged = true
        written.append(text)
    }

    private func note(removed name: SSHFileName) {
        hasChanged = true
        removed.append(name.text)
    }

    /// Makes every name what it must be.
    func apply() throws(BootError) -> Outcome {
        try ensureDirectory()
        if try outlivesContainer() {
            isShared = true
            try makeMemory()
        }
        checkLogin()
        manifest = try readManifest()
        recorded = manifest
        for name in change.possibleNames {
            do throws(BootError) {
                try settle(name)
            } catch let error where error.attempts.last?.error.errno == .resourceBusy {
                bench.note(
                    .filesMount,
                    change.mountWords(directory.appending(name.text), change.files.filter { $0.name == name }))
            }
        }
        try record()
        if hasChanged {
            try bench.foreseeMaking(directory.appending((change.names.first ?? change.privateKey).text), "cannot write")
        }
        let verbs = bench.isDryRun ? ("writes", "removes") : ("wrote", "removed")
        if !written.isEmpty { bench.add(remark: "\(verbs.0) \(written.joined(separator: ", "))") }
        if !removed.isEmpty { bench.add(remark: "\(verbs.1) \(removed.joined(separator: ", "))") }
        return hasChanged ? .changed : .already
    }
}

// What lies where.
extension SSHFilesWork {
    /// Makes the directory in memory, without which only public keys can be kept.
    private func makeMemory() throws(BootError) {
        do throws(BootError) {
            memory = try bench.memoryDirectory("entrypoint-ssh", for: "keys", mounts: mounts).path
        } catch {
            guard change.files.allSatisfy({ $0.name.mayOutliveContainer }) else { throw error }
        }
    }

    /// Whether a name's file lies in ssh's directory itself, and the manifest tells whose it is.
    private func isKeptHere(_ name: SSHFileName) -> Bool { !isShared || name.mayOutliveContainer }
}

// One name: a file, a second name for the private key, or nothing any more.
extension SSHFilesWork {
    /// Makes a name what it must be.
    private func settle(_ name: SSHFileName) throws(BootError) {
        let path = directory.appending(name.text)
        if let content = content(name) {
            if let memory, !isKeptHere(name) {
                if try keepForeign(path, content, name) { return }
                try writeFile(memory.appending(name.text), content, name)
                try makeLink(path, to: memory.appending(name.text), name)
            } else {
                try writeFile(path, content, name)
            }
        } else if name == change.alias {
            try makeAlias(path, to: memory?.appending(change.privateKey.text), name)
        } else if !name.mayOutliveContainer || manifest.has(name) {
            try removeOwn(path, name)
            if let memory, !isKeptHere(name) { try remove(memory.appending(name.text), name) }
        }
    }

    /// What is found at the path of a file.
    private enum FoundFile {
        case nothing
        /// A file with the wanted content, and whether it also has the wanted mode.
        case same(FileStatus, hasMode: Bool)
        case other(FileStatus)
    }

    private func find(
        _ path: FilePath, _ content: Secret, _ name: SSHFileName
    ) throws(BootError) -> FoundFile {
        guard let status = try bench.look(at: path) else { return .nothing }
        guard status.kind == .file, name.isOpenEnded ? status.size >= content.count : status.size == content.count
        else {
            return .other(status)
        }
        let isSame: Bool
        do throws(SystemCallError) {
            isSame = try bench.actors.acting(as: bench.actor) { () throws(SystemCallError) in
                let file = try bench.tree.openParent(of: path, links: .follow).open(
                    name.component, [.readOnly, .nonBlocking])
                return try file.readSecret(limit: content.count, path: path) == content
            }
        } catch {
            // A file that the user cannot read is not the user's.
            return .other(status)
        }
        return isSame ? .same(status, hasMode: status.mode == name.mode) : .other(status)
    }

    /// Whether the user's own file already has the content, so that it stays.
    private func keepForeign(
        _ path: FilePath, _ content: Secret, _ name: SSHFileName
    ) throws(BootError) -> Bool {
        if case .same = try find(path, content, name) { true } else { false }
    }

    /// Makes sure that a file has its content and mode.
    private func writeFile(
        _ path: FilePath, _ content: Secret, _ name: SSHFileName
    ) throws(BootError) {
        switch try find(path, content, name) {
        case .same(let status, true):
            if name == .authorizedKeys { checkOwner(path, status) }
            return
        case .same(let status, false) where status.user == bench.actors.userID:
            note(written: "\(name.text) (\(name.mode.octal))")
            if bench.isDryRun { return }
            try bench.perform("cannot set the mode of", path) { () throws(SystemCallError) in
                let file = try bench.tree.openParent(of: path, links: .follow).open(
                    name.component, [.readOnly, .nonBlocking])
                guard try file.status(path: path) == status,
                    try file.readSecret(limit: content.count, path: path) == content
                else { throw SystemCallError(call: "fchmod", path: path, errno: .staleNFSFileHandle) }
                try file.setMode(name.mode, path: path)
            }
            return
        case .same(let status, false), .other(let status):
            // Everything in the memory directory is the boot's.
            let isOwn = path.parent == memory || isKeptHere(name) && manifest.owns(name, status)
            if !isOwn && bench.isDryRun {
                bench.foreseeSettingAside(path)
            } else if !isOwn {
                try bench.setAside(path)
            }
        case .nothing: break
        }
        note(written: "\(name.text) (\(name.mode.octal))")
        if bench.isDryRun { return }
        // The manifest comes first: if a boot is killed in between, a later boot must recognise the key as its own.
        let written = try bench.perform("cannot write", path) { () throws(SystemCallError) in
            // Everything in the memory directory is the boot's.
            try SSHFile.write(
                name.component, content, mode: name.mode, in: bench.tree.openParent(of: path, links: .follow),
                isShared: path.parent == directory && isShared
            ) {
                path.parent == memory || manifest.marks(name, $0)
            }
        }
        if path.parent == directory {
            manifest.add(name, written.status)
            // If the manifest cannot be written now, it is tried again at the end, and an error is reported then.
            try? record()
        }
        try bench.perform("cannot write", path) { () throws(SystemCallError) in
            try SSHFile.finish(written.name, as: name.component, in: bench.tree.openParent(of: path, links: .follow))
        }
        if name == .authorizedKeys { checkOwner(path, written.status) }
    }

    /// Makes sure that a name in the directory leads to a file in the memory directory.
    private func makeLink(
        _ path: FilePath, to target: FilePath, _ name: SSHFileName
    ) throws(BootError) {
        if bench.isExpected(path) { return }
        let found = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
            try bench.tree.linkTarget(path, links: .follow)
        }
        if found == target { return }
        hasChanged = true
        if bench.isDryRun { return }
        if try bench.look(at: path) != nil, !(found.map(SSHFile.isInMemory) ?? false) {
            try bench.setAside(path)
        }
        try bench.perform("cannot link", path) { () throws(SystemCallError) in
            try SSHFile.link(name, to: target, in: bench.tree.openParent(of: path, links: .follow))
            Leftovers.remove(
                beside: path, Leftovers.Proof(links: [target]), in: bench.tree, progress: bench.keepWatchWaiting)
        }
    }

    /// Makes sure that the private key has a second name, unless something of the user's has that name.
    private func makeAlias(
        _ path: FilePath, to memory: FilePath?, _ name: SSHFileName
    ) throws(BootError) {
        let target = memory ?? FilePath(change.privateKey.text)
        let entry = try bench.look(at: path)
        if let entry {
            guard entry.kind == .link else { return }
            let found = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
                try bench.tree.linkTarget(path, links: .follow)
            }
            guard let found, found != target, SSHFile.isInMemory(found) else { return }
        }
        note(written: "\(name.text) (a link)")
        if bench.isDryRun { return }
        if memory == nil {
            manifest.add(link: name)
            try? record()
        }
        try bench.perform("cannot link", path) { () throws(SystemCallError) in
            try SSHFile.link(name, to: target, in: bench.tree.openParent(of: path, links: .follow))
            Leftovers.remove(
                beside: path, Leftovers.Proof(links: [target]), in: bench.tree, progress: bench.keepWatchWaiting)
        }
    }

    /// Removes what an earlier boot wrote under a name that is no longer wanted.
    private func removeOwn(
        _ path: FilePath, _ name: SSHFileName
    ) throws(BootError) {
        guard let status = try bench.look(at: path) else {
            if isKeptHere(name) { manifest.remove(name) }
            return
        }
        var isOwn = isKeptHere(name) && manifest.owns(name, status)
        if status.kind == .link {
            let target = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
                try bench.tree.linkTarget(path, links: .follow)
            }
            isOwn =
                target.map { SSHFile.isInMemory($0) || isOwn && $0.string == change.privateKey.text } ?? false
        }
        if isKeptHere(name) { manifest.remove(name) }
        if isOwn { try remove(path, name) }
    }

    private func remove(
        _ path: FilePath, _ name: SSHFileName
    ) throws(BootError) {
        guard try bench.look(at: path) != nil else { return }
        if !removed.contains(name.text) { note(removed: name) }
        if bench.isDryRun { return }
        try bench.perform("cannot remove", path) { () throws(SystemCallError) in
            _ = try bench.tree.openParent(of: path, links: .follow).remove(name.component)
        }
    }
}

// The manifest.
extension SSHFilesWork {
    private func readManifest() throws(BootError) -> SSHManifest {
        if bench.isExpected(directory) { return SSHManifest() }
        let path = directory.appending(SSHManifest.name)
        do throws(SystemCallError) {
            let bytes = try bench.actors.acting(as: bench.actor) { () throws(SystemCallError) in
                try bench.tree.read(path, limit: SSHManifest.limit, links: .follow)
            }
            return bytes.map { SSHManifest(String(decoding: $0, as: UTF8.self)) } ?? SSHManifest()
        } catch {
            // Without the manifest, no file is known to be a boot's, so nothing is removed or replaced.
            return SSHManifest()
        }
    }

    /// Writes the manifest, if it differs from the file.
    private func record() throws(BootError) {
        let manifest = manifest
        guard manifest != recorded, !bench.isDryRun else { return }
        let path = directory.appending(SSHManifest.name)
        try bench.perform("cannot write", path) { () throws(SystemCallError) in
            let parent = try bench.tree.openParent(of: path, links: .follow)
            guard let name = path.lastComponent else { return }
            if manifest.text.isEmpty {
                try parent.remove(name)
            } else {
                let content = Secret(Array(manifest.text.utf8))
                let written = try SSHFile.write(name, content, mode: 0o600, in: parent, isShared: isShared) { left in
                    guard left.size <= SSHManifest.limit,
                        let file = try? parent.open(SSHFile.temporary(for: name), [.readOnly, .nonBlocking]),
                        let bytes = try? file.readAll(limit: SSHManifest.limit)
                    else { return false }
                    return SSHManifest.isPart(bytes)
                }
                try SSHFile.finish(written.name, as: name, in: parent)
            }
        }
        recorded = manifest
    }
}
