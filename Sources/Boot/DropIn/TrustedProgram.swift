internal import Linux
internal import SystemPackage

/// Why something is not fit to be run with privileges.
enum Distrust: Error, Equatable, Sendable {
    case failed(SystemCallError)
    /// What is wrong with a file or directory, and what to do about it.
    case unsafe(String, remedy: String)
}

/// A program that nobody but root can have made what it is.
struct TrustedProgram {
    /// How many symbolic links a path may lead through (path_resolution(7)).
    private static let linkLimit = 40

    private let tree: FileTree
    /// The mount of the root directory, where the program must lie; `nil` when it may lie on any.
    private let mount: UInt64?

    /// Goes the way to a program: every directory on it, and the file, must belong to root, and be writable for him alone.
    ///
    /// What a directory of this kind holds can only be changed by root; a link in it is root's, and is gone along in the
    /// same way. So nothing on the way can become something else before the program is run.
    ///
    /// - Parameters:
    ///   - path: an absolute path.
    ///   - tree: the container's files.
    ///   - isImageOnly: whether it must be the image's, since whoever wrote the pod spec can have mounted what belongs to root.
    /// - Returns: the path without links, and what is there.
    /// - Throws: what is not so; ENOENT where there is nothing.
    static func find(
        _ path: FilePath, in tree: FileTree, isImageOnly: Bool
    ) throws(Distrust) -> (path: FilePath, status: FileStatus) {
        let mount = try perform { () throws(SystemCallError) in
            try isImageOnly ? tree.open("/", [.pathOnly, .directory], links: .refuse).mount : nil
        }
        return try TrustedProgram(tree: tree, mount: mount).find(path)
    }

    private func find(_ path: FilePath) throws(Distrust) -> (path: FilePath, status: FileStatus) {
        var place: FilePath = "/"
        var status = try look(place)
        var way = Array(path.components)
        var links = 0
        while !way.isEmpty {
            let component = way.removeFirst()
            if component.kind == .currentDirectory { continue }
            if component.kind == .parentDirectory {
                place = place.parent
                status = try look(place)
                continue
            }
            let next = place.appending(component)
            status = try look(next)
            guard status.kind == .link else {
                place = next
                continue
            }
            links += 1
            guard links <= Self.linkLimit else {
                throw .failed(SystemCallError(call: "openat2", path: path, errno: .tooManySymbolicLinkLevels))
            }
            let target = try Self.perform { () throws(SystemCallError) in
                try tree.openParent(of: next, links: .refuse).linkTarget(component)
            }
            if target.isAbsolute { place = "/" }
            way = Array(target.components) + way
        }
        return (place, status)
    }

    /// What is at a path, which may be a link; anything else must be root's alone.
    private func look(_ path: FilePath) throws(Distrust) -> FileStatus {
        let (status, mount) = try Self.perform { () throws(SystemCallError) in
            // Never through a link: those on the way have been gone along before.
            let file = try tree.open(path, [.pathOnly, .noFollow], links: .refuse)
            return (try file.status(path: path), self.mount == nil ? nil : file.mount)
        }
        let shown = Text.shown(path)
        // Where nothing tells the mount, nothing is trusted.
        guard self.mount == mount, mount != 0 else {
            throw .unsafe("\(shown) is mounted, and not the image's own", remedy: "make it part of the image")
        }
        if status.kind == .link { return status }
        guard status.user == 0 else {
            throw .unsafe("\(shown) belongs to user \(status.user)", remedy: "chown root:root \(shown)")
        }
        guard status.mode.rawValue & 0o022 == 0 else {
            throw .unsafe(
                "others than root can write to \(shown) (\(status.mode.octal))", remedy: "chmod go-w \(shown)")
        }
        return status
    }

    private static func perform<Result>(
        _ work: () throws(SystemCallError) -> Result
    ) throws(Distrust) -> Result {
        do throws(SystemCallError) {
            return try work()
        } catch {
            throw .failed(error)
        }
    }
}
