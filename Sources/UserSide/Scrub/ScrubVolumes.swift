internal import Boot
internal import Linux

/// Which mounts a scrub may enter: the root directory's, which an image is made of, and no other unless it is told to.
struct ScrubVolumes: Sendable {
    /// Where something is mounted, as `/proc` tells it: a volume whose server hangs must not even be looked at.
    private let mounts: [Mount]
    private let points: Set<FilePath>
    private let root: UInt64

    /// On which other mounts than the root directory's a path may be.
    enum Permission: Sendable {
        case nothing
        /// The runtime's own file systems in memory.
        case memory
        /// Any: somebody has named the path itself.
        case volume
    }

    /// - Throws: the error of opening the root directory.
    init(of tree: FileTree) throws(SystemCallError) {
        root = try tree.open("/", [.pathOnly, .directory], links: .refuse).mount
        // Those of a fake root are not its own.
        mounts = tree.isRealRoot ? Mount.all(of: tree) : []
        points = Set(mounts.map { $0.point })
    }

    /// Whether something is mounted exactly there.
    func isPoint(_ path: FilePath) -> Bool { path != "/" && points.contains(path) }

    /// Whether a directory may be opened, as far as the list of mounts tells it.
    func permits(_ path: FilePath, _ permission: Permission, _ crossed: [FilePath]) -> Bool {
        guard let mount = Mount.holding(path, in: mounts), mount.point != "/" else { return true }
        return switch permission {
        case .nothing: crossed.contains(mount.point)
        case .memory: mount.isMemory && Self.memory.contains(mount.point) || crossed.contains(mount.point)
        case .volume: true
        }
    }

    /// Whether an open directory may be worked in, whatever the list of mounts tells.
    ///
    /// - Throws: the error of asking for its file system.
    func permits(
        _ directory: borrowing Directory, _ path: FilePath, _ permission: Permission, _ crossed: [FilePath]
    ) throws(SystemCallError) -> Bool {
        if root != 0 && directory.mount == root { return true }
        switch permission {
        case .volume: return true
        case .memory where Self.memory.contains(path): return try directory.isInMemory
        default: return crossed.contains { path.starts(with: $0) }
        }
    }

    /// Where a runtime has memory of its own.
    private static let memory: [FilePath] = ["/run", "/dev", "/dev/shm"]

    /// What people are told of a volume.
    static func words(_ path: FilePath) -> String { "\(path.shown()) was not entered: a volume is mounted there" }
}
