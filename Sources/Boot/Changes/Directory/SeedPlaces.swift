import Linux
internal import Text

/// Where the seed user may make directories.
package struct SeedPlaces: Sendable {
    /// `nil` for anywhere.
    private let directories: [SeedDirectory]?
    /// Whether the author of the pod spec is not trusted: then the seed user works only directly in the directories,
    /// and on no mount that image policy does not describe.
    private let isStrict: Bool

    /// - Parameters:
    ///   - directories: the directories of image policy; `nil` if it names none: then anywhere, unless `isStrict`.
    ///   - isStrict: whether the author of the pod spec is not trusted.
    package init(_ directories: [SeedDirectory]? = nil, isStrict: Bool = false) {
        self.directories = directories ?? (isStrict ? [] : nil)
        self.isStrict = isStrict
    }

    /// The mounts of the container, and the mount number of the root directory.
    struct Mounts {
        let all: [Mount]
        let root: UInt64
    }

    /// What image policy says about a place.
    ///
    /// - Parameters:
    ///   - parent: where something is to be made.
    ///   - target: the directory that is wanted in the end.
    ///   - made: what has just been made above the target.
    /// - Returns: `nil` when the seed user may work there whatever is mounted; empty when it may not work there at all.
    func named(_ parent: FilePath, for target: FilePath, made: [FilePath]) -> [SeedDirectory]? {
        guard let directories else { return nil }
        if isStrict {
            return directories.filter { parent == $0.path || made.contains(parent) && parent.starts(with: $0.path) }
        }
        let above = directories.filter { target != $0.path && target.starts(with: $0.path) }
        let isNamedItself = directories.contains { $0.path == target }
        if above.isEmpty && isNamedItself || above.contains(where: { $0.volume == nil }) { return nil }
        return above.filter { parent.starts(with: $0.path) }
    }

    /// Why the seed user makes nothing in a directory that was opened.
    ///
    /// - Parameters:
    ///   - directory: the directory; its descriptor identifies the mount, whatever its path leads to by now.
    ///   - named: what image policy says about its path.
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
        guard let mount else { return "the seed user does nothing in \(path): the mount that it lies on is unknown" }
        return "the seed user does nothing in \(path), which lies on a mount that the image's configuration does not "
            + "describe: if it may work there, add to scratch.seedDirectories: {path: \(path), "
            + "source: \(Self.quoted(mount.source)), root: \(Self.quoted(mount.root)), type: \(Self.quoted(mount.type)), "
            + "point: \(Self.quoted(mount.point.string))}"
    }

    /// A text as it can be written in a YAML file.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
                || [UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
        }
        // A text that begins with a digit might be read as a number.
        if isPlain, let first = text.utf8.first, !(0x30...0x39 ~= first), first != UInt8(ascii: "-") { return text }
        return "\"\(text.shown())\""
    }
}
