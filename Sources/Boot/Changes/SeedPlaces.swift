import Linux
package import SystemPackage
internal import Text

/// A directory of image policy in which the seed user may make directories.
package struct SeedDirectory: Equatable, Sendable {
    package let path: FilePath
    /// What is mounted there; `nil` for what the image has there.
    package let volume: Volume?

    package init(_ path: FilePath, on volume: Volume? = nil) {
        self.path = path
        self.volume = volume
    }

    /// A mount as `/proc/self/mountinfo` has it (proc_pid_mountinfo(5)).
    package struct Volume: Equatable, Sendable {
        package let source: String
        package let type: String
        /// The directory of the file system that is mounted.
        package let root: String
        /// Where; `nil` for anywhere.
        package let point: FilePath?

        package init(source: String, type: String, root: String = "/", point: FilePath? = nil) {
            self.source = source
            self.type = type
            self.root = root
            self.point = point
        }

        /// Whether a mount is this one, byte for byte: to a file system two ways of writing an accent are two names.
        func matches(_ mount: Mount) -> Bool {
            mount.source.utf8.elementsEqual(source.utf8) && mount.type.utf8.elementsEqual(type.utf8)
                && mount.root.utf8.elementsEqual(root.utf8) && (point == nil || point == mount.point)
        }
    }
}

/// Where the seed user may make directories.
package struct SeedPlaces: Sendable {
    /// `nil` for anywhere.
    private let directories: [SeedDirectory]?
    /// Whether the author of the pod spec is not to be trusted: then only directly in the directories, and on no mount that
    /// image policy does not describe.
    private let isStrict: Bool

    /// - Parameters:
    ///   - directories: the directories of image policy; `nil` when it names none, which means anywhere unless `isStrict`.
    ///   - isStrict: whether the author of the pod spec is not to be trusted.
    package init(_ directories: [SeedDirectory]? = nil, isStrict: Bool = false) {
        self.directories = directories ?? (isStrict ? [] : nil)
        self.isStrict = isStrict
    }

    /// The mounts of the container, and the number of the root directory's.
    struct Mounts {
        let all: [Mount]
        let root: UInt64
    }

    /// What image policy says of a place.
    ///
    /// - Parameters:
    ///   - parent: where something is to be made.
    ///   - target: the directory that is wanted in the end.
    ///   - made: what has just been made above that.
    /// - Returns: `nil` when the seed user may work there whatever is mounted; nothing when it may not.
    func named(_ parent: FilePath, for target: FilePath, made: [FilePath]) -> [SeedDirectory]? {
        guard let directories else { return nil }
        if isStrict {
            return directories.filter { parent == $0.path || made.contains(parent) && parent.starts(with: $0.path) }
        }
        let above = directories.filter { target != $0.path && target.starts(with: $0.path) }
        // The plan has left out the seed user where policy names no place; what has brought it back is not the pod's doing.
        if above.isEmpty || above.contains(where: { $0.volume == nil }) { return nil }
        return above.filter { parent.starts(with: $0.path) }
    }

    /// Why the seed user makes nothing in a directory that was opened.
    ///
    /// - Parameters:
    ///   - directory: the directory; its descriptor tells the mount, whatever its path leads to by now.
    ///   - named: what image policy says of its path.
    ///   - mounts: the mounts of the container.
    func refusal(of directory: borrowing Directory, _ named: [SeedDirectory], _ mounts: Mounts) -> String? {
        let number = directory.mount
        let mount = number == 0 ? nil : mounts.all.first { $0.id == number }
        let isNamed = named.contains { place in
            guard let volume = place.volume else { return number == mounts.root && number != 0 }
            return mount.map(volume.matches) ?? false
        }
        if isNamed { return nil }
        let path = directory.path.shown()
        guard let mount else { return "the seed user does nothing in \(path): nothing tells which mount it lies on" }
        return "the seed user does nothing in \(path), which lies on a mount that the image's configuration does not "
            + "describe: if it is to work there, scratch.seedDirectories has {path: \(path), "
            + "source: \(Self.quoted(mount.source)), root: \(Self.quoted(mount.root)), type: \(Self.quoted(mount.type)), "
            + "point: \(Self.quoted(mount.point.string))}"
    }

    /// A text as a YAML file can have it.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
                || [UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
        }
        // With a digit in front it might be a number.
        if isPlain, let first = text.utf8.first, !(0x30...0x39 ~= first), first != UInt8(ascii: "-") { return text }
        return "\"\(text.shown())\""
    }
}

extension Apply {
    /// The mounts as they are now, seen as root: whoever acts may not be able to look.
    func seedMounts() -> SeedPlaces.Mounts {
        let mounts = try? actors.acting(as: .root) { () throws(SystemCallError) in
            let root = try tree.open("/", [.pathOnly, .directory], links: .refuse).mount
            return SeedPlaces.Mounts(all: Mount.all(of: tree), root: root)
        }
        return mounts ?? SeedPlaces.Mounts(all: [], root: 0)
    }

    /// Why the seed user would make nothing at a place, as a dry run can see it.
    func seedRefusal(at parent: FilePath, _ named: [SeedDirectory]) throws(BootError) -> String? {
        let mounts = seedMounts()
        do throws(SystemCallError) {
            return try actors.acting(as: .seed) { () throws(SystemCallError) in
                seedPlaces.refusal(of: try tree.openParent(of: parent.appending("x"), links: .refuse), named, mounts)
            }
        } catch {
            // Trying it will tell, and an observer cannot see all.
            return nil
        }
    }
}
