package import Linux

/// The file into which one step writes what it exports. It is in a directory of its own, where only the boot can
/// create, replace or remove a name, and it is read through a descriptor that was opened before the step began.
package struct ExportFile: ~Copyable {
    /// The file's path.
    package let path: FilePath
    private let parent: Directory
    private let directory: Directory
    private let file: Descriptor

    private static let name: FilePath.Component = "exports"
    /// What helps if none of the places can be used.
    ///
    /// - Parameter places: the possible places.
    package static func remedy(places: [FilePath]) -> String {
        "neither \(places.map { $0.string }.joined(separator: " nor ")) is root's alone: mount an emptyDir with medium: Memory at "
            + "/dev/shm"
    }

    /// Makes the file.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - places: the possible places, in order of preference: nothing in them must outlive the container.
    ///   - owner: who may write to the file; `nil` for the process itself.
    /// - Throws: why the last of the places cannot be used.
    package init(in tree: FileTree, places: [FilePath], for owner: Credentials?) throws(SystemCallError) {
        var failure = SystemCallError(call: "openat", errno: .noSuchFileOrDirectory)
        for place in places {
            do throws(SystemCallError) {
                self = try ExportFile(in: place, tree, owner)
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private init(in place: FilePath, _ tree: FileTree, _ owner: Credentials?) throws(SystemCallError) {
        let name = TemporaryName.make(for: "step")
        let path = place.appending(name).appending(Self.name)
        let parent = try tree.openDirectory(place, links: .refuse)
        guard try Self.isFit(parent, in: tree) else {
            throw SystemCallError(call: "mkdirat", path: path, errno: .notPermitted)
        }
        try parent.makeDirectory(name, mode: 0o700)
        let directory = try parent.openDirectory(name)
        guard try directory.status().user == CurrentProcess.effectiveUser else {
            throw SystemCallError(call: "mkdirat", path: path, errno: .staleNFSFileHandle)
        }
        let file = try directory.open(Self.name, [.readWrite, .create, .exclusive], mode: 0o600)
        if let owner {
            try file.setOwner(user: owner.user, group: owner.group, path: path)
            // The owner may pass through the directory, and nothing more.
            try directory.setMode(0o711)
        }
        self.path = path
        self.parent = parent
        self.directory = directory
        self.file = file
    }

    /// Whether a file that is made in a directory is the one that is read back: nobody else can rename it there, and no
    /// server of one of the pod's volumes can give root other bytes for it.
    ///
    /// - Throws: the error of looking.
    private static func isFit(_ place: borrowing Directory, in tree: FileTree) throws(SystemCallError) -> Bool {
        let status = try place.status()
        if status.letsOthersRename { return false }
        guard CurrentProcess.effectiveUser == 0 else { return true }
        guard status.user == 0 else { return false }
        let root = try tree.open("/", [.pathOnly, .directory], links: .refuse).mount
        if root != 0 && place.mount == root { return true }
        return try place.isInMemory
    }

    /// What the step has written, with one byte too many if it is too long.
    ///
    /// - Throws: the error of read(2); ESTALE when another file has taken the name, because its content would be lost.
    package func read() throws(SystemCallError) -> [UInt8] {
        let own = try file.status(path: path)
        guard let named = try directory.status(Self.name), named.isSame(as: own) else {
            throw SystemCallError(call: "fstatat", path: path, errno: .staleNFSFileHandle)
        }
        return try file.readAll(limit: StepExports.limit + 1, expected: own.size, path: path)
    }

    /// Removes the file and its directory.
    package func remove() {
        _ = try? directory.remove(Self.name)
        if let name = path.parent.lastComponent { _ = try? parent.removeDirectory(name) }
    }
}
