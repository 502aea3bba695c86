package import Linux
internal import Text

/// A mount of the container, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
package struct Mount: Equatable, Sendable {
    /// The mount's number, which statx(2) also reports for an open file on it.
    package let id: UInt64
    /// The mounted directory of the file system, as the kernel writes it: nothing else shows a part of an export.
    package let root: String
    package let point: FilePath
    /// The file system's type, such as `nfs4`.
    package let type: String
    /// What is mounted, such as `10.0.0.5:/export`.
    package let source: String

    package init(id: UInt64 = 0, root: String = "/", point: FilePath, type: String, source: String) {
        self.id = id
        self.root = root
        self.point = point
        self.type = type
        self.source = source
    }

    /// Whether a server may treat root like nobody.
    package var isNetwork: Bool {
        type.hasPrefix("nfs") || type.hasPrefix("fuse")
            || ["cifs", "smb3", "ceph", "lustre", "gpfs", "9p"].contains(type)
    }

    /// Whether its content is gone when the container ends.
    package var isMemory: Bool { type == "tmpfs" || type == "ramfs" }

    /// All mounts, in the order of mounting; empty when they cannot be read.
    @export(interface) package static func all(of tree: FileTree) -> [Mount] {
        let bytes = (try? tree.read("/proc/self/mountinfo")) ?? nil
        return tree.isRealRoot ? parse(bytes ?? []) : all(of: tree, bytes.map(parse))
    }

    /// The mounts of another root.
    ///
    /// - Parameter own: those that it lists itself; `nil` where it has no list.
    private static func all(of tree: FileTree, _ own: [Mount]?) -> [Mount] {
        // A container that is not running has the mounts that every container has.
        let mounts =
            own ?? [
                Mount(point: "/", type: "overlay", source: "overlay"),
                Mount(point: "/dev/shm", type: "tmpfs", source: "shm"),
            ]
        let volumes = tree.volumes
        if volumes.isEmpty { return mounts }
        let here = all(of: FileTree())
        return mounts
            + volumes.map { path, number in
                let mount = here.first { $0.id == number }
                return Mount(
                    id: number, root: mount?.root ?? "/", point: path, type: mount?.type ?? "unknown",
                    source: mount?.source ?? "unknown")
            }
    }

    /// The mount that holds a path: of those with the longest mount point above the path, the last one mounted.
    @export(interface) package static func holding(_ path: FilePath, in mounts: [Mount]) -> Mount? {
        var best: Mount?
        for mount in mounts where path.starts(with: mount.point) {
            if mount.point.components.count >= best?.point.components.count ?? 0 { best = mount }
        }
        return best
    }

    /// Reads the lines of the file; anything else is skipped.
    package static func parse(_ text: [UInt8]) -> [Mount] {
        // Bytes are compared: a name that begins with a combining accent would join with the space before it.
        text.split(separator: .newline).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "))
            guard let separator = fields.firstIndex(where: { $0.elementsEqual(CollectionOfOne(UInt8(ascii: "-"))) }),
                separator >= 6, fields.count > separator + 2
            else { return nil }
            return Mount(
                id: fields[0].decimal ?? 0, root: unescaped(fields[3]), point: FilePath(unescaped(fields[4])),
                type: unescaped(fields[separator + 1]), source: unescaped(fields[separator + 2]))
        }
    }

    /// Decodes a text in which space, tab, newline and backslash are written as a backslash and three octal digits.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
        if !text.contains(UInt8(ascii: "\\")) { return String(decoding: text, as: UTF8.self) }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
