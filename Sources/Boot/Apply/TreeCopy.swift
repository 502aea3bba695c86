import Linux
import SystemPackage

/// Copies a file or a tree so that others see all of it or nothing.
enum TreeCopy {
    /// What came of a copy.
    struct Result {
        /// Whether the copy is this one; otherwise somebody else was faster.
        let isMade: Bool
        /// What was not copied, because it is neither a file nor a directory nor a link.
        let leftOut: [FilePath]
        /// Why the copy is still there under another name, although somebody else was faster.
        var remains: SystemCallError?
    }

    /// Copies under a temporary name beside the destination, which then becomes the destination's.
    ///
    /// - Parameters:
    ///   - source: what is copied.
    ///   - destination: the copy.
    ///   - extent: what the copy must hold.
    ///   - replaces: whether an empty file or directory at the destination is replaced.
    ///   - tree: the container's files.
    ///   - progress: is told that the work goes on.
    /// - Throws: the error of the call that failed, such as ENOSPC; nothing of the copy is then left.
    static func make(
        of source: FilePath, at destination: FilePath, extent: CopyExtent, replacing replaces: Bool = false,
        in tree: FileTree, progress: () -> Void
    ) throws(SystemCallError) -> Result {
        guard let sourceName = source.lastComponent, let name = destination.lastComponent else {
            throw SystemCallError(call: "copy", path: source, errno: .invalidArgument)
        }
        let from = try tree.openParent(of: source, links: .follow)
        let parent = try tree.openDirectory(destination.parent, links: .follow)
        let temporary = TemporaryName.make(for: name)
        do throws(SystemCallError) {
            let leftOut = try from.copy(sourceName, to: temporary, in: parent, extent: extent, progress: progress)
            guard let copy = try parent.status(temporary) else {
                throw SystemCallError(call: "copy", path: source, errno: .notSupported)
            }
            var remains: SystemCallError?
            var isMade = true
            do throws(SystemCallError) {
                if replaces {
                    try parent.replace(name, in: parent, with: temporary)
                } else {
                    try parent.move(temporary, to: name, in: parent)
                }
            } catch  where [.fileExists, .directoryNotEmpty].contains(error.errno) {
                isMade = false
                do throws(SystemCallError) {
                    try parent.removeTree(temporary, progress: progress)
                } catch {
                    // What was wanted is there all the same.
                    remains = error
                }
            }
            TemporaryName.removeStale(for: name, in: parent, now: copy.modified, progress: progress)
            return Result(isMade: isMade, leftOut: leftOut, remains: remains)
        } catch {
            let now = (try? parent.status(temporary))??.modified
            _ = try? parent.removeTree(temporary, progress: progress)
            // What others left may be what the room went to.
            if let now { TemporaryName.removeStale(for: name, in: parent, now: now, progress: progress) }
            throw error
        }
    }
}
