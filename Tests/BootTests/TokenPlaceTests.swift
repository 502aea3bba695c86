import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Where a token is kept: in the home, and in memory where the home outlives the container.
struct TokenPlaceTests {
    private static let root = Mount(point: "/", type: "overlay", source: "overlay")

    /// Runs a body in a container's mounts, as far as they matter: memory at `/run` and `/dev/shm`.
    private static func inContainer(_ body: (Site, _ memory: [Mount]) throws -> Void) throws {
        try inProcessOfItsOwn {
            try mountMemory(at: "/run")
            try mountMemory(at: "/dev/shm")
            try #require(chmod("/run", 0o755) == 0)
            try body(
                try Site.ofUser(),
                [
                    root, Mount(point: "/run", type: "tmpfs", source: "tmpfs"),
                    Mount(point: "/dev/shm", type: "tmpfs", source: "shm"),
                ])
        }
    }

    private static func token(_ place: Site) -> FilePath { place.home.appending(".cache/huggingface/token") }

    /// What is told, and where the token is then.
    private static func story(
        _ place: Site, _ mounts: [Mount], isKept: Bool = false, mode: Apply.Mode = .boot
    ) throws -> String {
        let change = TokenPlaceChange(
            path: token(place), home: place.home, neighbours: ["stored_tokens"], isKept: isKept,
            owners: [place.user.user, 0], mounts: mounts)
        return try place.stories(
            [PlannedChange(.tokenPlace(change), by: [.user], onFailure: .warn)],
            exports: [Export("HF_TOKEN_PATH", .placeOrText(token(place), "/dev/null"))],
            mode: mode)
    }

    private static func inMemory(_ place: Site, _ directory: String = "/run") -> String {
        "HF_TOKEN_PATH=\(directory)/entrypoint-huggingface-\(place.user.user)/token"
    }

    @Test(.actingAsUsers) func `in a home of the container's own the token is there, and nothing is told`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts in
                for mode in [Apply.Mode.dryRun, .boot] {
                    #expect(
                        try Self.story(place, mounts, mode: mode) == "HF_TOKEN_PATH=/home/.cache/huggingface/token")
                }
                try place.makeDirectory(place.home.appending(".cache"), mode: 0o700)
                try place.makeDirectory(place.home.appending(".cache/huggingface"), mode: 0o700)
                try place.makeFile(Self.token(place), "hf_x")
                #expect(try Self.story(place, mounts) == "HF_TOKEN_PATH=/home/.cache/huggingface/token")
                try expectSame(place.listing("/run"), "")
            }
        }
    }

    @Test(.actingAsUsers, arguments: [".cache", ".cache/huggingface", ".cache/huggingface/token", "volume", "kept"])
    func `what leads to a volume is not used, and memory is`(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            try Self.inContainer { place, memory in
                var mounts = memory
                switch way {
                case "volume": mounts.append(Mount(point: place.home, type: "nfs4", source: "10.0.0.5:/homes"))
                case "kept": break
                default:
                    var made = place.home
                    for name in FilePath(way).components.dropLast() {
                        made.append(name)
                        try place.makeDirectory(made, mode: 0o700)
                    }
                    try place.makeLink(place.home.appending(way), to: place.scratch)
                }
                let isKept = way == "kept"
                let dry = try Self.story(place, mounts, isKept: isKept, mode: .dryRun)
                #expect(dry.hasPrefix("changed") && dry.hasSuffix(Self.inMemory(place)), "\(dry)")
                try expectSame(place.listing("/run"), "")
                let first = try Self.story(place, mounts, isKept: isKept)
                #expect(first.hasPrefix("changed") && first.hasSuffix(Self.inMemory(place)), "\(first)")
                try expectSame(place.listing("/run"), "entrypoint-huggingface-\(place.user.user)/ 0700")
                #expect(try Self.story(place, mounts, isKept: isKept) == Self.inMemory(place))
                try expectSame(place.listing(place.scratch), "")
            }
        }
    }

    @Test(.actingAsUsers) func `what somebody else has made is told, and memory is used`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts in
                guard getuid() == 0 else { return }
                try place.makeDirectory(place.home.appending(".cache"), mode: 0o700)
                try #require(chown(place.home.appending(".cache").string, 4711, 4711) == 0)
                let story = try Self.story(place, mounts)
                #expect(story.contains("cannot use /home/.cache: it belongs to user 4711"), "\(story)")
                #expect(story.hasSuffix(Self.inMemory(place)), "\(story)")
            }
        }
    }

    @Test(.actingAsUsers) func `without memory no token is kept`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, _ in
                let disks = ["/", "/run", "/dev/shm"].map { path in
                    Mount(point: FilePath(path), type: "nfs4", source: "server")
                }
                let story = try Self.story(place, disks + [Mount(point: place.home, type: "nfs4", source: "server")])
                #expect(story.contains("cannot keep tokens off the volume of the home"), "\(story)")
                #expect(story.hasSuffix("HF_TOKEN_PATH=/dev/null"), "\(story)")
            }
        }
    }
}
