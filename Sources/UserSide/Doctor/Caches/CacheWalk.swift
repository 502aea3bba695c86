internal import Boot
internal import Linux
internal import Text

/// Looks for entries of a shared cache that the group cannot use.
struct CacheWalk {
    /// The entries of one owner that the group cannot use.
    private struct Closed {
        var count = 0
        /// The first of them, with what stands in the way.
        var example = ""
    }

    /// How many entries are looked at altogether.
    private static let most = 20_000
    /// How long that may take, in nanoseconds.
    private static let patience: UInt64 = 1_500_000_000
    /// How deep directories may lie in each other.
    private static let depth = 32

    private let group: UInt32
    private let start = Clock.monotonic
    private var seen = 0
    private var closed: [UInt32: Closed] = [:]
    private var isCut = false

    private init(group: UInt32) { self.group = group }

    /// What is found in all shared caches.
    static func findings(_ facts: ContainerFacts) -> [Finding] {
        guard let user = facts.user?.credentials else { return [] }
        return SharedCaches.places(facts).flatMap { name, path -> [Finding] in
            CheckProgress.look(at: path)
            var walk = CacheWalk(group: user.group)
            do throws(SystemCallError) {
                let directory = try FileTree().openDirectory(path, links: Actors.links(facts.role))
                walk.look(into: directory, "", depth: 0)
            } catch  where error.errno == .noSuchFileOrDirectory {
                // The boot makes it, or falls back on another.
                return []
            } catch {
                return [
                    .warn(
                        "\(name) \(path.shown()) cannot be looked into: \(error.reason) (\(error.symbol))",
                        remedy:
                            "let its owner run chgrp \(user.group) \(path.shellWord) && chmod g+rwxs \(path.shellWord)")
                ]
            }
            return walk.findings(name, path)
        }
    }

    private mutating func look(into directory: borrowing Directory, _ below: String, depth: Int) {
        guard let entries = try? directory.entries() else { return }
        for entry in entries {
            seen += 1
            if seen > Self.most || Clock.monotonic - start > Self.patience {
                isCut = true
                return
            }
            guard let status = (try? directory.status(entry.name)) ?? nil else { continue }
            let name = below + entry.name.string
            note(name, status)
            guard status.kind == .directory else { continue }
            guard depth < Self.depth else {
                isCut = true
                continue
            }
            guard let inner = try? directory.openDirectory(entry.name) else { continue }
            look(into: inner, name + "/", depth: depth + 1)
            if isCut { return }
        }
    }

    private mutating func note(_ name: String, _ status: FileStatus) {
        // Programs that share a cache read its files, write into its directories, and open its locks for writing.
        let needed: ModeBits
        switch status.kind {
        case .directory: needed = 0o070
        case .file: needed = name.utf8.reversed().starts(with: ".lock".utf8.reversed()) ? 0o060 : 0o040
        default: return
        }
        let others = ModeBits(rawValue: needed.rawValue >> 3)
        guard !(status.group == group && status.mode.contains(needed)) && !status.mode.contains(others) else { return }
        var entry = closed[status.user] ?? Closed()
        entry.count += 1
        if entry.example.isEmpty { entry.example = "\(name.shown()) (\(status.mode.octal), group \(status.group))" }
        closed[status.user] = entry
    }

    private func findings(_ name: String, _ path: FilePath) -> [Finding] {
        let extent = isCut ? ", of the first \(min(seen, Self.most)) entries" : ""
        if closed.isEmpty {
            return [
                .ok(
                    "\(name) \(path.shown()): group \(group) can use everything\(isCut ? " (looked at \(seen) entries)" : "")"
                )
            ]
        }
        return closed.sorted { $0.key < $1.key }.map { owner, entries in
            .warn(
                "\(name) \(path.shown()): group \(group) cannot use \(Self.counted(entries.count)) of user \(owner)\(extent), "
                    + "such as \(entries.example)",
                remedy:
                    "let user \(owner) run: find \(path.shellWord) -user \(owner) ! -type l \\( ! -group \(group) -o ! -perm -g+r "
                    + "-o -type d ! -perm -g+wx -o -name '*.lock' ! -perm -g+w \\) -exec chgrp \(group) {} + "
                    + "-exec chmod g+rwX {} +")
        }
    }

    private static func counted(_ count: Int) -> String { count == 1 ? "1 entry" : "\(count) entries" }
}
