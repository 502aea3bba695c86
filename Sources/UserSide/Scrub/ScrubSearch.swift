package import Linux
internal import Text

/// The search for what ``SecretPlace/all`` names. It changes nothing, follows no link, and enters no mounted volume unless it
/// is told to.
package struct ScrubSearch: Sendable {
    /// Where homes are, each without links.
    package var homes: [FilePath] = []
    /// Directories of models (`HF_HOME`).
    package var models: [FilePath] = []
    /// Further paths, with the kinds that they are listed under, and whether they may lie on a mounted volume.
    package var also: [(path: FilePath, kind: String, isOnVolume: Bool)] = []
    /// Mount points of volumes that are searched, too.
    package var crossed: [FilePath] = []
    let tree: FileTree
    /// What the search looks for.
    let places: [SecretPlace]
    let volumes: ScrubVolumes
    private var findings = ScrubFindings()

    /// - Parameters:
    ///   - tree: the container's files.
    ///   - places: what to look for.
    package init(in tree: FileTree, for places: [SecretPlace] = SecretPlace.all) throws(SystemCallError) {
        self.tree = tree
        self.places = places
        volumes = try ScrubVolumes(of: tree)
    }

    /// Looks for everything.
    package func run() -> ScrubFindings {
        var search = self
        search.lookForAll()
        return search.findings
    }

    private mutating func lookForAll() {
        for place in places {
            for path in place.paths {
                let (base, components) = SecretPlace.parts(of: path)
                switch base {
                case .home: for home in unique(homes) { look(in: home, for: components, place.kind) }
                case .models: for directory in unique(models) { look(in: directory, for: components, place.kind) }
                case .root: lookFromRoot(for: components, place)
                }
            }
        }
        for (path, kind, isOnVolume) in also {
            guard let name = path.lastComponent else { continue }
            look(
                in: path.parent, for: [name.string], kind, isExact: true, permits: isOnVolume ? .volume : .nothing)
        }
        findings.items.sort { $0.path.string < $1.path.string }
        // What lies in a directory that goes as a whole is not told twice.
        var kept: [ScrubItem] = []
        for item in findings.items {
            if let last = kept.last, item.path.starts(with: last.path), last.seen.kind == .directory || last == item {
                continue
            }
            if kept.last?.path != item.path { kept.append(item) }
        }
        findings.items = kept
    }

    private func unique(_ paths: [FilePath]) -> [FilePath] {
        var seen: Set<FilePath> = []
        return paths.filter { seen.insert($0).inserted }
    }

    /// An absolute path begins with the directories whose names are not patterns.
    private mutating func lookFromRoot(for components: [String], _ place: SecretPlace) {
        let plain = components.dropLast().prefix { !$0.utf8.contains(UInt8(ascii: "*")) }
        let start = FilePath("/" + plain.joined(separator: "/"))
        look(
            in: start, for: Array(components[plain.count...]), place.kind,
            permits: place.isInMemory ? .memory : .nothing)
    }

    /// - Parameters:
    ///   - isExact: whether the one component is a name and not a pattern.
    ///   - permission: on which other mounts than the root directory's the directory may be.
    private mutating func look(
        in path: FilePath, for components: [String], _ kind: String, isExact: Bool = false,
        permits permission: ScrubVolumes.Permission = .nothing
    ) {
        if !volumes.permits(path, permission, crossed) { return findings.note(ScrubVolumes.words(path)) }
        do throws(SystemCallError) {
            let directory = try tree.openDirectory(path, links: .refuse)
            guard try volumes.permits(directory, path, permission, crossed) else {
                return findings.note(ScrubVolumes.words(path))
            }
            match(directory, components[...], kind, isExact)
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: break
            case .tooManySymbolicLinkLevels:
                findings.note("\(path.shown()) was not searched: a symbolic link leads there")
            default: findings.fail("cannot search \(path.shown()): \(error.reason)")
            }
        }
    }

    private mutating func match(
        _ directory: borrowing Directory, _ components: ArraySlice<String>, _ kind: String, _ isExact: Bool
    ) {
        guard let pattern = components.first else { return }
        do throws(SystemCallError) {
            let isPattern = !isExact && pattern.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
            let names =
                isPattern
                ? try directory.names().filter { SecretPlace.matches($0.string, pattern) }
                : FilePath.Component(pattern).map { [$0] } ?? []
            for name in names {
                guard let status = try directory.status(name) else { continue }
                let path = directory.path.appending(name)
                if components.count == 1 {
                    add(name, status, in: directory, kind)
                } else if status.kind == .link {
                    findings.note("\(path.shown()) was not searched: it is a symbolic link")
                } else if status.kind == .directory {
                    try enter(name, of: directory) { search, inner in
                        search.match(inner, components.dropFirst(), kind, isExact)
                    }
                }
            }
        } catch {
            findings.fail("cannot search \((error.path ?? directory.path).shown()): \(error.reason)")
        }
    }

    /// Opens a directory in another one, unless a volume is mounted there.
    private mutating func enter(
        _ name: FilePath.Component, of directory: borrowing Directory,
        _ body: (inout ScrubSearch, borrowing Directory) -> Void
    ) throws(SystemCallError) {
        let path = directory.path.appending(name)
        if volumes.isPoint(path), !crossed.contains(path) { return findings.note(ScrubVolumes.words(path)) }
        do throws(SystemCallError) {
            let inner = try directory.openDirectory(name)
            guard inner.mount == directory.mount || crossed.contains(path) else {
                return findings.note(ScrubVolumes.words(path))
            }
            body(&self, inner)
        } catch  where [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(error.errno) {
            // Somebody has removed or replaced it since.
        }
    }

    /// Takes note of an entry, with what lies in it.
    private mutating func add(
        _ name: FilePath.Component, _ status: FileStatus, in directory: borrowing Directory, _ kind: String
    ) {
        let path = directory.path.appending(name)
        if volumes.isPoint(path), !crossed.contains(path) { return findings.note(ScrubVolumes.words(path)) }
        var count = Count()
        if status.kind == .directory {
            do throws(SystemCallError) {
                try enter(name, of: directory) { search, inner in search.count(inner, &count, depth: 0) }
            } catch {
                findings.fail("cannot search \(path.shown()): \(error.reason)")
            }
            // A directory in which there is nothing but volumes stays.
            if count.files == 0 && count.hasVolumes { return }
        } else {
            count.files = 1
            count.bytes = status.kind == .file ? status.size : 0
        }
        let target = status.kind == .link ? (try? directory.linkTarget(name))?.shown() ?? "" : ""
        findings.items.append(
            ScrubItem(
                path: path, kind: kind, seen: status, mount: directory.mount, bytes: count.bytes, files: count.files,
                target: target))
    }

    /// What lies in a directory.
    private struct Count {
        var bytes = 0
        var files = 0
        var hasVolumes = false
    }

    /// How deep directories are counted, and how many files: a listing need not be exact.
    private static let mostDepth = 64
    private static let mostFiles = 100_000

    private mutating func count(_ directory: borrowing Directory, _ count: inout Count, depth: Int) {
        for entry in (try? directory.entries()) ?? [] where count.files < Self.mostFiles {
            let path = directory.path.appending(entry.name)
            if volumes.isPoint(path), !crossed.contains(path) {
                count.hasVolumes = true
                findings.note(ScrubVolumes.words(path))
                continue
            }
            guard let status = (try? directory.status(entry.name)) ?? nil else { continue }
            guard status.kind == .directory else {
                count.files += 1
                if status.kind == .file { count.bytes += status.size }
                continue
            }
            guard depth < Self.mostDepth else {
                count.files += 1
                continue
            }
            var inside = count
            try? enter(entry.name, of: directory) { search, inner in search.count(inner, &inside, depth: depth + 1) }
            count = inside
        }
    }
}
