package import Linux
package import SystemPackage

/// Names of what is made beside its final place and then takes its name.
///
/// Several containers may work in one directory at once, so that a name is never the same twice; and a boot that was killed
/// leaves what it made, so that a later one must know it.
package enum TemporaryName {
    /// What was left longer ago than this belongs to no boot that is alive, in seconds.
    private static let lifetime = 3600

    /// A new name: `.NAME.entrypoint-PID-RANDOM`.
    package static func make(for name: FilePath.Component) -> FilePath.Component {
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return FilePath.Component("\(prefix(for: name))\(CurrentProcess.id)-\(random)") ?? name
    }

    /// Whether a name is one that this gives to things which become `name`.
    package static func isTemporary(_ candidate: FilePath.Component, for name: FilePath.Component) -> Bool {
        candidate.string.hasPrefix(prefix(for: name))
    }

    private static func prefix(for name: FilePath.Component) -> String {
        // With what follows it must fit into the 255 bytes of a name.
        ".\(String(decoding: name.string.utf8.prefix(200), as: UTF8.self)).entrypoint-"
    }

    /// Removes what killed boots left beside a path that has just got its name, an hour ago or more.
    ///
    /// - Parameters:
    ///   - path: what was made; links above it are followed.
    ///   - tree: the container's files.
    ///   - progress: is told that the work goes on.
    package static func removeStale(beside path: FilePath, in tree: FileTree, progress: () -> Void) {
        guard let name = path.lastComponent,
            let directory = try? tree.openDirectory(path.removingLastComponent(), links: .follow),
            let made = (try? directory.status(name)) ?? nil
        else { return }
        // Nothing is younger than what was just made, by the clock of its own file system.
        removeStale(for: name, in: directory, now: made.modified, progress: progress)
    }

    /// Removes the empty directories that killed boots left beside one that has just got its name, an hour ago or more.
    package static func removeStaleDirectories(for name: FilePath.Component, in directory: borrowing Directory) {
        guard let made = (try? directory.status(name)) ?? nil else { return }
        for candidate in (try? directory.names()) ?? [] where isTemporary(candidate, for: name) {
            guard let status = try? directory.status(candidate),
                status.modified.seconds < made.modified.seconds - lifetime
            else { continue }
            try? directory.removeDirectory(candidate)
        }
    }

    /// Removes what killed boots left in a directory an hour ago or more; what cannot be removed stays.
    ///
    /// - Parameters:
    ///   - name: the name that it would have got.
    ///   - directory: the directory, open for reading.
    ///   - now: the present by the clock of the directory's file system.
    ///   - progress: is told that the work goes on.
    package static func removeStale(
        for name: FilePath.Component, in directory: borrowing Directory, now: FileStatus.Timestamp,
        progress: () -> Void
    ) {
        for candidate in (try? directory.names()) ?? [] where isTemporary(candidate, for: name) {
            guard let status = try? directory.status(candidate), status.modified.seconds < now.seconds - lifetime else {
                continue
            }
            // Under another name first: should its maker be alive after all, he cannot finish what is half gone.
            let doomed = make(for: name)
            guard (try? directory.move(candidate, to: doomed, in: directory)) != nil else { continue }
            _ = try? directory.removeTree(doomed, progress: progress)
        }
    }
}
