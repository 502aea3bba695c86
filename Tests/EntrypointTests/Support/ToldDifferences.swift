import Foundation
import Testing

/// What a call that fails may change for good. It is in lines that the boot has written, and nothing else may differ:
///
/// - `cannot … PLACE: …; OTHER is used instead`: what belongs in PLACE is in OTHER, as it would be in PLACE.
/// - `PLACE was in the way and is kept as OTHER`, of what the user could not read: what should have moved to the target of
///   the link at PLACE is in OTHER, whole, and the target is new and empty.
extension TreeState {
    /// Undoes what these lines tell of, so far as it is exactly that.
    mutating func undo(toldIn log: [String], expected: TreeState) {
        for line in log where line.contains("warning: ") {
            if let match = line.firstMatch(of: /cannot [a-z ]+ (\/[^ :]+): .*; (\/[^ ]+) is used instead/) {
                removeFallback(of: String(match.1), at: String(match.2), expected)
            } else if let match = line.firstMatch(of: /warning: (\/[^ ]+) was in the way and is kept as (\/[^ ]+)/) {
                moveBack(from: String(match.2), of: String(match.1), expected)
            }
        }
    }

    private mutating func removeFallback(of place: String, at fallback: String, _ expected: TreeState) {
        var found: [String] = []
        for path in expected.entries.keys where path == place || path.hasPrefix(place + "/") {
            let twin = fallback + path.dropFirst(place.count)
            guard expected.entries[twin] == nil, let line = entries[twin] else { continue }
            // The directory itself is the user's, whoever owns the place. Keys are kept in memory, and linked.
            let isSame =
                path == place
                ? line == "directory 0770 1000:2000"
                : line == expected.entries[path] || resolved(twin).line == expected.resolved(path).line
            guard isSame else { continue }
            found.append(twin)
            let target = resolved(twin).path
            if target.hasPrefix("/dev/shm/entrypoint-ssh-") {
                found += [target, String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)])]
            }
        }
        for path in found where expected.entries[path] == nil { entries[path] = nil }
    }

    /// What a path leads to, and what is there.
    private func resolved(_ path: String) -> (path: String, line: String?) {
        guard let line = entries[path], let arrow = line.range(of: " -> ") else { return (path, entries[path]) }
        let target = String(line[arrow.upperBound...])
        let place = target.hasPrefix("/") ? target : path[...(path.lastIndex(of: "/") ?? path.startIndex)] + target
        return (place, entries[place])
    }

    private mutating func moveBack(from kept: String, of place: String, _ expected: TreeState) {
        guard expected.entries[kept] == nil, let link = expected.entries[place] else { return }
        let target = String(link.split(separator: " -> ").last ?? "")
        guard ["directory 0770 1000:2000", "file 0600 1000:2000 "].contains(entries[target]) else { return }
        for (path, line) in entries where path == kept || path.hasPrefix(kept + "/") {
            entries[target + path.dropFirst(kept.count)] = Self.masked(line)
            entries[path] = nil
        }
    }

    /// A line with the mode that a copy has, with the umask 007.
    private static func masked(_ line: String) -> String {
        var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count > 1, let mode = UInt32(words[1], radix: 8), words[0] != "link" else { return line }
        words[1] = String(String((mode & ~0o007) + 0o10000, radix: 8).dropFirst())
        return words.joined(separator: " ")
    }
}
