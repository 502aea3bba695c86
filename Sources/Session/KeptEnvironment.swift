internal import Boot
package import Linux
internal import Text

/// The environment that a boot has kept for the sessions of its user: what ``StateDirectory`` writes.
///
/// Whoever could write it could run code in every later session. It is therefore read only from a
/// ``ProvenDirectory``, and only if it was kept for the user who asks.
package struct KeptEnvironment: Equatable, Sendable {
    /// The entries byte for byte, in their order: without NUL, and perhaps without `=`.
    package let entries: [[UInt8]]
    /// The names of the variables whose values are in files: the entries have `NAME_FILE` with the path.
    package let secretNames: [String]

    /// Why there is no environment for a user.
    package enum Absence: Error, Equatable, Sendable {
        /// No boot has kept one for this user.
        case nothing(String)
        /// Something is in its place that is not to be trusted or cannot be read.
        case unusable(String)

        /// The words.
        package var words: String {
            switch self {
            case .nothing(let words), .unusable(let words): words
            }
        }
    }

    /// The file that has the entries, each of them followed by NUL.
    static let name: FilePath.Component = "environment"
    /// The file that names, in decimal, the user whose environment it is. Everybody may read it, unlike the entries.
    static let userName: FilePath.Component = "environment.user"
    /// The file that has the names of the variables whose values are in files, one on each line.
    static let secretsName: FilePath.Component = "environment.secrets"
    /// The longest environment, in bytes; more than the kernel lets a program have (6 MiB, execve(2)).
    static let limit = 8 << 20

    /// Finds the environment for the user whom the process acts as.
    ///
    /// - Parameters:
    ///   - user: the user's id.
    ///   - tree: the container's files.
    /// - Returns: the environment of a boot with privileges, or otherwise that of the user's own boot.
    /// - Throws: why there is none. Root never has one: with the user's `HOME` its shells would run the user's files.
    package static func find(
        for user: UInt32 = CurrentProcess.effectiveUser, in tree: FileTree = FileTree()
    ) throws(Absence) -> KeptEnvironment {
        if user == 0 { throw .nothing("the environment of a boot is its user's, and never root's") }
        return try find(for: user, in: tree) { path, owner throws(Absence) in
            try read(path, of: owner, for: user, in: tree)
        }
    }

    /// Looks where boots keep their state: those with privileges, and the user's own.
    ///
    /// - Throws: why there is nothing to be read.
    static func find<Found>(
        for user: UInt32, in tree: FileTree, read: (FilePath, UInt32) throws(Absence) -> Found
    ) throws(Absence) -> Found {
        var nothing: [String] = []
        var unusable: [String] = []
        let own = FilePath(Paths.userStatePrefix + String(user))
        for (path, owner) in [(Paths.state, 0), (own, user)] as [(FilePath, UInt32)] {
            do throws(Absence) {
                try proveMount(of: path, in: tree)
                return try read(path, owner)
            } catch {
                switch error {
                case .nothing(let words): nothing.append(words)
                case .unusable(let words): unusable.append(words)
                }
            }
        }
        throw unusable.isEmpty
            ? .nothing(nothing.joined(separator: "; ")) : .unusable(unusable.joined(separator: "; "))
    }

    /// Proves, without opening anything there, that no server has to answer for a directory of a boot's state.
    ///
    /// - Throws: which mount is to blame.
    static func proveMount(of path: FilePath, in tree: FileTree) throws(Absence) {
        guard let mount = Mount.holding(path, in: Mount.all(of: tree)), mount.point != "/", !mount.isMemory else {
            return
        }
        throw .unusable("\(mount.point.shown()) \(ProvenDirectory.Problem.mounted.words)")
    }

    /// Reads the environment of a user.
    ///
    /// - Throws: why there is none.
    static func read(
        _ path: FilePath, of owner: UInt32, for user: UInt32, in tree: FileTree
    ) throws(Absence) -> KeptEnvironment {
        let record = path.appending(userName)
        do throws(ProvenDirectory.Failure) {
            let directory = try ProvenDirectory(path, of: owner, in: tree)
            // The owner of a user's own directory is the user of the environment.
            if owner == user { return try environment(in: directory, path) }
            let file = try directory.open(userName)
            if try bytes(of: file, record, limit: 16) == userText(user) {
                let found = try environment(in: directory, path)
                // A boot for another user removes the record before it writes that user's environment.
                if try isNamed(file, record) { return found }
            }
        } catch {
            throw Absence(error)
        }
        throw .nothing("\(path.appending(name).shown()) is another user's")
    }

    /// The content of the file that names the user.
    static func userText(_ user: UInt32) -> [UInt8] { Array("\(user)\n".utf8) }

    private static func environment(
        in directory: borrowing ProvenDirectory, _ path: FilePath
    ) throws(ProvenDirectory.Failure) -> KeptEnvironment {
        let entries = try entries(in: directory, path)
        return KeptEnvironment(entries: entries, secretNames: try secretNames(in: directory, path))
    }

    private static func secretNames(
        in directory: borrowing ProvenDirectory, _ path: FilePath
    ) throws(ProvenDirectory.Failure) -> [String] {
        let file: Descriptor
        do throws(ProvenDirectory.Failure) {
            file = try directory.open(secretsName)
        } catch {
            if case .missing = error { return [] }
            throw error
        }
        let content = try bytes(of: file, path.appending(secretsName), limit: limit)
        return content.split(separator: .newline).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func entries(
        in directory: borrowing ProvenDirectory, _ path: FilePath
    ) throws(ProvenDirectory.Failure) -> [[UInt8]] {
        let file = path.appending(name)
        let content = try bytes(of: try directory.open(name), file, limit: limit + 1)
        // A truncated entry would be taken for something else.
        guard content.count <= limit, content.last ?? 0 == 0 else {
            throw .call(SystemCallError(call: "read", path: file, errno: .invalidArgument))
        }
        return content.split(separator: 0).map { Array($0) }
    }

    /// What is in a file that a boot has kept.
    static func bytes(
        of file: borrowing Descriptor, _ path: FilePath, limit: Int
    ) throws(ProvenDirectory.Failure) -> [UInt8] {
        do throws(SystemCallError) {
            return try file.readAll(limit: limit, path: path)
        } catch {
            throw .call(error)
        }
    }

    private static func isNamed(
        _ file: borrowing Descriptor, _ path: FilePath
    ) throws(ProvenDirectory.Failure) -> Bool {
        do throws(SystemCallError) {
            return try file.status(path: path).names == 1
        } catch {
            throw .call(error)
        }
    }
}

extension KeptEnvironment.Absence {
    init(_ failure: ProvenDirectory.Failure) {
        switch failure {
        case .missing(let path): self = .nothing("there is no \(path.shown())")
        case .untrusted(let path, let problem): self = .unusable("\(path.shown()) \(problem.words)")
        case .call(let error):
            let place = error.path.map { " \($0.shown())" } ?? ""
            self = .unusable("cannot read\(place): \(error.reason)")
        }
    }
}

extension ProvenDirectory.Problem {
    /// What is wrong with a file, in words that follow the file's path.
    fileprivate var words: String {
        switch self {
        case .owner(let user): "belongs to user \(user)"
        case .writable: "can be written to by others, or what is in it replaced"
        case .mounted: "is a mount of the pod's, and not in memory: see volumeMounts in the pod spec"
        case .link: "is a symbolic link"
        case .kind: "is not what a boot makes there"
        case .names(let count): "has \(count) names"
        }
    }
}
