import Linux
import SystemPackage
internal import Text

extension Apply {
    /// Sees to it that a file exists.
    mutating func apply(_ change: FirstFileChange, by able: [Actor]) throws(BootError) -> Outcome {
        let path = change.path
        if let status = try look(at: path, as: able[0]) {
            // What a link of the user's leads to counts, if that shows; a device may stand for nothing being kept.
            let kind = status.kind == .link ? kind(behind: path, as: able[0]) : status.kind
            guard ![.directory, .pipe, .socket].contains(kind) else {
                throw BootError(
                    "cannot use \(path.shown())",
                    reason: status.kind == .link
                        ? "it is a symbolic link to what is \(kind.words), and a file is expected"
                        : "it is \(kind.words), and a file is expected",
                    remedy: "move it away")
            }
            present.append(path)
            return .already
        }
        if mode == .dryRun {
            expected.append(path)
            return .changed
        }
        let isMade = try perform("cannot create", path, as: able[0]) { () throws(SystemCallError) in
            try make(change, at: path)
        }
        present.append(path)
        return isMade ? .changed : .already
    }

    /// What is at a path itself; links above it are the user's own and are followed. In a dry run, what would be there.
    func look(at path: FilePath, as actor: Actor) throws(BootError) -> FileStatus? {
        if mode == .dryRun && isExpected(path) { return nil }
        if let known = seen.first(where: { $0.path == path }) { return known.status }
        return try perform("cannot look at", path, as: actor) { () throws(SystemCallError) in
            try tree.entryStatus(path)
        }
    }

    /// What a link leads to; a link where that cannot be seen.
    private func kind(behind path: FilePath, as actor: Actor) -> FileStatus.Kind {
        let status = try? actors.acting(as: actor) { () throws(SystemCallError) in
            try tree.status(path, links: .follow)
        }
        return status?.kind ?? .link
    }

    /// Whether a dry run would have made a path, or a directory above it.
    func isExpected(_ path: FilePath) -> Bool { expected.contains { path.starts(with: $0) } }

    /// Makes a file with its content at once; `false` when somebody else was faster.
    private func make(_ change: FirstFileChange, at path: FilePath) throws(SystemCallError) -> Bool {
        guard let name = path.lastComponent else { return false }
        let parent = try tree.openParent(of: path, links: .follow)
        do throws(SystemCallError) {
            guard !change.content.isEmpty else {
                try parent.open(name, [.writeOnly, .create, .exclusive], mode: change.mode).close(path: path)
                return true
            }
            let temporary = TemporaryName.make(for: name)
            do throws(SystemCallError) {
                let file = try parent.open(temporary, [.writeOnly, .create, .exclusive], mode: change.mode)
                try file.writeAll(change.content, path: path)
                let written = try file.status(path: path)
                try file.close(path: path)
                try parent.move(temporary, to: name, in: parent)
                // Programs run what it says: by name another one may have come into its place.
                guard try parent.status(name)?.isSame(as: written) == true else {
                    throw SystemCallError(call: "renameat2", path: path, errno: .staleNFSFileHandle)
                }
                Leftovers.remove(
                    beside: path, Leftovers.Proof(content: change.content), in: tree, progress: keepWatchWaiting)
                return true
            } catch {
                _ = try? parent.remove(temporary)
                throw error
            }
        } catch  where error.errno == .fileExists {
            return false
        }
    }
}
