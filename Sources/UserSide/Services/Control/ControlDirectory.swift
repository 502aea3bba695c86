package import Boot
package import Linux
internal import Text

/// Why nobody can ask a keeper.
package struct ControlRefusal: Error, Equatable, Sendable {
    /// What the log tells.
    package let note: Note

    init(_ words: String) { note = Note(.servicesControl, words) }

    init(_ words: String, _ error: SystemCallError) { note = Note(.servicesControl, words, error) }
}

/// The directory in which a keeper listens, and no other keeper at the same time.
package struct ControlDirectory: ~Copyable {
    /// The name of the socket.
    static let socket: FilePath.Component = "control"
    private static let lock: FilePath.Component = "lock"

    private let directory: Directory
    /// Locked for as long as this keeper lives.
    private let locked: Descriptor

    /// Where the keeper of a user's services listens, in the order in which it is looked for.
    package static func places(of user: UInt32) -> [FilePath] {
        [Paths.state.appending("services-\(user)"), FilePath("\(Paths.userStatePrefix)\(user)")]
    }

    /// Opens the directory, and takes it for this process.
    ///
    /// - Parameters:
    ///   - path: the directory, which is made where it is missing; the one above it is there.
    ///   - user: its owner, who alone may enter it.
    /// - Throws: why nobody can be served there.
    package init(_ path: FilePath, of user: UInt32) throws(ControlRefusal) {
        let directory = try Self.open(path, of: user)
        let locked = try Self.takeLock(in: directory)
        self.directory = directory
        self.locked = locked
    }

    /// Opens the directory itself, and no link, after it has been made where it was missing.
    private static func open(_ path: FilePath, of user: UInt32) throws(ControlRefusal) -> Directory {
        do throws(SystemCallError) {
            guard let name = path.lastComponent else {
                throw SystemCallError(call: "openat", path: path, errno: .invalidArgument)
            }
            let parent = try FileTree().openParent(of: path, links: .follow)
            if try parent.status(name) == nil { try parent.makeDirectory(name, mode: 0o700) }
            let directory = try parent.openDirectory(name)
            let status = try directory.status()
            guard status.user == user, status.mode.rawValue & 0o077 == 0 else {
                throw SystemCallError(call: "", path: path, errno: .notPermitted)
            }
            return directory
        } catch  where error.call.isEmpty {
            let words = "nobody can ask for services: \(path.shown()) is not a directory of uid \(user) alone (0700)"
            throw ControlRefusal(words)
        } catch {
            throw refusal(path, error)
        }
    }

    private static func takeLock(in directory: borrowing Directory) throws(ControlRefusal) -> Descriptor {
        do throws(SystemCallError) {
            let lock = try directory.open(lock, [.readWrite, .create], mode: 0o600)
            try lock.lock()
            return lock
        } catch  where error.errno == .wouldBlock {
            throw ControlRefusal("nobody can ask for these services: another keeper has \(directory.path.shown())")
        } catch {
            throw refusal(directory.path, error)
        }
    }

    private static func refusal(_ path: FilePath, _ error: SystemCallError) -> ControlRefusal {
        ControlRefusal("nobody can ask for services: cannot use \(path.shown())", error)
    }

    /// Listens, in the place of a keeper that has ended.
    ///
    /// - Throws: why nobody can be served there.
    package func listen() throws(ControlRefusal) -> Descriptor {
        do throws(SystemCallError) {
            if try isAnswered() {
                throw SystemCallError(call: "bind", path: directory.path, errno: .fileExists)
            }
            return try LocalSocket.listen(at: Self.socket, in: directory)
        } catch {
            throw Self.refusal(directory.path, error)
        }
    }

    /// Whether somebody answers already. A socket of a keeper that was killed is removed.
    private func isAnswered() throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try LocalSocket.connect(to: Self.socket, in: directory)
            return true
        } catch  where error.errno == .noSuchFileOrDirectory {
            return false
        } catch  where error.errno == .connectionRefused {
            _ = try directory.remove(Self.socket)
            return false
        }
    }
}
