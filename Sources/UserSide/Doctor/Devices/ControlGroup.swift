import Boot
internal import Linux
internal import Text

/// The control group that the process is in, for one controller, and those above it that the container can see: each of
/// them limits it (cgroups(7)).
struct ControlGroup {
    /// The directories, its own first.
    let directories: [FilePath]
    /// Whether it is of the one hierarchy of version 2, whose files have other names.
    let isUnified: Bool

    private static let usualPlace: FilePath = "/sys/fs/cgroup"

    /// - Parameter controller: such as `memory`.
    /// - Returns: `nil` where the container cannot see it.
    init?(_ controller: String, in tree: FileTree) {
        let mounts = Mount.all(of: tree)
        // A line is a number, the controllers, and the group's path, which may have colons.
        let groups = tree.kernelLines("/proc/self/cgroup").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        .filter { $0.count == 3 }
        func lists(_ names: Substring) -> Bool { names.split(separator: ",").contains { $0 == controller } }
        if let group = groups.first(where: { lists($0[1]) }),
            let mount = mounts.last(where: { mount in
                mount.type == "cgroup" && lists(Substring(mount.point.lastComponent?.string ?? ""))
            })
        {
            directories = Self.directories(String(group[2]), mount)
            isUnified = false
            return
        }
        isUnified = true
        if let mount = mounts.last(where: { $0.type == "cgroup2" }) {
            directories = Self.directories(groups.first { $0[0] == "0" }.map { String($0[2]) } ?? "/", mount)
        } else if tree.has(Self.usualPlace.appending("cgroup.controllers")) {
            directories = [Self.usualPlace]
        } else {
            return nil
        }
    }

    /// The directories from a group's own up to the mount.
    private static func directories(_ group: String, _ mount: Mount) -> [FilePath] {
        var path = FilePath(group)
        var directory = mount.point
        // A group outside the namespace begins with `..`; what is mounted is then the best that can be seen.
        if path.isLexicallyNormal, path.removePrefix(FilePath(mount.root)) {
            directory = mount.point.appending(path.components)
        }
        var all = [directory]
        while directory != mount.point, directory.removeLastComponent() { all.append(directory) }
        return all
    }

    /// The lowest of a limit's values, with the directory that has it; `nil` where none of the groups has one.
    ///
    /// - Parameters:
    ///   - file: the name of the limit's file.
    ///   - read: reads its text; `nil` for no limit.
    func lowest(
        _ file: String, in tree: FileTree, _ read: (String) -> UInt64?
    ) -> (value: UInt64, directory: FilePath)? {
        directories.compactMap { directory in
            tree.kernelText(directory.appending(file)).flatMap(read).map { ($0, directory) }
        }.min { $0.0 < $1.0 }
    }

    /// A number in a file of the nearest group that has the file.
    func number(_ file: String, in tree: FileTree) -> UInt64? {
        directories.lazy.compactMap { tree.kernelText($0.appending(file)).flatMap { UInt64($0) } }.first
    }

    /// The number after a word at the beginning of a line, as in `oom_kill 3`, likewise.
    func number(_ word: String, of file: String, in tree: FileTree) -> UInt64? {
        directories.lazy.compactMap { Self.number(word, of: $0.appending(file), in: tree) }.first
    }

    /// The number after a word at the beginning of a line of a file.
    static func number(_ word: String, of file: FilePath, in tree: FileTree) -> UInt64? {
        tree.kernelLines(file).first { $0.hasPrefix(word + " ") }.flatMap { UInt64($0.words.last ?? "") }
    }
}
