import Linux
package import SystemPackage
internal import Text

/// Files that shells and git run as the user.
package struct StartupFiles: Equatable, Sendable {
    /// The files, wherever they are; a directory stands for those in it.
    package let files: [FilePath]
    /// Files of the user's home, which count where that has come to lie in ``volume``.
    package let homeFiles: [FilePath]
    /// Where others of the group may work, too.
    package let volume: FilePath
    /// Who may own them.
    package let owners: [UInt32]
}

extension DirectoryChange {
    /// Tells of every file which shells and git run, and which somebody has put there who may not.
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
                    "\(path.shown()) belongs to user \(status.user), whose files there could run as user "
                        + "\(bench.actors.userID); look at it, and move it away")
                continue
            }
            bench.note(
                "\(path.shown()) belongs to user \(status.user), and what it says runs as user \(bench.actors.userID); "
                    + "look at it, and remove it or run chown -h \(bench.actors.userID):\(made.group) \(path.shown())")
        }
    }
}
