import Linux

/// A copy of a file or a tree, made so that others see either all of it or nothing.
struct TreeCopy {
    /// What is copied.
    let source: FilePath
    /// The copy.
    let destination: FilePath
    /// What the copy must hold.
    let extent: CopyExtent
    /// Whether an empty file or directory at the destination is replaced.
    var replaces = false
    /// The umask of the copy.
    let umask: ModeBits

    /// The result of a copy.
    struct Result {
        /// Whether this copy is in place; otherwise another process was faster.
        let isMade: Bool
        /// What was not copied, because it is not a file, a directory or a link.
        let leftOut: [FilePath]
        /// Why the copy still exists under another name although another process was faster.
        var remains: SystemCallError?
    }

    /// Copies into a directory beside the destination, and moves the copy to its place when it is complete.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - progress: is called as the work continues.
    /// - Throws: the error of the call that failed, such as ENOSPC; nothing of the copy is then left.
    func make(in tree: FileTree, progress: () -> Void) throws(SystemCallError) -> Result {
        guard let sourceName = source.lastComponent, let name = destination.lastComponent else {
            throw SystemCallError(call: "copy", path: source, errno: .invalidArgument)
        }
        let from = try tree.openParent(of: source, links: .follow)
        let parent = try tree.openDirectory(destination.parent, links: .follow)
        let mask = ModeBits(rawValue: umask.rawValue | (extent == .ordinaryFiles ? 0o022 : 0))
        func isCopy(_ candidate: FilePath.Component) -> Bool {
            (try? parent.holdsCopy(candidate, of: sourceName, in: from, umask: mask, progress: progress)) ?? false
        }
        let staging = try Staging(for: name, in: parent, mark: .everything)
        do throws(SystemCallError) {
            let leftOut = try from.copy(
                sourceName, to: name, in: staging.directory, extent: extent, progress: progress)
            guard try staging.directory.status(name) != nil else {
                throw SystemCallError(call: "copy", path: source, errno: .notSupported)
            }
            var remains: SystemCallError?
            var isMade = true
            do throws(SystemCallError) {
                try staging.moveOut(
                    name, replacing: replaces, in: parent, remains: &remains, progress: progress)
            } catch  where [.fileExists, .directoryNotEmpty].contains(error.errno) {
                // What was wanted is there all the same.
                isMade = false
            }
            Leftovers.remove(for: name, in: parent, now: staging.made, progress: progress, isCopy: isCopy)
            return Result(isMade: isMade, leftOut: leftOut, remains: remains)
        } catch {
            _ = try? staging.remove(with: name, from: parent, progress: progress)
            // Leftovers of other boots may have used up the space.
            Leftovers.remove(for: name, in: parent, now: staging.made, progress: progress, isCopy: isCopy)
            throw error
        }
    }
}
