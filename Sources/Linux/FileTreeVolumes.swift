private import CLinux

/// The open directories that another root consists of. They are opened once, by whoever asks: the users of a container need
/// not be able to pass the directories above its root.
final class OpenRoot: Sendable {
    /// A directory that is shown at a path of the tree.
    struct Volume: Sendable {
        /// Where it is shown, in normal form and without links.
        let path: FilePath
        let directory: CInt
        /// Whether no name is found in it.
        let isEmpty: Bool
    }

    let directory: CInt
    /// What is shown in the tree; one whose path leads into another comes after it.
    let volumes: [Volume]

    /// Takes over the open descriptors.
    init(_ directory: CInt, volumes: [Volume]) {
        self.directory = directory
        self.volumes = volumes
    }

    deinit {
        Descriptor.closeQuietly(directory)
        for volume in volumes { Descriptor.closeQuietly(volume.directory) }
    }
}

extension FileTree {
    /// Opens a directory as the root of a tree, and directories that stand for what is mounted in it.
    ///
    /// - Parameters:
    ///   - root: the directory, an absolute path.
    ///   - volumes: paths of the tree, and the directory that is shown at each. Nothing need be there.
    ///   - empty: a directory of this machine that is shown at its own path in the tree, in which no name is found; `nil`
    ///     for none.
    /// - Throws: the error of openat(2) for the first directory that cannot be opened.
    package init(
        opening root: FilePath, volumes: [(path: FilePath, directory: FilePath)], empty: FilePath? = nil
    ) throws(SystemCallError) {
        var shown: [Shown] = []
        var tree = try FileTree(opening: root, shown)
        let all = volumes.map { Shown(path: $0.path, directory: $0.directory, isEmpty: false) }
        let further = empty.map { [Shown(path: $0, directory: $0, isEmpty: true)] } ?? []
        for var volume in (all + further).sorted(by: { $0.path.components.count < $1.path.components.count }) {
            // A runtime also follows the image's links, but leads none of them out.
            volume.path = (try? tree.withoutLinks(volume.path, followsLast: true)) ?? volume.path
            shown.append(volume)
            tree = try FileTree(opening: root, shown)
        }
        self = tree
    }

    /// A volume that is to be opened.
    private struct Shown {
        var path: FilePath
        let directory: FilePath
        let isEmpty: Bool
    }

    private init(opening root: FilePath, _ volumes: [Shown]) throws(SystemCallError) {
        func open(_ path: FilePath) throws(SystemCallError) -> CInt {
            try systemCall("openat", path) {
                path.withPlatformString { openat(AT_FDCWD, $0, OpenOptions([.pathOnly, .directory]).flags) }
            }
        }
        var opened: [OpenRoot.Volume] = []
        for volume in volumes {
            opened.append(
                OpenRoot.Volume(
                    path: volume.path, directory: try open(volume.directory), isEmpty: volume.isEmpty))
        }
        self.init(root: root, open: OpenRoot(try open(root), volumes: opened))
    }

    /// What is shown in the tree: where, and the number of the mount that it comes from.
    package var volumes: [(path: FilePath, mount: UInt64)] {
        openRoot?.volumes.map { ($0.path, linux_mount_id($0.directory)) } ?? []
    }

    /// Whether a path leads into a directory that stands for what is mounted in the tree.
    package func isInVolume(_ path: FilePath) -> Bool {
        guard let open = openRoot, !open.volumes.isEmpty else { return false }
        let place = (try? withoutLinks(path, followsLast: true)) ?? path
        return open.volumes.contains { place.starts(with: $0.path) }
    }

    /// Opens the file at a path in a tree that shows further directories.
    func openAcrossVolumes(
        _ path: FilePath, _ options: OpenOptions, _ mode: ModeBits, _ links: LinkPolicy
    ) throws(SystemCallError) -> Descriptor {
        let place = links == .follow ? try withoutLinks(path, followsLast: !options.contains(.noFollow)) : path
        return try openPlace(place, options, mode)
    }
}

extension FileTree {
    /// How many links a path may have (path_resolution(7)).
    private static let mostLinks = 40

    /// A path with its links followed, as far as something is there; what is missing stays as it is.
    ///
    /// - Parameter followsLast: whether a link as the last component is followed, too.
    /// - Throws: the error of looking at a component of the path.
    private func withoutLinks(_ path: FilePath, followsLast: Bool) throws(SystemCallError) -> FilePath {
        var rest: [FilePath.Component] = path.components.reversed()
        var place: FilePath = "/"
        var followed = 0
        while let name = rest.popLast() {
            if name.string == ".." { place.removeLastComponent() }
            if name.string == ".." || name.string == "." { continue }
            let next = place.appending(name)
            guard followsLast || !rest.isEmpty, let target = try linkTarget(atPlace: next) else {
                place = next
                continue
            }
            guard followed < Self.mostLinks else {
                throw SystemCallError(call: "openat2", path: path, errno: .tooManySymbolicLinkLevels)
            }
            followed += 1
            if target.isAbsolute { place = "/" }
            rest += target.components.reversed()
        }
        return place
    }

    private func linkTarget(atPlace place: FilePath) throws(SystemCallError) -> FilePath? {
        do throws(SystemCallError) {
            return try openPlace(place, [.pathOnly, .noFollow], 0).linkTarget(path: place)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Opens what is at a place, on the way to which nothing is a link.
    private func openPlace(
        _ place: FilePath, _ options: OpenOptions, _ mode: ModeBits
    ) throws(SystemCallError) -> Descriptor {
        guard let open = openRoot else { return try openPlain(AT_FDCWD, place, options, mode) }
        let around = open.volumes.filter { place.starts(with: $0.path) }
        let volume = around.max { $0.path.components.count < $1.path.components.count }
        var inside = place
        // It succeeds: the place begins so.
        _ = inside.removePrefix(volume?.path ?? "/")
        do throws(SystemCallError) {
            if let volume, inside.isEmpty { try enterParent(of: volume.path) }
            if let volume, volume.isEmpty, !inside.isEmpty {
                throw SystemCallError(call: "openat2", path: place, errno: .noSuchFileOrDirectory)
            }
            return try openBeneath(volume?.directory ?? open.directory, inside, options, mode, path: place)
        } catch  where error.errno == .noSuchFileOrDirectory {
            guard open.volumes.contains(where: { $0.path != place && $0.path.starts(with: place) }) else { throw error }
            // A runtime makes the directories above a mount like the root directory: root's, and open to all.
            return try openBeneath(open.directory, "", options, mode, path: place)
        }
    }

    /// Checks that the caller can pass the directory in which a volume is shown, if there is one.
    private func enterParent(of place: FilePath) throws(SystemCallError) {
        do throws(SystemCallError) {
            let parent = try openPlace(place.parent, [.pathOnly, .directory], 0)
            _ = try openBeneath(parent.rawValue, ".", [.pathOnly, .directory], 0, path: place)
        } catch  where error.errno == .noSuchFileOrDirectory {
            // It is made with the volume.
        }
    }

    /// Opens what is at a relative path, or with an empty one the directory itself.
    private func openBeneath(
        _ directory: CInt, _ inside: FilePath, _ options: OpenOptions, _ mode: ModeBits, path: FilePath
    ) throws(SystemCallError) -> Descriptor {
        if inside.isEmpty && options.contains(.pathOnly) {
            // A path would ask for the right to pass the directory, which is not needed to look at it.
            return Descriptor(owning: try systemCall("fcntl", path) { fcntl(directory, F_DUPFD_CLOEXEC, 0) })
        }
        let inside = inside.isEmpty ? "." : inside
        let resolve = linux_RESOLVE_NO_MAGICLINKS | linux_RESOLVE_NO_SYMLINKS
        do throws(SystemCallError) {
            return try openResolved(directory, inside, options, mode, resolve, path: path)
        } catch  where error.errno == .noFunction || error.errno == .notPermitted {
            return try openPlain(directory, inside, options.union(.noFollow), mode)
        }
    }
}
