internal import Linux
internal import Text

/// Reads the sources, but only those that only root can have written; anything else that is found is a problem.
struct SourceReader {
    /// How many files are read for all sources together.
    private static let fileLimit = 1000
    /// The maximum size in bytes of a file that is interpreted.
    private static let sizeLimit = 1 << 20
    /// How many bytes of a larger file are searched for names.
    private static let searchLimit = 16 << 20
    /// How many symbolic links a path may contain (path_resolution(7)).
    private static let linkLimit = 40

    private let tree: FileTree
    private let caller: UInt32
    private let isRoot: Bool
    /// The mount of the root directory; `nil` for a tree whose mounts say nothing about a pod.
    private let mount: UInt64?
    private(set) var rights = NameRights()
    /// What was found on the way; no place is looked at twice.
    private var places: [FilePath: Place] = [:]
    private var files = 0
    private var visited: Set<Visit> = []
    /// The places of which a problem has been noted. It is noted once, however many sources lie below the place.
    private var noted: Set<FilePath> = []
    /// The file of each PAM service, by the path under which PAM opens it.
    private var services: [FilePath: FilePath] = [:]
    private var stacks: [FilePath: PAMStack] = [:]
    private var homes: HomeSearch
    private var netgroups = Netgroups()

    private struct Visit: Hashable {
        let grammar: NameGrammar
        let place: FilePath
        /// The name of the file, if it matters, because the file may be reached under several names.
        let name: FilePath.Component?
    }

    private enum Place {
        case absent
        case file, directory
        case link(FilePath)
        /// Something that is not read.
        case problem(String)
    }

    /// What others may have written to: this is a problem, but the names in it are still read.
    private var open: [FilePath: String] = [:]
    /// Files that are searched for names separately, whoever has mounted them.
    private static let accountFiles = [Paths.passwd, Paths.group, Paths.shadow, Paths.gshadow]

    init(tree: FileTree, caller: UInt32, isRoot: Bool) {
        self.tree = tree
        self.caller = caller
        self.isRoot = isRoot
        // This is 0 if the mount is unknown. Then nothing is trusted.
        mount = tree.isRealRoot ? (try? tree.open("/", [.pathOnly, .directory], links: .refuse))?.mount ?? 0 : nil
        homes = HomeSearch(tree: tree, isRoot: isRoot, mount: mount)
    }

    mutating func read(_ source: NameSource) {
        var waiting = [source]
        while let source = waiting.popLast() {
            guard let place = find(source.path, mayBeAnybodys: source.mayBeAnybodys) else { continue }
            if source.grammar == .pam { services[source.path] = place }
            // The same file may be reached again as another source.
            var name: FilePath.Component?
            if source.grammar == .presence, case .file? = places[place] { name = source.path.lastComponent }
            guard visited.insert(Visit(grammar: source.grammar, place: place, name: name)).inserted else { continue }
            switch (source.kind, places[place]) {
            case (.file, .file?):
                waiting += readFile(place, source)
            case (.directory(let selection), .directory?):
                for name in names(in: place) where selection.includes(name) {
                    // The path is the one under which programs open the file, because PAM services are found by it.
                    waiting.append(source.entry(source.path.appending(name)))
                }
            case (.tree, .directory?), (.presence, .directory?):
                // Whatever lies in it is a problem. A listed directory is also a problem by itself.
                if case .presence = source.kind { note(place, "what it grants is not known here") }
                for name in names(in: place) {
                    waiting.append(NameSource(place.appending(name), .tree, .presence))
                }
            // Nothing in it is understood, so every word may be a name.
            case (.tree, .file?), (.presence, .file?):
                waiting += readFile(place, NameSource(source.path, .file, .presence))
            default: note(place, "not what is expected there", isUnread: true)
            }
        }
    }

    /// Looks for services that let everybody with a name pass, and for netgroups with unknown members, after all
    /// sources have been read.
    mutating func finish() {
        rights.unread += netgroups.unread
        let (services, stacks) = (services, stacks)
        func find(_ name: String) -> PAMStack? {
            for directory in NameSource.services {
                if let place = services[directory.appending(name)] { return stacks[place] }
            }
            return nil
        }
        var ways = PAMWays(find: find)
        let places = stacks.keys.sorted { $0.string.utf8.lexicographicallyPrecedes($1.string.utf8) }
        for place in places {
            guard let stack = stacks[place], ways.lead(through: stack) else { continue }
            rights.mentions.append(NameRights.Mention(subject: .everyone, file: place, line: stack.line))
        }
    }

    private mutating func note(_ path: FilePath, _ reason: String, isUnread: Bool = false) {
        let problem = NameRights.Problem(file: path, line: nil, reason: reason)
        rights.problems.append(problem)
        if isUnread { rights.unread.append(problem) }
    }

    private mutating func names(in directory: FilePath) -> [FilePath.Component] {
        do throws(SystemCallError) {
            let names = try tree.names(in: directory, links: .refuse)
            // Bytes are compared, so that the order of the problems is the same everywhere.
            return names.sorted { $0.string.utf8.lexicographicallyPrecedes($1.string.utf8) }
        } catch {
            note(error, directory)
            return []
        }
    }

    private mutating func note(_ error: SystemCallError, _ path: FilePath) {
        switch error.errno {
        case .noSuchFileOrDirectory, .notDirectory: return
        case .permissionDenied, .notPermitted: if !isRoot { return }
        default: break
        }
        let remedy =
            error.errno == .permissionDenied ? "; capabilities.drop in the pod spec must not have DAC_OVERRIDE" : ""
        note(path, "cannot be read: \(error.reason) (\(error.symbol))\(remedy)", isUnread: true)
    }

    private mutating func readFile(_ path: FilePath, _ source: NameSource) -> [NameSource] {
        files += 1
        guard files <= Self.fileLimit else {
            if files == Self.fileLimit + 1 {
                note(path, "more than \(Self.fileLimit) files: this one is not read", isUnread: true)
            }
            return []
        }
        var bytes: [UInt8]
        do throws(SystemCallError) {
            let file = try tree.open(path, [.readOnly, .nonBlocking], links: .refuse)
            let status = try file.status(path: path)
            guard status.kind == .file else {
                note(path, "not a regular file", isUnread: true)
                return []
            }
            bytes = try file.readAll(limit: Self.searchLimit, expected: status.size, path: path)
        } catch {
            note(error, path)
            return []
        }
        var findings = SourceFindings(SourceText(bytes, of: path, comments: source.grammar.comments))
        if bytes.count == Self.searchLimit {
            findings.note(nil, "longer than \(Self.searchLimit) bytes")
            rights.unread += findings.problems
        } else if bytes.count > Self.sizeLimit {
            findings.note(nil, "longer than \(Self.sizeLimit) bytes")
        } else if bytes.contains(where: { $0.isControl && !$0.isBlank && $0 != .newline }) {
            findings.note(nil, "it has control characters")
        } else if String(validating: bytes, as: UTF8.self) == nil {
            findings.note(nil, "not UTF-8")
        } else {
            source.grammar.read(&findings)
        }
        if source.grammar == .pam { stacks[path] = findings.stack }
        if source.grammar == .passwd {
            findings.nameHomes(&homes, except: caller)
        } else if !source.grammar.isAccounts {
            findings.nameHomes(&homes, source.grammar)
        }
        rights.mentions += findings.mentions
        rights.problems += findings.problems
        rights.unread += findings.unread(by: source.grammar)
        netgroups.add(findings, source.grammar)
        if !findings.problems.isEmpty {
            let name = source.grammar == .presence ? source.path.nameLines : []
            let lines = findings.text.lines + findings.text.wholeLines + name
            rights.unclearTexts.append(NameRights.UnclearText(file: path, lines: lines))
        }
        return findings.included
    }

    // MARK: The way to a file

    /// The path without links; `nil` if there is nothing, or if a problem has been noted.
    private mutating func find(_ path: FilePath, mayBeAnybodys: Bool) -> FilePath? {
        var place: FilePath = "/"
        var way = Array(path.components)[...]
        var links = 0
        // `/run` is often the pod's own, and most sources are never there: only what exists there matters.
        var passed: String?
        while let component = way.popFirst() {
            if component.kind == .currentDirectory { continue }
            if component.kind == .parentDirectory {
                place = place.parent
                continue
            }
            let next = place.appending(component)
            let found = places[next] ?? look(next, mayBeAnybodys: mayBeAnybodys && way.isEmpty)
            places[next] = found
            switch found {
            case .absent: return nil
            case .problem(let reason) where next == Paths.volatile && path != next:
                passed = reason
                place = next
            case .problem(let reason):
                if noted.insert(next).inserted {
                    note(next, reason, isUnread: !Self.accountFiles.contains(next))
                }
                return nil
            case .link(let target):
                links += 1
                // This is done even if the link's target does not exist yet.
                if links == 1 { nameHomes(on: path) }
                guard links <= Self.linkLimit else {
                    note(path, "too many symbolic links", isUnread: true)
                    return nil
                }
                if target.isAbsolute { place = "/" }
                way = Array(target.components)[...] + way
            case .file where !way.isEmpty: return nil
            case .file, .directory:
                place = next
                if let reason = open[next], noted.insert(next).inserted { note(next, reason) }
            }
        }
        if let passed, place.starts(with: Paths.volatile) {
            note(Paths.volatile, passed, isUnread: true)
            return nil
        }
        return place
    }

    /// Mentions whoever may have the home that contains a source.
    private mutating func nameHomes(on path: FilePath) {
        for subject in homes.owners(of: WrittenPath(path)).map({ $0.subject }) {
            rights.mentions.append(NameRights.Mention(subject: subject, file: path, line: nil))
        }
    }

    /// What is at a path whose parents have already been visited.
    private mutating func look(_ path: FilePath, mayBeAnybodys: Bool) -> Place {
        do throws(SystemCallError) {
            // No link is followed here, because those on the way have already been followed.
            let file = try tree.open(path, [.pathOnly, .noFollow], links: .refuse)
            let status = try file.status(path: path)
            if let mount, mount == 0 || file.mount != mount, !mayBeAnybodys {
                return .problem("it is mounted, and not the image's own")
            }
            if status.kind == .link {
                guard let name = path.lastComponent else { return .absent }
                return .link(try tree.openParent(of: path, links: .refuse).linkTarget(name))
            }
            // Debian's directory for polkit's rules belongs to the user polkit.
            if !mayBeAnybodys, status.user != 0 && (status.user >= 1000 || status.user == caller) {
                open[path] = "it belongs to user \(status.user)"
            } else if !mayBeAnybodys, status.isWritableByOthers {
                open[path] = "others than its owner can write to it"
            }
            switch status.kind {
            case .file: return .file
            case .directory: return .directory
            default: return .problem("it is \(status.kind.words)")
            }
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: return .absent
            case .permissionDenied, .notPermitted:
                if !isRoot { return .absent }
                return .problem(
                    "cannot be looked at: \(error.reason) (\(error.symbol)); "
                        + "capabilities.drop in the pod spec must not have DAC_OVERRIDE")
            default: return .problem("cannot be looked at: \(error.reason) (\(error.symbol))")
            }
        }
    }
}

extension FilePath {
    /// The name of a file as lines that may name somebody, with and without its extension (`anna:wheel.membership`,
    /// nss-systemd(8)).
    fileprivate var nameLines: [SourceText.Line] {
        [lastComponent?.string, stem].compactMap { $0 }.map { SourceText.Line(number: 0, bytes: Array($0.utf8)[...]) }
    }
}
