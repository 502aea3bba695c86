internal import CLinux
internal import Linux
internal import Text

/// The removal of what a ``ScrubSearch`` has found.
///
/// Users may exchange anything in their directories while root works there. Everything is therefore done in open directories
/// and on open files: no link is followed, no other mount entered, and no content overwritten that has another name.
package struct ScrubRemoval {
    /// What became of an item.
    package enum Outcome: String, Sendable {
        case removed
        /// Only a part is gone: the problems say why.
        case failed
        /// Nobody has to remove it: it is gone, or what is left of it are volumes.
        case gone
    }

    /// What could not be removed, or not for certain, one line for each.
    package private(set) var problems: [String] = []
    /// What was removed in another way than usual, or left, one line for each.
    package private(set) var notes: [String] = []
    /// How many files have been removed, and how many of them overwritten before.
    package private(set) var files = 0
    package private(set) var overwritten = 0

    /// How many of the problems are of something that is still there.
    private var failures = 0
    private let tree: FileTree
    private let volumes: ScrubVolumes
    private let crossed: [FilePath]

    /// A larger file is removed without overwriting it: nobody keeps a secret in it, and its blocks may be no more than a claim.
    private static let mostOverwritten = 64 << 20
    /// How many directories may be open, one in another, at a time.
    private static let mostDepth = 32
    /// How often a directory is emptied that somebody else fills again.
    private static let mostRounds = 4096

    /// - Parameter search: what has found the items.
    package init(for search: ScrubSearch) {
        tree = search.tree
        volumes = search.volumes
        crossed = search.crossed
    }

    /// Removes an item, and overwrites the content of its files.
    package mutating func remove(_ item: ScrubItem) -> Outcome {
        let known = problems.count
        do throws(SystemCallError) {
            guard let name = item.path.lastComponent else { return .gone }
            let parent = try tree.openParent(of: item.path, links: .refuse)
            guard parent.mount == item.mount else {
                fail(item.path, "its directory was exchanged since it was found: run this again")
                return .failed
            }
            guard let status = try parent.status(name) else { return .gone }
            guard status.isSame(as: item.seen), status.kind == item.seen.kind else {
                fail(item.path, "it was exchanged since it was found: run this again")
                return .failed
            }
            if status.kind == .directory {
                try removeDirectory(name, in: parent)
            } else {
                try removeFile(name, status, in: parent)
            }
            if problems.count > known { return .failed }
            return try parent.status(name) == nil ? .removed : .gone
        } catch  where error.errno == .noSuchFileOrDirectory {
            return .gone
        } catch {
            fail(error.path ?? item.path, error.reason)
            return .failed
        }
    }

    private mutating func fail(_ path: FilePath, _ reason: String) {
        failures += 1
        problems.append("cannot remove \(path.shown()): \(reason)")
    }

    // MARK: Files

    /// Removes an entry that is no directory. The content of a regular file is overwritten once the file has no name left:
    /// then nobody can have given it another one, and only those lose it who have it open.
    private mutating func removeFile(
        _ name: FilePath.Component, _ status: FileStatus, in directory: borrowing Directory
    ) throws(SystemCallError) {
        let path = directory.path.appending(name)
        guard status.kind == .file, status.size > 0 else {
            // A pipe would wait for its other end, and a device do what it does, if it were opened.
            if try unlink(name, in: directory) { files += 1 }
            return
        }
        guard status.names == 1 else {
            if try unlink(name, in: directory) { files += 1 }
            return problems.append(Self.otherNames(path))
        }
        guard status.size <= Self.mostOverwritten else {
            if try unlink(name, in: directory) { files += 1 }
            return notes.append("\(path.shown()) was removed, and not overwritten: it is large")
        }
        let file: Descriptor
        do throws(SystemCallError) {
            file = try directory.open(name, [.writeOnly, .nonBlocking])
        } catch {
            if try unlink(name, in: directory) { files += 1 }
            return notes.append("\(path.shown()) was removed, and not overwritten: \(error.reason)")
        }
        let opened = try file.status(path: path)
        guard try unlink(name, in: directory) else { return }
        files += 1
        let left = try file.status(path: path)
        guard opened.kind == .file, opened.isSame(as: status), left.names == 0 else {
            return problems.append(Self.otherNames(path))
        }
        do throws(SystemCallError) {
            try Self.overwrite(file, size: min(left.size, Self.mostOverwritten), path)
            overwritten += 1
        } catch {
            notes.append("\(path.shown()) was removed, and not overwritten: \(error.reason)")
        }
    }

    private static func otherNames(_ path: FilePath) -> String {
        "\(path.shown()) was removed, and its content has another name: find that one and remove it"
    }

    /// Removes a name.
    ///
    /// - Returns: whether there was one to be removed; a mount has been told of.
    private mutating func unlink(
        _ name: FilePath.Component, in directory: borrowing Directory
    ) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            return try directory.remove(name)
        } catch  where error.errno == .resourceBusy {
            notes.append(ScrubVolumes.words(directory.path.appending(name)))
            return false
        }
    }

    /// Writes zeros over the content, and has them written to the disk: the kernel would forget them with the file.
    private static func overwrite(
        _ file: borrowing Descriptor, size: Int, _ path: FilePath
    ) throws(SystemCallError) {
        let zeros = [UInt8](repeating: 0, count: min(size, 1 << 20))
        var offset = 0
        while offset < size {
            let part = size - offset < zeros.count ? Array(zeros.prefix(size - offset)) : zeros
            try file.writeAll(part, at: offset, path: path)
            offset += part.count
        }
        if fdatasync(file.rawValue) == -1 {
            throw SystemCallError(call: "fdatasync", path: path, errno: Errno(rawValue: linux_errno()))
        }
    }

    // MARK: Directories

    private mutating func removeDirectory(
        _ name: FilePath.Component, in parent: borrowing Directory
    ) throws(SystemCallError) {
        var hasVolumes = false
        let known = failures
        for _ in 0..<Self.mostRounds {
            // What is read of a directory is read once. Deep directories have been moved up into this one since.
            let directory = try parent.openDirectory(name)
            guard mayEnter(directory, in: parent) else { return }
            guard try empty(directory, top: directory, depth: 0, &hasVolumes) else { break }
            if failures > known { return }
        }
        try removeEmptied(name, in: parent, hasVolumes)
    }

    private func mayEnter(_ directory: borrowing Directory, in parent: borrowing Directory) -> Bool {
        directory.mount == parent.mount || crossed.contains(directory.path)
    }

    private mutating func removeEmptied(
        _ name: FilePath.Component, in parent: borrowing Directory, _ hasVolumes: Bool
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            try parent.removeDirectory(name)
        } catch  where error.errno == .directoryNotEmpty && hasVolumes || error.errno == .resourceBusy {
            notes.append(ScrubVolumes.words(parent.path.appending(name)))
        } catch  where error.errno == .notDirectory {
            // Somebody has put something else in its place.
            _ = try unlink(name, in: parent)
        } catch  where error.errno == .noSuchFileOrDirectory {
            // Somebody else has removed it.
        }
    }

    /// Removes what is in a directory.
    ///
    /// - Parameters:
    ///   - top: the directory of the item: what lies too deep is moved there first.
    ///   - hasVolumes: is set where something stays because it is a mounted volume.
    /// - Returns: whether anything was there that could be removed or moved.
    private mutating func empty(
        _ directory: borrowing Directory, top: borrowing Directory, depth: Int, _ hasVolumes: inout Bool
    ) throws(SystemCallError) -> Bool {
        var hasFound = false
        for name in try directory.names() {
            let path = directory.path.appending(name)
            if volumes.isPoint(path), !crossed.contains(path) {
                hasVolumes = true
                notes.append(ScrubVolumes.words(path))
                continue
            }
            do throws(SystemCallError) {
                guard let status = try directory.status(name) else { continue }
                if status.kind != .directory {
                    try removeFile(name, status, in: directory)
                    hasFound = true
                } else if try moveUp(name, from: directory, to: top, depth) {
                    hasFound = true
                } else {
                    hasFound = try removeInner(name, in: directory, top: top, depth, &hasVolumes) || hasFound
                }
            } catch  where error.errno == .noSuchFileOrDirectory {
                // Somebody else has removed it.
            } catch {
                fail(path, error.reason)
            }
        }
        return hasFound
    }

    /// Moves a directory that lies too deep up, so that not all that are above it need be open.
    ///
    /// - Returns: whether it was moved: an overlay moves no directory of a lower layer, which may be emptied where it is.
    private func moveUp(
        _ name: FilePath.Component, from directory: borrowing Directory, to top: borrowing Directory, _ depth: Int
    ) throws(SystemCallError) -> Bool {
        guard depth >= Self.mostDepth else { return false }
        do throws(SystemCallError) {
            try directory.move(name, to: TemporaryName.make(for: "scrub"), in: top)
            return true
        } catch  where error.errno == .improperLink && depth < 4 * Self.mostDepth {
            return false
        }
    }

    private mutating func removeInner(
        _ name: FilePath.Component, in directory: borrowing Directory, top: borrowing Directory, _ depth: Int,
        _ hasVolumes: inout Bool
    ) throws(SystemCallError) -> Bool {
        let inner: Directory
        do throws(SystemCallError) {
            inner = try directory.openDirectory(name)
        } catch  where [.notDirectory, .tooManySymbolicLinkLevels].contains(error.errno) {
            // Somebody has put something else in its place: the link itself goes.
            return try unlink(name, in: directory)
        }
        guard mayEnter(inner, in: directory) else {
            hasVolumes = true
            notes.append(ScrubVolumes.words(inner.path))
            return false
        }
        var hasInnerVolumes = false
        let known = failures
        _ = try empty(inner, top: top, depth: depth + 1, &hasInnerVolumes)
        hasVolumes = hasVolumes || hasInnerVolumes
        if failures > known { return false }
        try removeEmptied(name, in: directory, hasInnerVolumes)
        return !hasInnerVolumes
    }
}
