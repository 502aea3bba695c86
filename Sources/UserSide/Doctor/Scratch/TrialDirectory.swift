internal import Linux
internal import Text

/// A directory in which files are made for a trial, and removed.
///
/// Everything is done in the directory that was opened, with names that nobody else has, and follows no link. What a trial
/// that was killed has left has a name that says so, and the next one of the same user removes it.
struct TrialDirectory: ~Copyable {
    let directory: Directory
    let path: FilePath

    /// What the names of all files begin with.
    static let prefix = ".entrypoint-doctor-"
    /// The most bytes of a directory in which leftovers are looked for: to read all names of a large one takes too long.
    private static let mostBytes = 1 << 20
    /// How long something must have been there before it counts as left, in seconds.
    private static let age = 60

    /// Opens a directory to make files in it, also one whose names may not be read.
    ///
    /// - Throws: the error of openat2(2).
    init(_ path: FilePath, links: LinkPolicy) throws(SystemCallError) {
        self.path = path
        directory = try FileTree().openParent(of: path.appending("."), links: links)
    }

    /// A name that no file has.
    static func makeName() -> FilePath.Component {
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return FilePath.Component("\(prefix)\(CurrentProcess.id)-\(random)") ?? ".entrypoint-doctor"
    }

    /// Makes an empty file of a name that must be free.
    ///
    /// - Throws: the error of openat(2).
    func make(_ name: FilePath.Component) throws(SystemCallError) -> Descriptor {
        try directory.open(name, [.readWrite, .create, .exclusive], mode: 0o666)
    }

    /// Removes what trials of the same user have left some time ago, according to the clock of the file system.
    ///
    /// - Parameter status: that of a file that was just made there.
    func removeLeftovers(of status: FileStatus) {
        // Whoever may not read the names has left nothing that anybody could find.
        guard let size = try? directory.status().size, size <= Self.mostBytes,
            let names = try? directory.openDirectory(".").names()
        else { return }
        for name in names where name.string.hasPrefix(Self.prefix) {
            guard let found = try? directory.status(name), found.kind == .file, found.user == status.user,
                found.modified.seconds < status.modified.seconds - Self.age
            else { continue }
            _ = try? directory.remove(name)
        }
    }
}
