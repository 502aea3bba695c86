import Linux

/// What killed boots left under temporary names.
enum Leftovers {
    /// Age in seconds: anything older belongs to no boot that is still running.
    private static let lifetime = 3600

    /// What proves that something under such a name is this program's, besides the mark of a ``Staging``.
    struct Proof {
        /// What a boot writes into a file of that name; a killed one may have written only a part.
        var content: [UInt8]?
        /// The targets of the links of that name that a boot makes.
        var links: [FilePath] = []
    }

    /// Removes what killed boots left, at least an hour ago, beside a path that has just got its name, if they
    /// certainly made it.
    ///
    /// - Parameters:
    ///   - path: what was made; links above it are followed.
    ///   - proof: what this boot would make under such a name.
    ///   - progress: is called as the work continues.
    ///   - progress: is told that the work goes on.
    static func remove(beside path: FilePath, _ proof: Proof, in tree: FileTree, progress: () -> Void) {
        guard let name = path.lastComponent,
            let directory = try? tree.openDirectory(path.parent, links: .follow),
            let made = (try? directory.status(name)) ?? nil
        else { return }
        // By the clock of its own file system, nothing is younger than what was just made.
        remove(for: name, proof, in: directory, now: made.modified, progress: progress)
    }

    /// Removes what killed boots left in a directory at least an hour ago, if they certainly made it; what cannot be
    /// removed stays.
    ///
    /// - Parameters:
    ///   - name: the name that the leftover would have got.
    ///   - proof: what this boot would make under such a name.
    ///   - directory: the directory, open for reading.
    ///   - now: the current time by the clock of the directory's file system.
    ///   - progress: is called as the work continues.
    ///   - isCopy: whether a directory of such a name is what this boot would make.
    static func remove(
        for name: FilePath.Component, _ proof: Proof = Proof(), in directory: borrowing Directory,
        now: FileStatus.Timestamp, progress: () -> Void = {}, isCopy: (FilePath.Component) -> Bool = { _ in false }
    ) {
        for candidate in (try? directory.names()) ?? [] where TemporaryName.isTemporary(candidate, for: name) {
            guard let status = try? directory.status(candidate), status.modified.seconds < now.seconds - lifetime else {
                continue
            }
            switch status.kind {
            case .directory:
                if Staging.removeLeft(candidate, for: name, in: directory, progress: progress) { continue }
                guard isCopy(candidate) else { continue }
                _ = try? Staging.discard(candidate, seen: status, as: name, in: directory, progress: progress)
            case .link:
                guard let target = try? directory.linkTarget(candidate), proof.links.contains(target) else { continue }
                _ = try? directory.remove(candidate)
            case .file:
                guard proof.content.map({ isPart(candidate, of: $0, status, in: directory) }) ?? isCopy(candidate)
                else {
                    continue
                }
                _ = try? directory.remove(candidate)
            default: continue
            }
        }
    }

    /// Whether a file that the actor owns holds the beginning of a content, or nothing.
    static func isPart(
        _ name: FilePath.Component, of content: [UInt8], _ status: FileStatus, in directory: borrowing Directory
    ) -> Bool {
        guard status.kind == .file, status.user == CurrentProcess.effectiveUser, status.size <= content.count,
            let file = try? directory.open(name, [.readOnly, .nonBlocking]),
            let seen = try? file.status(), seen.isSame(as: status),
            let found = try? file.readAll(limit: content.count + 1)
        else { return false }
        return content.starts(with: found)
    }
}
