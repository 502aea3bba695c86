import Foundation
import Glibc
import TestSupport
import Testing

/// Boots from random states of home, scratch and account files: whatever was there is still there, and where it is now has
/// been told. With `scripts/faults` from many more states.
@Suite(.containers)
struct NothingLostTests {
    @Test func `every byte of user data is still there after boots, in a place that was told`() throws {
        let first = FaultTests.isThorough ? UInt64.random(in: 0..<(1 << 32)) : 20261121
        let count: UInt64 = FaultTests.isThorough ? 1500 : 40
        print("nothing lost: seeds \(first) to \(first + count - 1)")
        var (kept, moved, failed) = (0, 0, 0)
        for seed in first..<(first + count) {
            if FaultTests.isThorough && (seed - first) % 100 == 0 {
                Progress.tell("nothing lost: \(seed - first) of \(count) states tried")
            }
            try withPod(.debian) { container in
                var state = RandomState(seed: seed)
                try Mounts.mount("tmpfs", from: "scratch", on: container.root + "/scratch", options: "mode=0755")
                try container.makeDirectory("/scratch/homes", mode: 0o770, group: 2000)
                try container.makeDirectory("/scratch/hf_cache", mode: 0o2770, group: 2000)
                try container.makeSkeleton(files: 2)
                try state.fill(container)
                var told = ""
                for _ in 0..<Int.random(in: 1...3, using: &state.generator) {
                    container.environment = state.environment()
                    let outcome = try container.runInNamespaces(["/usr/bin/true"])
                    #expect([0, 78, 125].contains(outcome.exitCode), "seed \(seed): \(outcome)")
                    failed += outcome.exitCode == 0 ? 0 : 1
                    told += outcome.errors
                    let report = "/run/entrypoint/report.jsonl"
                    if outcome.exitCode == 0 { told += try container.text(report) }
                }
                let places = try Places(of: container)
                for (path, token) in state.tokens {
                    let found = places.byToken[token] ?? []
                    if told.contains(token) && !found.contains(path) {
                        // A link that the boot replaced: where it led is told.
                        moved += 1
                    } else if found.isEmpty {
                        Issue.record("seed \(seed): what was in \(path) is lost (\(token)):\n\(told)")
                    } else if found.contains(path) {
                        kept += 1
                    } else if found.contains(where: { Self.isTold($0, in: told) }) {
                        moved += 1
                    } else {
                        Issue.record("seed \(seed): \(path) is now \(found), which was not told:\n\(told)")
                    }
                }
            }
        }
        print("nothing lost: \(kept) in their place, \(moved) moved and told, \(failed) boots ended early")
        #expect(kept > 200 && moved > 20)
    }

    @Test func `a directory of the container moves to another file system, whatever devices its files tell`() throws {
        try withPod(.debian) { container in
            try Mounts.mount("tmpfs", from: "scratch", on: container.root + "/scratch", options: "mode=0755")
            try container.makeDirectory("/scratch/homes/jane", mode: 0o770, user: 1000, group: 2000)
            try container.makeDirectory("/home/jane/.vscode/sub", user: 1000, group: 2000)
            for path in ["/home/jane", "/home/jane/.vscode"] {
                try container.makeDirectory(path, user: 1000, group: 2000)
            }
            try container.write("/home/jane/.vscode/sub/file", "mine\n", user: 1000, group: 2000)
            let outcome = try container.runInNamespaces(["/usr/bin/true"])
            #expect(try container.text("/scratch/homes/jane/.vscode/sub/file") == "mine\n", "\(outcome)")
            #expect(try container.status("/home/jane/.vscode")?.kind == .link)
            #expect(try !container.exists("/home/jane/.vscode.before-entrypoint"))
        }
    }

    /// Whether a text names a path, or a directory above it that is not one of everybody's.
    private static func isTold(_ path: String, in text: String) -> Bool {
        var parts = path.split(separator: "/")
        while parts.count > 2 {
            if text.contains("/" + parts.joined(separator: "/")) { return true }
            parts.removeLast()
        }
        return false
    }
}

/// A state that a container may be started in, made from a number.
private struct RandomState {
    var generator: SplitMix
    private let seed: UInt64
    /// What the users own: a word that stands nowhere else, by the path of its file; or a link's, by that of the link.
    private(set) var tokens: [(path: String, token: String)] = []

    init(seed: UInt64) {
        self.seed = seed
        generator = SplitMix(state: seed)
    }

    private static let homeNames = [
        ".zsh_history", ".vscode", ".vscode-server", ".cursor", ".cursor-server", ".zshrc", ".oh-my-zsh", ".gitconfig",
        ".ssh",
        ".ssh/id_rsa", ".ssh/id_rsa.pub", ".ssh/known_hosts", ".ssh/authorized_keys", ".ssh/id_ed25519",
        ".mydata", ".cache", "notes",
        ".vscode.before-entrypoint", ".zshrc.before-entrypoint",
    ]
    private static let scratchNames = [
        ".zsh_history", ".vscode", ".vscode-server", ".cursor", ".cursor-server", ".shell", ".shell/.zshrc",
        ".shell/.oh-my-zsh", ".shell/.zshenv", ".gitconfig", ".mydata", ".cache", ".cache/uv", ".uv", "work",
    ]

    /// Puts files, directories and links into home and scratch, and lines into the account files.
    mutating func fill(_ container: Container) throws {
        if chance(0.8) {
            try container.makeDirectory(
                "/home/jane", mode: pick([0o750, 0o755, 0o700]), user: pick([1000, 1000, 1000, 0, 7]), group: 2000)
            for name in Self.homeNames where chance(0.4) { try put("/home/jane/" + name, container) }
        }
        if chance(0.8) {
            try container.makeDirectory(
                "/scratch/homes/jane", mode: pick([0o770, 0o750, 0o2770]), user: pick([1000, 1000, 1000, 177449]),
                group: 2000)
            for name in Self.scratchNames where chance(0.4) { try put("/scratch/homes/jane/" + name, container) }
        }
        let accounts = [
            "jane:x:1000:2000:TOKEN:/home/jane:/bin/bash\n", "jane:x:1500:1500:TOKEN:/home/jane:/bin/bash\n",
            "bob:x:1000:1000:TOKEN:/home/bob:/bin/sh\n", "1000:x:1000:0:TOKEN:/:/bin/sh\n",
            "ann:x:1001:2000:TOKEN:/home/ann:/bin/sh\n",
        ]
        for line in accounts where chance(0.3) {
            let token = newToken()
            try container.append("/etc/passwd", "\(line.replacingOccurrences(of: "TOKEN", with: token))")
            tokens.append(("/etc/passwd", token))
        }
        for line in ["lab:x:2000:bob\n", "team:x:2000:ann\n", "lab:x:2500:\n"] where chance(0.2) {
            try container.append("/etc/group", ByteString(line))
        }
    }

    /// The environment of a boot: with or without secrets, and as other configurations have had it.
    mutating func environment() -> Environment {
        var environment = Environment.pod
        if chance(0.4) {
            environment["PERSISTENT_LINKS"] = pick([
                ".vscode/ .mydata/", ".zsh_history .mydata", ".zshrc", ".cache/ notes",
            ])
        }
        if chance(0.5) {
            environment["SSH_PUBLIC_KEY"] =
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBS0f26daQP4j/SUc6RP4C6TgTjBItRfX5Bo2NG/AI8W jane"
        }
        if chance(0.5) {
            environment["SSH_KNOWN_HOSTS"] =
                "host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBS0f26daQP4j/SUc6RP4C6TgTjBItRfX5Bo2NG/AI8W"
        }
        if chance(0.5) {
            environment["SSH_AUTHORIZED_KEYS"] =
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBS0f26daQP4j/SUc6RP4C6TgTjBItRfX5Bo2NG/AI8W jane"
        }
        if chance(0.6) {
            environment["GIT_USER_NAME"] = "Jane"
            environment["GIT_USER_EMAIL"] = "jane@example.org"
        }
        if chance(0.2) { environment["ZDOTDIR"] = "/scratch/homes/jane/zsh" }
        if chance(0.2) { environment["IDENTITY_ON_COLLISION"] = pick(["reuse", "fail"]) }
        return environment
    }

    /// Something at a path: a file, an empty one, a directory with files, or a link.
    private mutating func put(_ path: String, _ container: Container) throws {
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        // What a link or a file above it has taken stays.
        guard try !container.exists(path), try container.status(parent)?.kind == .directory else { return }
        let user: UInt32 = pick([1000, 1000, 1000, 1000, 0, 7])
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...3: try putFile(path, user, container)
        case 4: try container.write(path, "", mode: 0o600, user: user, group: 2000)
        case 5...7:
            try container.makeDirectory(path, mode: pick([0o755, 0o700]), user: user, group: 2000)
            for name in ["a", "sub/b"] where chance(0.7) {
                if name.hasPrefix("sub") {
                    try container.makeDirectory(path + "/sub", mode: 0o750, user: user, group: 2000)
                }
                try putFile("\(path)/\(name)", user, container)
            }
        case 8:
            let token = newToken()
            try container.link(path, to: "/scratch/homes/jane/\(token)")
            try check(lchown(container.root + path, user, 2000), "lchown", path)
            tokens.append((path, token))
        default:
            let token = newToken()
            try container.makeDirectory("/scratch/homes/jane/\(token)", user: user, group: 2000)
            try container.link(path, to: "/scratch/homes/jane/\(token)")
            try check(lchown(container.root + path, user, 2000), "lchown", path)
            tokens.append((path, token))
        }
    }

    private mutating func putFile(_ path: String, _ user: UInt32, _ container: Container) throws {
        let token = newToken()
        tokens.append((path, token))
        // Git must be able to read its own.
        let content = path.contains(".gitconfig") ? "[core]\n\teditor = \(token)\n" : "\(token)\n"
        try container.write(path, ByteString(content), mode: pick([0o644, 0o600, 0o400]), user: user, group: 2000)
    }

    private mutating func newToken() -> String {
        "data-\(seed)-\(tokens.count)-\(UInt16.random(in: 0...(.max), using: &generator))"
    }
    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < share }
    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }
}

/// Where words of the users stand in a container: in files, and in the targets of links.
private struct Places {
    private(set) var byToken: [String: [String]] = [:]

    init(of container: Container) throws {
        for (path, line) in try TreeState(of: container.root, ["/etc", "/home", "/scratch"]).entries {
            for match in line.matches(of: /data-[0-9]+-[0-9]+-[0-9]+/) {
                byToken[String(match.output), default: []].append(path)
            }
        }
    }
}

/// Random numbers that are the same for the same seed (splitmix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
