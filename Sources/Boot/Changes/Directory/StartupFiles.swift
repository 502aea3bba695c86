package import Linux
internal import Text

/// Files that shells and git run as the user.
package struct StartupFiles: Equatable, Sendable {
    /// The files, wherever they are; a directory stands for those in it.
    package let files: [FilePath]
    /// Files of the user's home, which count if the home lies in ``volume``.
    package let homeFiles: [FilePath]
    /// Where other members of the group may also work.
    package let volume: FilePath
    /// Who may own them.
    package let owners: [UInt32]
}

extension DirectoryChange {
    /// Reports every file that shells and git run and that belongs to somebody who may not own it.
    func tellForeignFiles(on bench: Workbench) {
        guard let startup = trust.startup else { return }
        let homeFiles = startup.homeFiles.map(bench.ledger.resolved).filter { path in
            path.starts(with: startup.volume) && !startup.files.contains(path)
        }
        for path in startup.files + homeFiles {
            let found = try? bench.actors.acting(as: .user) { () throws(SystemCallError) in
                try bench.tree.entryStatus(path)
            }
            guard let status = found ?? nil else { continue }
            bench.ledger.note(path, status)
            if startup.owners.contains(status.user) { continue }
            if status.kind == .directory {
                bench.note(
                    .filesForeignOwner,
                    "\(path.shown()) belongs to user \(status.user), whose files there could run as user "
                        + "\(bench.actors.userID); look at it, and move it away")
                continue
            }
            bench.note(
                .filesForeignOwner,
                "\(path.shown()) belongs to user \(status.user), and what it says runs as user \(bench.actors.userID); "
                    + "look at it, and remove it or run chown -h \(bench.actors.userID):\(made.group) \(path.shown())")
        }
    }
}
