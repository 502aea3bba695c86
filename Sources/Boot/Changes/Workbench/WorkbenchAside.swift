import Linux
internal import Text

/// How something that is in the way is kept under another name, so that nothing is lost.
extension Workbench {
    /// The mounts as they are now, as root sees them: the actor may not be able to look.
    var mounts: [Mount] {
        let found = try? actors.acting(as: actors.has(.root) ? .root : .user) { () throws(SystemCallError) in
            Mount.all(of: tree)
        }
        return found ?? []
    }

    /// Whether a mount is at or below a path, which then cannot be moved.
    func isMountPoint(_ path: FilePath) -> Bool { Mount.all(of: tree).contains { $0.point.starts(with: path) } }

    /// Keeps what is at a path under another name beside it. If another process has moved it in the meantime, and
    /// perhaps put a link to the target there, that process has done the same.
    func setAside(_ path: FilePath, unlessLinkedTo target: FilePath? = nil) throws(BootError) {
        guard let name = path.lastComponent else { return }
        for number in 0..<1000 {
            let kept = Self.kept(path, number)
            guard let keptName = kept.lastComponent else { return }
            let isFree = try perform("cannot move away", path) { () throws(SystemCallError) -> Bool? in
                let parent = try tree.openParent(of: path, links: .follow)
                do throws(SystemCallError) {
                    try parent.move(name, to: keptName, in: parent)
                    guard let target, (try? parent.linkTarget(keptName)) == target else { return true }
                    try parent.remove(keptName)
                    return nil
                } catch  where [.fileExists, .directoryNotEmpty].contains(error.errno) {
                    return false
                } catch  where error.errno == .noSuchFileOrDirectory {
                    return nil
                }
            }
            guard let isFree else { return }
            guard isFree else { continue }
            note(.filesInTheWay, "\(path.shown()) was in the way and is kept as \(kept.shown())")
            return
        }
        throw BootError(
            .filesBusy, "cannot move away \(path.shown())",
            reason: "too many files have names like \(Self.kept(path, 0).shown())", remedy: "remove some of them")
    }

    /// Predicts what ``setAside(_:unlessLinkedTo:)`` would do.
    func foreseeSettingAside(_ path: FilePath) {
        note(.filesInTheWay, "\(path.shown()) is in the way and is kept as \(Self.kept(path, 0).shown())")
    }

    private static func kept(_ path: FilePath, _ number: Int) -> FilePath {
        path.lastComponent.map { path.parent.appending(kept($0, number)) } ?? path
    }

    /// Whether a path is one of those that things are kept under.
    static func isKept(_ path: FilePath) -> Bool {
        // Comparing texts would bring in an eighth more of a program.
        path.lastComponent?.string.utf8.contains(bytes: ".before-entrypoint".utf8) == true
    }

    /// A name beside another one, for what was in its place.
    static func kept(_ name: FilePath.Component, _ number: Int) -> FilePath.Component {
        FilePath.Component("\(name.string).before-entrypoint\(number == 0 ? "" : ".\(number)")") ?? name
    }
}
