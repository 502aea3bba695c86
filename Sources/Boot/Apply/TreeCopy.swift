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
    }

    /// Copies under a temporary name beside the destination, which then becomes the destination's.
    ///
    /// - Parameters:
    ///   - source: what is copied.
    ///   - destination: the copy.
    ///   - extent: what the copy must hold.
    ///   - replaces: whether an empty file at the destination is replaced.
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
        let parent = try tree.openDirectory(destination.removingLastComponent(), links: .follow)
        let temporary = TemporaryName.make(for: name)
        do throws(SystemCallError) {
            let leftOut = try from.copy(sourceName, to: temporary, in: parent, extent: extent, progress: progress)
            guard let copy = try parent.status(temporary) else {
                throw SystemCallError(call: "copy", path: source, errno: .notSupported)
            }
            let isMade: Bool
            if replaces {
                try parent.replace(name, in: parent, with: temporary)
                isMade = true
            } else {
                isMade = try take(name, in: parent, from: temporary, progress)
            }
            TemporaryName.removeStale(for: name, in: parent, now: copy.modified, progress: progress)
            return Result(isMade: isMade, leftOut: leftOut)
        } catch {
            let now = (try? parent.status(temporary))??.modified
            _ = try? parent.removeTree(temporary, progress: progress)
            // What others left may be what the room went to.
            if let now { TemporaryName.removeStale(for: name, in: parent, now: now, progress: progress) }
            throw error
        }
    }

    /// Gives the copy its name; `false` when the name is taken, and the copy is gone.
    private static func take(
        _ name: FilePath.Component, in parent: borrowing Directory, from temporary: FilePath.Component,
        _ progress: () -> Void
    ) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try parent.move(temporary, to: name, in: parent)
            return true
        } catch  where [.fileExists, .directoryNotEmpty].contains(error.errno) {
            try parent.removeTree(temporary, progress: progress)
            return false
        }
    }
}
