import Foundation

/// What a call that fails may change for good. It is in lines that the boot has written, and nothing else may differ:
///
/// - `…; OTHER is used instead`: what belongs in a directory is in its fallback, as it would be in the directory. Keys are
///   in memory there, and linked.
/// - `PLACE was in the way and is kept as OTHER`, of what the user could not read: what should have moved to the target of
///   the link at PLACE is in OTHER, whole, and the target is new and empty.
extension TreeState {
    /// Directories with their fallbacks.
    private static let fallbacks = [
        "/scratch/homes/jane": "/home/jane", "/scratch/homes/jane/.cache/huggingface": "/scratch/hf_cache",
    ]

    /// Undoes what these lines tell of, so far as it is exactly that.
    mutating func undo(toldIn log: [String], expected: TreeState) {
        for line in log {
            if let match = line.firstMatch(of: /; (\/[^ ]+) is used instead/) {
                let fallback = String(match.1)
                if let place = Self.fallbacks[fallback] { removeFallback(of: place, at: fallback, expected) }
            } else if let match = line.firstMatch(of: /warning: (\/[^ ]+) was in the way and is kept as (\/[^ ]+)/) {
                moveBack(from: String(match.2), of: String(match.1), expected)
            }
        }
    }

    private mutating func removeFallback(of place: String, at fallback: String, _ expected: TreeState) {
        let memory = "link 0777 1000:2000 -> /dev/shm/entrypoint-ssh-1000/"
        for (path, line) in expected.entries where path == place || path.hasPrefix(place + "/") {
            let twin = fallback + path.dropFirst(place.count)
            guard expected.entries[twin] == nil else { continue }
            var same = [line]
            // The directory itself is the user's, whoever owns the place.
            if path == place { same = ["directory 0770 1000:2000"] }
            if path.hasPrefix("/home/jane/.ssh/") {
                let name = path.split(separator: "/").last ?? ""
                same = [memory + name, line.replacingOccurrences(of: "-> ", with: "-> /dev/shm/entrypoint-ssh-1000/")]
            }
            if let there = entries[twin], same.contains(there) { entries[twin] = nil }
        }
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
