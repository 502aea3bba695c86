import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Keys in a home that outlives the container: the files are in memory, and links lead to them.
struct SSHMemoryTests {
    /// Runs a body in a container's mounts, as far as they matter: memory at `/run` and `/dev/shm`.
    private static func inContainer(
        size: String = "1m", _ body: (Site, _ mounts: [Mount], _ memory: FilePath) throws -> Void
    ) throws {
        try inProcessOfItsOwn {
            try mountMemory(at: "/run", size: size)
            try mountMemory(at: "/dev/shm")
            try #require(chmod("/run", 0o755) == 0)
            let place = try Site.ofUser()
            let mounts = [
                Mount(point: "/", type: "overlay", source: "overlay"),
                Mount(point: "/run", type: "tmpfs", source: "tmpfs"),
                Mount(point: "/dev/shm", type: "tmpfs", source: "shm"),
                Mount(point: place.home, type: "nfs4", source: "10.0.0.5:/homes"),
            ]
            try body(place, mounts, FilePath("/run/entrypoint-ssh-\(place.user.user)"))
        }
    }

    /// What is told of a directory that root has made, beside what the user does.
    private static func made(_ memory: FilePath, _ verb: String = "created") -> String {
        "\(verb) \(memory) (0700) as root"
    }

    private static func change(
        _ place: Site, _ mounts: [Mount], key: String? = "KEY\n", hosts: String? = nil,
        alias: SSHFileName? = nil
    ) -> Change {
        let contents: [(SSHFileName, String?)] = [(.privateKey, key), (.knownHosts, hosts)]
        return .sshFiles(
            SSHFilesChange(
                directory: place.home.appending(".ssh"),
                files: contents.compactMap { name, text in
                    text.map { SSHFilesChange.File(name, Secret(text: $0), from: "THE_KEY") }
                }, alias: alias, mounts: mounts))
    }

    @Test(.actingAsUsers) func `the key is in memory, for the user alone, and a link leads there`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts, memory in
                let story = "changed\n\(Self.made(memory)); wrote id_rsa (0600), id_ed25519 (a link)"
                try expectSame(
                    place.story(of: Self.change(place, mounts, alias: .ed25519), mode: .dryRun),
                    story.replacing("wrote", with: "writes").replacing("created", with: "creates"))
                try expectSame(place.listing("/run"), "")
                try expectSame(place.story(of: Self.change(place, mounts, alias: .ed25519)), story)
                try expectSame(
                    place.listing(place.home),
                    ".ssh/ 0700\n.ssh/id_ed25519 -> \(memory)/id_rsa\n.ssh/id_rsa -> \(memory)/id_rsa")
                try expectSame(
                    place.listing("/run"),
                    "entrypoint-ssh-\(place.user.user)/ 0700\nentrypoint-ssh-\(place.user.user)/id_rsa 0600 KEY\\n")
                for mode in [Apply.Mode.dryRun, .boot] {
                    try expectSame(place.story(of: Self.change(place, mounts, alias: .ed25519), mode: mode), "already")
                }
                // Another container with the same home has nothing in memory yet.
                try FileManager.default.removeItem(atPath: memory.string)
                try expectSame(
                    place.story(of: Self.change(place, mounts, alias: .ed25519)),
                    "changed\n\(Self.made(memory)); wrote id_rsa (0600)")
                try expectSame(
                    place.story(of: Self.change(place, mounts, key: nil, hosts: "H\n")),
                    "changed\nwrote known_hosts (0644)\nremoved id_rsa, id_ed25519".replacing(
                        "\nremoved", with: "; removed"))
                try expectSame(
                    place.listing(place.home), ".ssh/ 0700\n.ssh/known_hosts -> \(memory)/known_hosts")
                try expectSame(
                    place.listing(memory), "known_hosts 0644 H\\n")
            }
        }
    }

    @Test(.actingAsUsers) func `files of the user's on the volume are kept under another name`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts, memory in
                try place.makeDirectory(place.home.appending(".ssh"), mode: 0o700)
                try place.makeFile(place.home.appending(".ssh/id_rsa"), "OLD\n", mode: 0o600)
                try place.makeLink(
                    place.home.appending(".ssh/known_hosts"), to: "/dev/shm/entrypoint-ssh-7/known_hosts")
                try expectSame(
                    place.story(of: Self.change(place, mounts, hosts: "H\n")),
                    """
                    changed
                    /home/.ssh/id_rsa was in the way and is kept as /home/.ssh/id_rsa.before-entrypoint
                    \(Self.made(memory)); wrote id_rsa (0600), known_hosts (0644)
                    """)
                try expectSame(
                    place.listing(place.home),
                    """
                    .ssh/ 0700
                    .ssh/id_rsa -> \(memory)/id_rsa
                    .ssh/id_rsa.before-entrypoint 0600 OLD\\n
                    .ssh/known_hosts -> \(memory)/known_hosts
                    """)
            }
        }
    }

    @Test(.actingAsUsers) func `a directory that is a link is taken for one that outlives the container`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts, memory in
                try place.makeDirectory(place.scratch.appending("keys"), mode: 0o700)
                try place.makeLink(place.home.appending(".ssh"), to: place.scratch.appending("keys"))
                try expectSame(
                    place.story(of: Self.change(place, Array(mounts.prefix(3)))),
                    "changed\n\(Self.made(memory)); wrote id_rsa (0600)")
                try expectSame(place.listing(place.scratch), "keys/ 0700\nkeys/id_rsa -> \(memory)/id_rsa")
                #expect(try String(contentsOfFile: memory.appending("id_rsa").string, encoding: .utf8) == "KEY\n")
            }
        }
    }

    @Test(.actingAsUsers) func `a home on another device than the container's root is taken for a volume`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts, memory in
                try mountMemory(at: place.scratch)
                try place.makeDirectory(place.scratch.appending("home"))
                try #require(rmdir(place.home.string) == 0)
                try place.makeLink(place.home, to: place.scratch.appending("home"))
                try expectSame(
                    place.story(of: Self.change(place, Array(mounts.prefix(3)))),
                    "changed\n\(Self.made(memory)); wrote id_rsa (0600)")
                try expectSame(
                    place.listing(place.scratch), "home/ 0755\nhome/.ssh/ 0700\nhome/.ssh/id_rsa -> \(memory)/id_rsa")
                umount(place.scratch.string)
            }
        }
    }

    @Test(.actingAsUsers) func `a memory directory of somebody else's is passed over`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts, memory in
                try #require(mkdir(memory.string, 0o777) == 0)
                try expectSame(
                    place.story(of: Self.change(place, mounts)).split(separator: "\n").last.map(String.init) ?? "",
                    "\(Self.made(FilePath("/dev/shm/entrypoint-ssh-\(place.user.user)"))); wrote id_rsa (0600)")
                try expectSame(place.listing(memory), "")
                try expectSame(
                    place.listing(place.home),
                    ".ssh/ 0700\n.ssh/id_rsa -> /dev/shm/entrypoint-ssh-\(place.user.user)/id_rsa")
            }
        }
    }

    @Test(.actingAsUsers) func `memory that fills up leaves no part of a key`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer(size: "32k") { place, mounts, memory in
                try expectSame(
                    place.story(of: Self.change(place, mounts, key: String(repeating: "k", count: 100_000))),
                    "failed: cannot write \(memory)/id_rsa: no space left on device (write ENOSPC as user); "
                        + "no space is left on tmpfs (tmpfs) on /run\n\(Self.made(memory))")
                try expectSame(place.listing(memory), "")
                try expectSame(place.listing(place.home), ".ssh/ 0700")
            }
        }
    }

    @Test(.actingAsUsers) func `a home that is memory now counts as a volume, too`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts, memory in
                let home = Mount(point: place.home, type: "tmpfs", source: "tmpfs")
                try expectSame(
                    place.story(of: Self.change(place, mounts.dropLast() + [home])),
                    "changed\n\(Self.made(memory)); wrote id_rsa (0600)")
                try expectSame(place.listing(place.home), ".ssh/ 0700\n.ssh/id_rsa -> \(memory)/id_rsa")
            }
        }
    }

    @Test(.actingAsUsers) func `without memory nothing is written`() async {
        await #expect(processExitsWith: .success) {
            try Self.inContainer { place, mounts, memory in
                let volumes = [
                    mounts[0], mounts[3], Mount(point: "/run", type: "ext4", source: "/dev/vdb"),
                    Mount(point: "/dev/shm", type: "nfs4", source: "10.0.0.5:/shm"),
                ]
                try expectSame(
                    place.story(of: Self.change(place, volumes)),
                    "failed: cannot keep keys off the volume of the home: neither /run nor /dev/shm ends with the container; "
                        + "mount an emptyDir with medium: Memory at /dev/shm")
                #expect(try !place.listing(place.home).contains("KEY"))
                // The container's own root does as well.
                try expectSame(
                    place.story(of: Self.change(place, [mounts[0], volumes[3], mounts[3]])),
                    "changed\n\(Self.made(memory)); wrote id_rsa (0600)")
                try expectSame(place.listing(memory), "id_rsa 0600 KEY\\n")
            }
        }
    }
}
