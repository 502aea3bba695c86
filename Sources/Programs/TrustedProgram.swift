package import Linux
internal import Text

/// A program that only root can have made what it is.
package struct TrustedProgram {
    /// Why something must not be run with privileges.
    package enum Refusal: Error, Equatable, Sendable {
        case failed(SystemCallError)
        /// What is wrong with a file or directory, and what to do about it.
        case unsafe(String, remedy: String)
    }

    /// How many symbolic links a path may contain (path_resolution(7)).
    private static let linkLimit = 40
    /// How many bytes of a file the kernel reads for its first line (BINPRM_BUF_SIZE).
    private static let firstLineLimit = 256

    private let tree: FileTree
    /// The mount of the root directory, where the program must be; `nil` if it may be on any mount.
    private let mount: UInt64?

    /// Follows the path to a program: root must own all of it, and only root may write to it.
    ///
    /// Only root can change what such a directory holds. A link in it is also root's, and is followed in the same way.
    /// So nothing on the way can become something else before the program is run.
    ///
    /// - Parameters:
    ///   - path: an absolute path.
    ///   - tree: the container's files.
    ///   - isImageOnly: whether it must be the image's, because the author of the pod spec may have mounted files that
    ///     belong to root.
    /// - Returns: the path without links, and the status of what is there.
    /// - Throws: which condition is not met; ENOENT if there is nothing.
    package static func find(
        _ path: FilePath, in tree: FileTree, isImageOnly: Bool
    ) throws(Refusal) -> (path: FilePath, status: FileStatus) {
        let mount = try perform { () throws(SystemCallError) in
            try isImageOnly ? tree.open("/", [.pathOnly, .directory], links: .refuse).mount : nil
        }
        let way = TrustedProgram(tree: tree, mount: mount)
        let found = try way.find(path)
        try way.findInterpreters(of: found)
        return found
    }

    /// A script does what its interpreter does, which may also be a script (execve(2), up to the fifth).
    private func findInterpreters(of program: (path: FilePath, status: FileStatus)) throws(Refusal) {
        var program = program
        for _ in 0..<5 where program.status.kind == .file {
            guard let interpreter = try interpreter(of: program.path) else { return }
            do throws(Refusal) {
                program = try find(interpreter)
            } catch {
                // The kernel will report that there is no interpreter.
                if case .failed(let error) = error, error.errno == .noSuchFileOrDirectory { return }
                throw error
            }
        }
    }

    /// The interpreter that the first line of a script names (execve(2)); `nil` for any other file.
    private func interpreter(of script: FilePath) throws(Refusal) -> FilePath? {
        let start = try Self.perform { () throws(SystemCallError) in
            try tree.open(script, [.readOnly, .nonBlocking], links: .refuse).readAll(limit: Self.firstLineLimit)
        }
        guard start.starts(with: "#!".utf8) else { return nil }
        let line = start.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let name = line.drop(while: { $0.isBlank }).prefix { !$0.isBlank }
        let path = FilePath(String(decoding: name, as: UTF8.self))
        // The kernel starts from the working directory for a relative path. Here that is `/`.
        return path.isEmpty ? nil : path.isAbsolute ? path : FilePath("/").pushing(path)
    }

    private func find(_ path: FilePath) throws(Refusal) -> (path: FilePath, status: FileStatus) {
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

    /// What is at a path. It may be a link; anything else must be root's alone.
    private func look(_ path: FilePath) throws(Refusal) -> FileStatus {
        let (status, mount) = try Self.perform { () throws(SystemCallError) in
            // No link is followed here, because those on the way have already been followed.
            let file = try tree.open(path, [.pathOnly, .noFollow], links: .refuse)
            return (try file.status(path: path), self.mount == nil ? nil : file.mount)
        }
        let shown = path.shown()
        // If the mount is unknown, nothing is trusted.
        guard self.mount == mount, mount != 0 else {
            throw .unsafe("\(shown) is mounted, and not the image's own", remedy: "make it part of the image")
        }
        if status.kind == .link { return status }
        guard status.user == 0 else {
            throw .unsafe("\(shown) belongs to user \(status.user)", remedy: "chown root:root \(shown)")
        }
        guard !status.isWritableByOthers else {
            throw .unsafe(
                "users other than root can write to \(shown) (\(status.mode.octal))", remedy: "chmod go-w \(shown)")
        }
        return status
    }

    private static func perform<Result>(
        _ work: () throws(SystemCallError) -> Result
    ) throws(Refusal) -> Result {
        do throws(SystemCallError) {
            return try work()
        } catch {
            throw .failed(error)
        }
    }
}
