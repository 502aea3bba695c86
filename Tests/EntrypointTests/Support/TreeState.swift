import Foundation
import Glibc
import TestSupport

/// What a user or a program could tell of trees of a container: kinds, modes, owners, contents and targets of links, by
/// path. Times and inodes are left out, and so is what tells of one boot alone.
struct TreeState: Equatable {
    /// What is at each path.
    var entries: [String: String] = [:]

    /// Reads trees below the root of a container, as the machine sees it.
    init(
        of root: String,
        _ directories: [String] = ["/etc", "/home", "/root", "/run", "/scratch", "/tmp", "/var/tmp"]
    ) throws {
        for directory in directories {
            guard let paths = FileManager.default.enumerator(atPath: root + directory) else { continue }
            for case let path as String in paths {
                let name = "\(directory)/\(path)"
                entries[TreeState.stableName(name)] = try TreeState.line(root + name)
            }
        }
    }

    /// The marker of an elevated start has a name of its own each time.
    private static func stableName(_ path: String) -> String {
        guard let range = path.range(of: "/entrypoint/elevated.") else { return path }
        return path[..<range.upperBound] + "*"
    }

    private static func line(_ path: String) throws -> String {
        var status = stat()
        try check(lstat(path, &status), "lstat", path)
        let words = FileStatus(status).description
        switch status.st_mode & S_IFMT {
        case S_IFLNK: return words + " -> " + (try FileManager.default.destinationOfSymbolicLink(atPath: path))
        // Those two name the boot.
        case S_IFREG where !path.hasSuffix("/report.jsonl") && !path.hasSuffix("/run/entrypoint/identity"):
            guard let content = FileManager.default.contents(atPath: path) else {
                throw TestFailure("cannot read \(path)")
            }
            let text = String(decoding: content, as: UTF8.self)
            // Of what the boot wrote for ssh, the names: the rest are times and inodes.
            if path.hasSuffix("/.ssh/.entrypoint") {
                return words + " "
                    + text.split(separator: "\n").map { String($0.prefix { $0 != " " }) }.sorted().joined(
                        separator: " ")
            }
            // Git's entries come in the order in which they could be written; a group has no password either way.
            if path.hasSuffix("/.gitconfig") {
                return words + " " + Set(text.split(separator: "\n").map(String.init)).sorted().joined(separator: "\n")
            }
            if path.hasSuffix("/etc/group") { return words + " " + text.replacingOccurrences(of: ":*:", with: ":x:") }
            return words + " " + text
        default: return words
        }
    }

    /// Names that a boot gives to what it is about to put in its place.
    static func isTemporary(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.hasPrefix(".")
            && (name.contains(".entrypoint-") || name.hasSuffix(".entrypoint") && name != ".entrypoint")
    }

    /// The temporaries of boots that were killed.
    var temporaries: [String] { entries.keys.filter(TreeState.isTemporary).sorted() }

    /// What is different in another state, a line for each path.
    func differences(from other: TreeState) -> [String] {
        Set(entries.keys).union(other.entries.keys).sorted().compactMap { path in
            let (here, there) = (entries[path], other.entries[path])
            if here == there { return nil }
            return "\(path): \(here?.prefix(300) ?? "nothing"), not \(there?.prefix(300) ?? "nothing")"
        }
    }
}
