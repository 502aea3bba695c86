internal import Boot
package import Linux
internal import SystemPackage
internal import Text

/// The environment that a boot has kept for the sessions of its user: what ``StateDirectory`` writes.
///
/// Whoever may have written it would run code in every later session. It is taken from nowhere but a
/// ``ProvenDirectory``, and only if it was kept for the user who asks.
package struct KeptEnvironment: Equatable, Sendable {
    /// The entries byte for byte, in their order: without NUL, and perhaps without `=`.
    package let entries: [[UInt8]]

    /// Why a user has none, in words.
    package enum Absence: Error, Equatable, Sendable {
        /// No boot has kept one for this user.
        case nothing(String)
        /// There is something in its place, and it is not to be trusted or cannot be read.
        case unusable(String)

        /// The words.
        package var words: String {
            switch self {
            case .nothing(let words), .unusable(let words): words
            }
        }
    }

    /// The file that has the entries, each with NUL behind it.
    static let name: FilePath.Component = "environment"
    /// The file that says in decimal for which user that one is: for all to read, beside entries that are not.
    static let userName: FilePath.Component = "environment.user"
    /// The most bytes of an environment, more than the kernel lets a program have (6 MiB, execve(2)).
    static let limit = 8 << 20

    /// Finds the environment for the user whom the process acts as.
    ///
    /// - Parameters:
    ///   - user: the user's id.
    ///   - tree: the container's files.
    /// - Returns: that of a boot with privileges, else that of one of the user's own.
    /// - Throws: why there is none. Root never has one: with the user's `HOME` its shells would run the user's files.
    package static func find(
        for user: UInt32 = CurrentProcess.effectiveUser, in tree: FileTree = FileTree()
    ) throws(Absence) -> KeptEnvironment {
        if user == 0 { throw .nothing("the environment of a boot is its user's, and never root's") }
        var nothing: [String] = []
        var unusable: [String] = []
        let own = FilePath(Paths.userStatePrefix + String(user))
        for (path, owner) in [(Paths.state, 0), (own, user)] as [(FilePath, UInt32)] {
            do throws(Absence) {
                return try read(path, of: owner, for: user, in: tree)
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

    private static func read(
        _ path: FilePath, of owner: UInt32, for user: UInt32, in tree: FileTree
    ) throws(Absence) -> KeptEnvironment {
        let record = path.appending(userName)
        do throws(ProvenDirectory.Failure) {
            let directory = try ProvenDirectory(path, of: owner, in: tree)
            // A directory of the user's own says by its owner whose the environment is.
            if owner == user { return KeptEnvironment(entries: try entries(in: directory, path)) }
            let file = try directory.open(userName)
            if try bytes(of: file, record, limit: 16) == userText(user) {
                let entries = try entries(in: directory, path)
                // A boot for another user removes the record before it writes that user's environment.
                if try isNamed(file, record) { return KeptEnvironment(entries: entries) }
            }
        } catch {
            throw Absence(error)
        }
        throw .nothing("\(path.appending(name).shown()) is another user's")
    }

    /// What the record of a user says.
    static func userText(_ user: UInt32) -> [UInt8] { Array("\(user)\n".utf8) }

    private static func entries(
        in directory: borrowing ProvenDirectory, _ path: FilePath
    ) throws(ProvenDirectory.Failure) -> [[UInt8]] {
        let file = path.appending(name)
        let content = try bytes(of: try directory.open(name), file, limit: limit + 1)
        // An entry that is cut short would be taken for what it is not.
        guard content.count <= limit, content.last ?? 0 == 0 else {
            throw .call(SystemCallError(call: "read", path: file, errno: .invalidArgument))
        }
        return content.split(separator: 0).map { Array($0) }
    }

    private static func bytes(
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
            self = .unusable("cannot read\(place): \(error.reason) (\(error.symbol))")
        }
    }
}

extension ProvenDirectory.Problem {
    /// What speaks against a file, as it follows the file's path.
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
