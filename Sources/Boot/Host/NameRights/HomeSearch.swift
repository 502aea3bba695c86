internal import Linux
internal import Text

/// Finds out whose home a path leads to, following the links of an image, even if the home does not exist yet.
///
/// If a privileged program runs or reads something there, the user controls it.
struct HomeSearch {
    /// Whose home it may be.
    enum Owner: Hashable {
        case user(String)
        /// It may be anybody's home, whatever the name.
        case anybody
    }

    /// How many places and names are visited for all paths together.
    private static let placeLimit = 50_000
    /// How many symbolic links a path may contain (path_resolution(7)).
    private static let linkLimit = 40

    private enum Entry {
        /// Nothing, or something that has nothing below it.
        case end
        case directory
        case link(FilePath)
        /// Whoever has mounted this, or a directory above it, controls what is there, so nobody looks at it.
        case mounted
        case closed
    }

    private struct Way {
        var place: FilePath
        var rest: ArraySlice<WrittenPath.Component>
        var links: Int
    }

    /// Where a path leads to.
    private struct Ends {
        var owners: Set<Owner> = []
        var places: Set<FilePath> = []

        static let unclear = Ends(owners: [.anybody])
    }

    private let tree: FileTree
    private let isRoot: Bool
    /// The mount of the root directory; `nil` if mounts mean nothing.
    private let mount: UInt64?
    private var entries: [FilePath: Entry] = [:]
    /// The owners of the homes that the links in a directory lead to.
    private var linkOwners: [FilePath: Set<Owner>] = [:]
    private var places = 0
    /// The directory of the homes, without links.
    private var homes = Paths.homes

    init(tree: FileTree, isRoot: Bool, mount: UInt64?) {
        self.tree = tree
        self.isRoot = isRoot
        self.mount = mount == 0 ? nil : mount
        if let place = follow(WrittenPath(Paths.homes)).places.first { homes = place }
    }

    /// Whether the search has given up: then every path may lead anywhere.
    var isExhausted: Bool { places > Self.placeLimit }

    /// Whose homes a path may lead to or into.
    ///
    /// - Parameter isOfCommands: whether a directory at its end means the commands in it, which may be links.
    mutating func owners(of path: WrittenPath, isOfCommands: Bool = false) -> Set<Owner> {
        let ends = follow(path)
        guard isOfCommands else { return ends.owners }
        return ends.places.reduce(into: ends.owners) { $0.formUnion(ownersOfLinks(in: $1)) }
    }

    /// The owners of the homes that the links in a directory may lead to or into.
    private mutating func ownersOfLinks(in place: FilePath) -> Set<Owner> {
        if let known = linkOwners[place] { return known }
        guard let names = names(startingWith: [], in: place, isLinksOnly: true) else { return [.anybody] }
        linkOwners[place] = []
        var owners: Set<Owner> = []
        for name in names where name.kind == .regular {
            owners.formUnion(follow(WrittenPath(place.appending(name))).owners)
        }
        linkOwners[place] = owners
        return owners
    }

    /// The owners of the homes that a given home contains or lies in. Everything lies in `/`, which is nobody's home.
    mutating func owners(aroundHome path: WrittenPath) -> Set<Owner> {
        let ends = follow(path)
        let isAbove = ends.places.contains { $0 != "/" && homes.starts(with: $0) }
        return isAbove ? [.anybody] : ends.owners
    }

    private mutating func follow(_ path: WrittenPath) -> Ends {
        places += 1
        if path.isUnclear || isExhausted { return .unclear }
        var ends = Ends()
        var ways = [Way(place: "/", rest: path.components[...], links: 0)]
        while var way = ways.popLast() {
            while case .name(let name)? = way.rest.first {
                way.rest = way.rest.dropFirst()
                places += 1
                guard places <= Self.placeLimit, step(to: name, &way, &ends.owners) else { return .unclear }
            }
            // The pattern may mean a process's directory.
            if way.place == "/proc", case .pattern? = way.rest.first { return .unclear }
            guard case .pattern(let prefix)? = way.rest.first else {
                if way.place == homes { ends.owners.insert(.anybody) }
                ends.places.insert(way.place)
                continue
            }
            // Everything below a home is the user's.
            guard way.place != homes, let names = names(startingWith: prefix, in: way.place) else { return .unclear }
            let rest = way.rest.dropFirst()
            ways += names.map { Way(place: way.place, rest: [.name($0)] + rest, links: way.links) }
        }
        return ends
    }

    /// Advances by one component; returns `false` if it is unclear where that leads.
    private mutating func step(to name: FilePath.Component, _ way: inout Way, _ owners: inout Set<Owner>) -> Bool {
        switch name.kind {
        case .currentDirectory: return true
        case .parentDirectory:
            way.place = way.place.parent
            return true
        case .regular: break
        }
        // A link in a process's directory may lead anywhere.
        if way.place == "/proc", Self.isProcess(name) { return false }
        if way.place == homes { owners.insert(.user(name.string)) }
        let next = way.place.appending(name)
        switch entry(next) {
        case .closed: return false
        case .end, .directory: way.place = next
        case .link(let target):
            way.links += 1
            guard way.links <= Self.linkLimit else { return false }
            if target.isAbsolute { way.place = "/" }
            way.rest = WrittenPath(target).components[...] + way.rest
        case .mounted:
            // `..` could leave the mount for a place that only another's links determine.
            if way.rest.contains(where: Self.isUp) { return false }
            way.place = next
        }
        return true
    }

    /// Whether this may be the directory of a process in `/proc` (proc(5)).
    private static func isProcess(_ name: FilePath.Component) -> Bool {
        ["self", "thread-self"].contains(name.string) || name.string.utf8.first?.isDigit ?? false
    }

    /// Whether this may be `..`. A pattern matches a leading full stop only if it also starts with one.
    private static func isUp(_ component: WrittenPath.Component) -> Bool {
        switch component {
        case .name(let name): name.kind == .parentDirectory
        case .pattern(let prefix): isUp(prefix)
        }
    }

    private static func isUp(_ prefix: [UInt8]) -> Bool {
        !prefix.isEmpty && prefix.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// The names that a pattern may match; `nil` if that cannot be found out.
    private mutating func names(
        startingWith prefix: [UInt8], in place: FilePath, isLinksOnly: Bool = false
    ) -> [FilePath.Component]? {
        var names: [FilePath.Component] = []
        do throws(SystemCallError) {
            if !isMounted(place) {
                names =
                    isLinksOnly
                    ? try tree.linkNames(in: place, links: .refuse) : try tree.names(in: place, links: .refuse)
            }
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: break
            case .permissionDenied, .notPermitted: if isRoot { return nil }
            default: return nil
            }
        }
        places += names.count
        if isExhausted { return nil }
        if isLinksOnly { return names }
        // The path to the homes may not exist yet.
        if homes.starts(with: place) { names += homes.components.dropFirst(place.components.count).prefix(1) }
        if Self.isUp(prefix) { names.append("..") }
        return names.filter { $0.string.utf8.starts(with: prefix) }
    }

    private mutating func entry(_ path: FilePath) -> Entry {
        if let known = entries[path] { return known }
        let entry = isMounted(path.parent) ? .mounted : look(path)
        entries[path] = entry
        return entry
    }

    private func isMounted(_ path: FilePath) -> Bool {
        if case .mounted? = entries[path] { true } else { false }
    }

    /// What is at a path whose parents have already been visited.
    private func look(_ path: FilePath) -> Entry {
        do throws(SystemCallError) {
            let file = try tree.open(path, [.pathOnly, .noFollow], links: .refuse)
            if let mount, file.mount != mount, file.mount != 0 { return .mounted }
            switch try file.status(path: path).kind {
            case .directory: return .directory
            case .link:
                guard let name = path.lastComponent else { return .end }
                return .link(try tree.openParent(of: path, links: .refuse).linkTarget(name))
            default: return .end
            }
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: return .end
            case .permissionDenied, .notPermitted: return isRoot ? .closed : .end
            default: return .closed
            }
        }
    }
}
