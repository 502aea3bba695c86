@testable import Boot
@testable import Linux

/// The files of an image in which names may have rights, by their paths without a slash in front.
struct NameImage {
    var files: [String: String] = [:]
    /// What each link leads to.
    var links: [String: String] = [:]
    var directories: [String] = []

    /// Makes it for as long as a body runs.
    func make<Result>(_ body: (FileTree, Site) throws -> Result) throws -> Result {
        let site = try Site()
        var made: Set<String> = []
        func makeDirectories(above path: String) throws {
            var directory = ""
            for part in path.split(separator: "/").dropLast() {
                directory += (directory.isEmpty ? "" : "/") + part
                if made.insert(directory).inserted { try site.directory(directory) }
            }
        }
        for directory in directories.sorted() { try makeDirectories(above: directory + "/x") }
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            try makeDirectories(above: path)
            try site.file(path, content, 0o644)
        }
        for (path, target) in links {
            try makeDirectories(above: path)
            try site.link(path, to: target)
        }
        return try withExtendedLifetime(site) { try body(FileTree(root: site.root), site) }
    }

    /// Why a name is not given to user 1000.
    func reasons(
        _ name: String, _ kind: NameKind = .user, accounts: AccountFiles = AccountFiles(), permitted: [String] = []
    ) throws -> [String] {
        try make { tree, _ in
            NameRights.read(from: tree, caller: 1000)
                .verdict(on: name, kind, accounts: accounts, permitted: try permitted.map { try NamePattern($0) })
                .reasons
        }
    }
}
