import Linux
import SystemPackage
internal import Text

extension Apply {
    /// Sees to it that every directory above one of root's is root's own, so that root works in nobody else's tree.
    ///
    /// It is seen from the root directory down: what is root's own nobody else can exchange, nor what is in it.
    ///
    /// - Returns: why it is left out: where the pod spec's author is not to be trusted, only the image's own directories and
    ///   memory of root's count.
    /// - Throws: who owns what, otherwise.
    func reasonAgainstRoot(at path: FilePath) throws(BootError) -> String? {
        var place: FilePath = "/"
        let own = try rootPlace(at: place)?.mount ?? 0
        for name in path.components.dropLast() {
            place.append(name)
            // What is missing root makes.
            guard let found = try rootPlace(at: place) else { return nil }
            guard found.status.kind == .directory else {
                throw BootError(
                    "cannot create \(path.shown()) as root",
                    reason: "\(place.shown()) is \(found.status.kind.words), and root follows none",
                    remedy: "name the directory itself in scratch.directories")
            }
            guard found.status.user == 0, !found.status.letsOthersRename else {
                throw BootError(
                    "cannot create \(path.shown()) as root",
                    reason: "\(place.shown()) has mode \(found.status.mode.octal) and belongs to "
                        + "\(found.status.user):\(found.status.group), and root makes nothing in another's directory",
                    remedy: "choose another owner for it in scratch.directories, or a path that is root's alone")
            }
            if actors.isElevated && !found.isInMemory && (own == 0 || found.mount != own) {
                let mount = Mount.holding(place, in: Mount.all(of: tree))
                let what = mount.map { "\($0.source.shown()) (\($0.type)) on \($0.point.shown())" } ?? "a mount"
                return "\(place.shown()) lies on \(what), which the pod has mounted, and an elevated start makes "
                    + "directories of root's only where the image's own files are, and in memory"
            }
        }
        return nil
    }

    private struct RootPlace {
        let status: FileStatus
        let mount: UInt64
        let isInMemory: Bool
    }

    private func rootPlace(at path: FilePath) throws(BootError) -> RootPlace? {
        try perform("cannot look at", path, as: .root) { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let file = try tree.open(path, [.pathOnly, .noFollow], links: .refuse)
                return RootPlace(
                    status: try file.status(path: path), mount: file.mount,
                    isInMemory: try file.isInMemory(path: path))
            } catch  where error.errno == .noSuchFileOrDirectory {
                return nil
            }
        }
    }
}
