import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// The file of those who may log in, and the places in which sshd does not read it.
struct SSHAuthorizedTests {
    private static let container = [
        Mount(point: "/", type: "overlay", source: "overlay"), Mount(point: "/run", type: "tmpfs", source: "tmpfs"),
        Mount(point: "/dev/shm", type: "tmpfs", source: "shm"),
    ]

    private static func change(
        _ place: Site, authorized: String? = "KEY\n", key: String? = nil, mounts: [Mount] = container
    ) -> Change {
        let contents: [(SSHFileName, String?)] = [(.privateKey, key), (.authorizedKeys, authorized)]
        return .sshFiles(
            SSHFilesChange(
                directory: place.home.appending(".ssh"),
                files: contents.compactMap { name, text in
                    text.map { SSHFilesChange.File(name, Secret(text: $0), from: "THE_KEY") }
                }, alias: nil, mounts: mounts))
    }

    @Test func `the file is the user's alone, keeps lines that are added, and goes with its variable`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let file = place.home.appending(".ssh/authorized_keys")
            try expectSame(place.story(of: Self.change(place), mode: .dryRun), "changed\nwrites authorized_keys (0600)")
            try expectSame(place.story(of: Self.change(place)), "changed\nwrote authorized_keys (0600)")
            try expectSame(place.listing(place.home), ".ssh/ 0700\n.ssh/authorized_keys 0600 KEY\\n")
            for mode in [Apply.Mode.dryRun, .boot] {
                try expectSame(place.story(of: Self.change(place), mode: mode), "already")
            }
            try expectSame(
                place.story(of: Self.change(place, authorized: nil, key: "K\n")),
                "changed\nwrote id_rsa (0600); removed authorized_keys")
            _ = try place.story(of: Self.change(place))
            // As ssh-copy-id does it.
            try place.makeFile(file, "KEY\nMORE\n", mode: 0o600)
            try expectSame(place.story(of: Self.change(place)), "already")
            // Such a file is the user's.
            try expectSame(
                place.story(of: Self.change(place, authorized: nil, key: "K\n")), "changed\nwrote id_rsa (0600)")
            #expect(try place.listing(place.home).contains(".ssh/authorized_keys 0600 KEY\\nMORE\\n"))
            try expectSame(
                place.story(of: Self.change(place, authorized: "OTHER\n", key: "K\n")),
                """
                changed
                /home/.ssh/authorized_keys was in the way and is kept as /home/.ssh/authorized_keys.before-entrypoint
                wrote authorized_keys (0600)
                """)
        }
    }

    @Test func `a link in its place is not followed`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeDirectory(place.home.appending(".ssh"), mode: 0o700)
            try place.makeFile(place.home.appending("victim"), "KEPT\n", mode: 0o644)
            try place.makeLink(place.home.appending(".ssh/authorized_keys"), to: "../victim")
            try expectSame(
                place.story(of: Self.change(place)),
                """
                changed
                /home/.ssh/authorized_keys was in the way and is kept as /home/.ssh/authorized_keys.before-entrypoint
                wrote authorized_keys (0600)
                """)
            try expectSame(
                place.listing(place.home),
                """
                .ssh/ 0700
                .ssh/authorized_keys 0600 KEY\\n
                .ssh/authorized_keys.before-entrypoint -> ../victim
                victim 0644 KEPT\\n
                """)
        }
    }

    /// sshd follows no link into /dev/shm, which everybody can write in.
    @Test(.actingAsUsers) func `on a volume it is a file, and the private key is in memory`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try mountMemory(at: "/run")
                try mountMemory(at: "/dev/shm")
                try #require(chmod("/run", 0o755) == 0)
                let place = try Site.ofUser()
                let mounts = Self.container + [Mount(point: place.home, type: "nfs4", source: "10.0.0.5:/homes")]
                let memory = FilePath("/run/entrypoint-ssh-\(place.user.user)")
                func change(_ authorized: String?, key: String? = "K\n") -> Change {
                    Self.change(place, authorized: authorized, key: key, mounts: mounts)
                }
                try expectSame(
                    place.story(of: change("KEY\n")),
                    "changed\ncreated \(memory) (0700) as root; wrote id_rsa (0600), authorized_keys (0600)")
                try expectSame(
                    place.listing(place.home),
                    ".ssh/ 0700\n.ssh/authorized_keys 0600 KEY\\n\n.ssh/id_rsa -> \(memory)/id_rsa")
                try expectSame(place.listing(memory), "id_rsa 0600 K\\n")
                for mode in [Apply.Mode.dryRun, .boot] {
                    try expectSame(place.story(of: change("KEY\n"), mode: mode), "already")
                }
                // Another container of the same home knows it as a boot's.
                try expectSame(place.story(of: change("OTHER\n")), "changed\nwrote authorized_keys (0600)")
                try expectSame(place.story(of: change(nil)), "changed\nremoved authorized_keys")
                try expectSame(place.listing(place.home), ".ssh/ 0700\n.ssh/id_rsa -> \(memory)/id_rsa")
                // Public keys need no memory.
                let volumes =
                    [mounts[0], mounts[3]]
                    + Paths.memory.map { Mount(point: $0, type: "nfs4", source: "10.0.0.5:/other") }
                try expectSame(
                    place.story(of: Self.change(place, mounts: volumes)),
                    "changed\nwrote authorized_keys (0600); removed id_rsa")
            }
        }
    }

    @Test(arguments: [0o775, 0o757, 0o2770] as [mode_t])
    func `a home in which others can write is told`(mode: mode_t) async {
        await #expect(processExitsWith: .success) { [mode = mode as mode_t] in
            let place = try Site.ofUser()
            try #require(chmod(place.home.string, mode) == 0)
            let octal = (mode > 0o777 ? "" : "0") + String(mode, radix: 8)
            let note =
                "/home has mode \(octal): others can change who may log in, and sshd may refuse the keys; "
                + "correct it with chmod go-w /home, or set StrictModes no for sshd"
            try expectSame(
                place.story(of: Self.change(place), mode: .dryRun), "changed\n\(note)\nwrites authorized_keys (0600)")
            try expectSame(place.story(of: Self.change(place)), "changed\n\(note)\nwrote authorized_keys (0600)")
            try expectSame(
                place.story(of: Self.change(place, authorized: nil, key: "K\n")),
                "changed\nwrote id_rsa (0600); removed authorized_keys")
        }
    }

    @Test(.actingAsUsers) func `a home of somebody else's is told`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeDirectory(place.home.appending(".ssh"), mode: 0o700)
            try #require(chown(place.home.appending(".ssh").string, place.user.user, place.user.group) == 0)
            try #require(chown(place.home.string, 4711, 4711) == 0 && chmod(place.home.string, 0o755) == 0)
            try expectSame(
                place.story(of: Self.change(place)),
                """
                changed
                /home belongs to user 4711, neither to root nor to user \(place.user.user), and sshd refuses the keys; \
                correct its owner, or set StrictModes no for sshd
                wrote authorized_keys (0600)
                """)
        }
    }
}
