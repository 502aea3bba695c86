import Linux
internal import Text

extension DirectoryChange {
    /// Whether it is root's own directory, in which nobody else has a say.
    var isRoots: Bool { made.owner == 0 }

    /// Makes sure that root owns every directory above one of root's, so that root works in nobody else's tree.
    ///
    /// The check goes from the root directory down: nobody else can replace a directory of root's, or what is in it.
    ///
    /// - Returns: why the directory is left out: if the pod spec's author is not trusted, only the image's own
    ///   directories and root's memory file systems count.
    /// - Throws: who owns what, in all other cases.
    func reasonAgainstRoot(on bench: Workbench) throws(BootError) -> String? {
        var place: FilePath = "/"
        let own = try Self.placeOfRoots(at: place, on: bench)?.mount ?? 0
        for name in path.components.dropLast() {
            place.append(name)
            // Root makes whatever is missing from here on.
            guard let found = try Self.placeOfRoots(at: place, on: bench) else { return nil }
            guard found.status.kind == .directory else {
                throw BootError(
                    .filesWrongKind, "cannot create \(path.shown()) as root",
                    reason: "\(place.shown()) is \(found.status.kind.words), and a directory is expected",
                    remedy: "name the directory itself in scratch.directories")
            }
            guard found.status.user == 0, !found.status.letsOthersRename else {
                throw BootError(
                    .scratchDirectoryOfRoot, "cannot create \(path.shown()) as root",
                    reason: "\(place.shown()) has mode \(found.status.mode.octal) and belongs to "
                        + "\(found.status.user):\(found.status.group), and root makes nothing in another's directory",
                    remedy: "choose another owner for it in scratch.directories, or a path that is root's alone")
            }
            if bench.actors.isElevated && !found.isInMemory && (own == 0 || found.mount != own) {
                let mount = Mount.holding(place, in: Mount.all(of: bench.tree))
                let what = mount.map { "\($0.source.shown()) (\($0.type)) on \($0.point.shown())" } ?? "a mount"
                return "\(place.shown()) lies on \(what), which the pod has mounted, and an elevated start makes "
                    + "directories of root's only where the image's own files are, and in memory"
            }
        }
        return nil
    }

    /// What is at one place on the way to the directory.
    private struct PlaceOfRoots {
        let status: FileStatus
        let mount: UInt64
        let isInMemory: Bool
    }

    private static func placeOfRoots(
        at path: FilePath, on bench: Workbench
    ) throws(BootError) -> PlaceOfRoots? {
        try bench.perform("cannot look at", path, as: .root) { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let file = try bench.tree.open(path, [.pathOnly, .noFollow], links: .refuse)
                return PlaceOfRoots(
                    status: try file.status(path: path), mount: file.mount,
                    isInMemory: try file.isInMemory(path: path))
            } catch  where error.errno == .noSuchFileOrDirectory {
                return nil
            }
        }
    }
}
