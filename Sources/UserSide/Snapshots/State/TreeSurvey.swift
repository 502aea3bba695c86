internal import Linux
internal import Text

/// What a walk through a directory has found: how much there is, and whether anything has changed.
struct TreeSurvey {
    private(set) var files: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    /// The latest change of any entry's content or attributes (inode(7), ctime), in nanoseconds since 1970.
    private(set) var latestChange: UInt64 = 0
    /// Whether every directory could be read.
    private(set) var isWhole = true
    /// The names of the directory itself.
    private var top: [String] = []

    /// The names that are left out, wherever they are.
    private let leftOut: Set<String>

    /// Walks through a directory.
    ///
    /// - Parameter exclude: the patterns of what is not saved, of which names without wildcards are left out.
    init(of path: FilePath, excluding exclude: [String]) {
        leftOut = Set(
            exclude.map { $0.hasPrefix("**/") ? String($0.dropFirst(3)) : $0 }
                .filter { !$0.contains { "*?[/\\".contains($0) } })
        do throws(SystemCallError) {
            let directory = try FileTree().openDirectory(path, links: .follow)
            walk(directory, isTop: true, depth: 0)
        } catch {
            isWhole = false
        }
    }

    private mutating func walk(_ directory: borrowing Directory, isTop: Bool, depth: Int) {
        guard depth < 512, let names = try? directory.names(), let changed = try? directory.changeTime() else {
            isWhole = false
            return
        }
        // The snapshots' own files come and go in the directory itself, whose entries are counted instead.
        if !isTop { latestChange = max(latestChange, changed) }
        for name in names {
            if isTop && SnapshotPlaces.isOwn(name) || leftOut.contains(name.string) { continue }
            guard let (status, changed) = (try? directory.statusWithChange(name)) ?? nil else { continue }
            latestChange = max(latestChange, changed)
            if isTop { top.append(name.string) }
            guard status.kind == .directory else {
                files += 1
                if status.kind == .file { bytes += UInt64(max(0, status.size)) }
                continue
            }
            do throws(SystemCallError) {
                walk(try directory.openDirectory(name), isTop: false, depth: depth + 1)
            } catch {
                isWhole = false
            }
        }
    }

    /// A mark that is another one when an entry of the directory itself was added or removed.
    var mark: String { Self.mark(of: top) }

    /// The mark of a directory with some entries.
    static func mark(of names: [FilePath.Component]) -> String { mark(of: names.map { $0.string }) }

    private static func mark(of names: [String]) -> String {
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in names.sorted().joined(separator: "/").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
