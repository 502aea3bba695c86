import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// The files of ssh's directory.
struct SSHFilesTests {
    /// Mounts of a container whose home is part of its root file system.
    private static let plainMounts = [
        Mount(point: "/", type: "overlay", source: "overlay"), Mount(point: "/run", type: "tmpfs", source: "tmpfs"),
        Mount(point: "/dev/shm", type: "tmpfs", source: "shm"),
    ]

    private static func change(
        _ place: Site, key: String? = "KEY\n", publicKey: String? = nil, hosts: String? = nil,
        alias: SSHFileName? = nil, mounts: [Mount] = plainMounts
    ) -> Change {
        let contents: [(SSHFileName, String?)] = [(.privateKey, key), (.publicKey, publicKey), (.knownHosts, hosts)]
        return .sshFiles(
            SSHFilesChange(
                directory: place.home.appending(".ssh"),
                files: contents.compactMap { name, text in
                    text.map { SSHFilesChange.File(name, Secret(text: $0), from: "THE_KEY") }
                }, alias: alias, mounts: mounts))
    }

    @Test func `files are written with ssh's modes, and not written again`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            func change() -> Change {
                Self.change(place, publicKey: "PUBLIC\n", hosts: "HOST\n", alias: .ed25519)
            }
            let story = "changed\nwrote id_rsa (0600), id_rsa.pub (0644), known_hosts (0644), id_ed25519 (a link)"
            try expectSame(place.story(of: change(), mode: .dryRun), story.replacing("wrote", with: "writes"))
            try expectSame(place.listing(place.home), "")
            try expectSame(place.story(of: change()), story)
            try expectSame(
                place.listing(place.home),
                """
                .ssh/ 0700
                .ssh/id_ed25519 -> id_rsa
                .ssh/id_rsa 0600 KEY\\n
                .ssh/id_rsa.pub 0644 PUBLIC\\n
                .ssh/known_hosts 0644 HOST\\n
                """)
            let inode = try FileTree().entryStatus(place.home.appending(".ssh/id_rsa"))?.inode
            for mode in [Apply.Mode.dryRun, .boot] { try expectSame(place.story(of: change(), mode: mode), "already") }
            #expect(try FileTree().entryStatus(place.home.appending(".ssh/id_rsa"))?.inode == inode)
        }
    }

    @Test func `a file whose variable is gone goes, and files of the user's stay`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            _ = try place.story(of: Self.change(place, publicKey: "PUBLIC\n", hosts: "HOST\n", alias: .ecdsa))
            try place.makeFile(place.home.appending(".ssh/config"), "mine")
            try expectSame(
                place.story(of: Self.change(place, key: nil, publicKey: "PUBLIC\n"), mode: .dryRun),
                "changed\nremoves id_rsa, known_hosts, id_ecdsa")
            try expectSame(
                place.story(of: Self.change(place, key: nil, publicKey: "PUBLIC\n")),
                "changed\nremoved id_rsa, known_hosts, id_ecdsa")
            try expectSame(
                place.listing(place.home), ".ssh/ 0700\n.ssh/config 0644 mine\n.ssh/id_rsa.pub 0644 PUBLIC\\n")
            try expectSame(place.story(of: Self.change(place, key: nil, publicKey: "PUBLIC\n")), "already")
        }
    }

    @Test func `a file that the user has changed since is theirs`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            _ = try place.story(of: Self.change(place, publicKey: "PUBLIC\n"))
            try place.makeFile(place.home.appending(".ssh/id_rsa"), "HIS\n", mode: 0o600)
            try expectSame(place.story(of: Self.change(place, key: nil, publicKey: "PUBLIC\n")), "already")
            #expect(try place.listing(place.home).contains(".ssh/id_rsa 0600 HIS"))
            try expectSame(
                place.story(of: Self.change(place, publicKey: "PUBLIC\n")),
                """
                changed
                /home/.ssh/id_rsa was in the way and is kept as /home/.ssh/id_rsa.before-entrypoint
                wrote id_rsa (0600)
                """)
            #expect(try place.listing(place.home).contains(".ssh/id_rsa.before-entrypoint 0600 HIS"))
            // The key that was written is a boot's again.
            try expectSame(
                place.story(of: Self.change(place, key: "NEW\n", publicKey: "PUBLIC\n")), "changed\nwrote id_rsa (0600)"
            )
        }
    }

    @Test func `known hosts that ssh has added stay, and go with the variable`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            _ = try place.story(of: Self.change(place, hosts: "HOST\n"))
            try place.makeFile(place.home.appending(".ssh/known_hosts"), "HOST\nMORE\n", mode: 0o644)
            try expectSame(place.story(of: Self.change(place, hosts: "HOST\n")), "already")
            try expectSame(
                place.story(of: Self.change(place, hosts: "OTHER\n")), "changed\nwrote known_hosts (0644)")
            try expectSame(place.story(of: Self.change(place)), "changed\nremoved known_hosts")
        }
    }

    @Test func `files and links that were there before are kept under another name, but for a second name`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let directory = place.home.appending(".ssh")
            try place.makeDirectory(directory, mode: 0o700)
            try place.makeFile(directory.appending("id_rsa"), "OLD\n", mode: 0o600)
            try place.makeLink(directory.appending("id_rsa.pub"), to: "elsewhere")
            try place.makeDirectory(directory.appending("known_hosts"))
            try place.makeFile(directory.appending("id_ed25519"), "ANOTHER\n", mode: 0o600)
            func change() -> Change { Self.change(place, publicKey: "P\n", hosts: "H\n", alias: .ed25519) }
            let notes = ["id_rsa", "id_rsa.pub", "known_hosts"].map { "/home/.ssh/\($0)" }
            let wrote = "wrote id_rsa (0600), id_rsa.pub (0644), known_hosts (0644)"
            try expectSame(
                place.story(of: change(), mode: .dryRun),
                (["changed"] + notes.map { "\($0) is in the way and is kept as \($0).before-entrypoint" } + [
                    "writes" + wrote.dropFirst(5)
                ])
                .joined(separator: "\n"))
            try expectSame(
                place.story(of: change()),
                (["changed"] + notes.map { "\($0) was in the way and is kept as \($0).before-entrypoint" } + [wrote])
                    .joined(separator: "\n"))
            try expectSame(
                place.listing(directory),
                """
                id_ed25519 0600 ANOTHER\\n
                id_rsa 0600 KEY\\n
                id_rsa.before-entrypoint 0600 OLD\\n
                id_rsa.pub 0644 P\\n
                id_rsa.pub.before-entrypoint -> elsewhere
                known_hosts 0644 H\\n
                known_hosts.before-entrypoint/ 0755
                """)
        }
    }

    @Test func `a file of the user's with the same content stays, and gets the mode`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeDirectory(place.home.appending(".ssh"), mode: 0o700)
            try place.makeFile(place.home.appending(".ssh/id_rsa"), "KEY\n", mode: 0o644)
            try expectSame(place.story(of: Self.change(place)), "changed\nwrote id_rsa (0600)")
            try expectSame(place.listing(place.home), ".ssh/ 0700\n.ssh/id_rsa 0600 KEY\\n")
            try expectSame(place.story(of: Self.change(place)), "already")
            try expectSame(
                place.story(of: Self.change(place, key: nil, publicKey: "P\n")), "changed\nwrote id_rsa.pub (0644)")
            #expect(try place.listing(place.home).contains(".ssh/id_rsa 0600 KEY"))
        }
    }

    @Test(arguments: ["", "K", "KEY\n"])
    func `what a killed boot left of a file is gone with the next one`(left: String) async {
        await #expect(processExitsWith: .success) { [left = left as String] in
            let place = try Site.ofUser()
            try place.makeDirectory(place.home.appending(".ssh"), mode: 0o700)
            try place.makeFile(place.home.appending(".ssh/.id_rsa.entrypoint"), left, mode: 0o600)
            _ = try place.story(of: Self.change(place))
            #expect(try !place.listing(place.home).contains(".id_rsa.entrypoint"))
        }
    }

    @Test func `a key that a boot has written to the end and was killed before it got its name is gone with another`()
        async
    {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            _ = try place.story(of: Self.change(place))
            let ssh = place.home.appending(".ssh")
            let (key, left) = (ssh.appending("id_rsa"), ssh.appending(".id_rsa.entrypoint"))
            try #require(rename(key.string, left.string) == 0)
            _ = try place.story(of: Self.change(place, key: "OTHER\n"))
            #expect(try !place.listing(place.home).contains("KEY"))
            #expect(try place.listing(place.home).contains(".ssh/id_rsa 0600 OTHER"))
        }
    }

    @Test func `something else of that name is not the boot's, and stays`() async {
        await #expect(processExitsWith: .success) {
            for other in ["notes", "KEY\nmore"] {
                let place = try Site.ofUser()
                try place.makeDirectory(place.home.appending(".ssh"), mode: 0o700)
                try place.makeFile(place.home.appending(".ssh/.id_rsa.entrypoint"), other, mode: 0o600)
                try place.makeFile(place.home.appending(".ssh/..entrypoint.entrypoint"), "my own words\n", mode: 0o600)
                try expectSame(place.story(of: Self.change(place)), "changed\nwrote id_rsa (0600)")
                let listing = try place.listing(place.home)
                #expect(listing.contains(".id_rsa.entrypoint 0600 \(other.replacing("\n", with: "\\n"))"), "\(listing)")
                #expect(listing.contains("..entrypoint.entrypoint 0600 my own words"), "\(listing)")
                #expect(listing.contains(".ssh/id_rsa 0600 KEY"), "\(listing)")
            }
        }
    }

    @Test func `the beginning of a manifest is known`() {
        for text in ["", "id_rsa", "id_rsa 4 1.2 3\n", "id_rsa 4 1.2 3\nid_ed25519 link\nid_r", "x 1 2"] {
            #expect(SSHManifest.isPart(Array(text.utf8)), "\(text)")
        }
        for text in ["my own words\n", "id_rsa four 1.2 3\n", "\n", "a b\n", "\0"] {
            #expect(!SSHManifest.isPart(Array(text.utf8)), "\(text)")
        }
    }

    @Test func `a directory that others can write in is told`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeDirectory(place.home.appending(".ssh"), mode: 0o775)
            try expectSame(
                place.story(of: Self.change(place)),
                """
                changed
                /home/.ssh has mode 0775: others can change its files, and ssh may refuse them; \
                correct it with chmod 700 /home/.ssh
                wrote id_rsa (0600)
                """)
        }
    }

    @Test func `a file in the place of the directory, or a link that leads nowhere, is an error`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeFile(place.home.appending(".ssh"), "mine")
            try expectSame(
                place.story(of: Self.change(place)),
                "failed: cannot use /home/.ssh: it is a file, and a directory is expected; move it away")
            try expectSame(place.listing(place.home), ".ssh 0644 mine")
            try #require(unlink(place.home.appending(".ssh").string) == 0)
            try place.makeLink(place.home.appending(".ssh"), to: "/nowhere")
            try expectSame(
                place.story(of: Self.change(place)),
                "failed: cannot use /home/.ssh: it is a symbolic link to something that does not exist; "
                    + "remove it, or make its target")
        }
    }

    @Test func `a mounted directory is left alone`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let mounts =
                Self.plainMounts + [Mount(point: place.home.appending(".ssh"), type: "tmpfs", source: "secret")]
            try expectSame(
                place.story(of: Self.change(place, mounts: mounts)),
                "skipped: /home/.ssh is a mount and is left alone, so that THE_KEY is not used; unset it, or mount nothing there"
            )
            try expectSame(place.listing(place.home), "")
        }
    }

    @Test(.actingAsUsers) func `a mounted file is left alone, and the others are written`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                let file = place.home.appending(".ssh/known_hosts")
                try place.makeDirectory(place.home.appending(".ssh"), mode: 0o700)
                try place.makeFile(file, "")
                try place.makeFile(place.image.appending("hosts"), "MOUNTED\n")
                try #require(mount(place.image.appending("hosts").string, file.string, nil, UInt(MS_BIND), nil) == 0)
                try expectSame(
                    place.story(of: Self.change(place, publicKey: "P\n", hosts: "H\n")),
                    """
                    changed
                    /home/.ssh/known_hosts is a mount and is left alone, so that THE_KEY is not used; unset it, or mount nothing there
                    wrote id_rsa (0600), id_rsa.pub (0644)
                    """)
                #expect(try place.listing(place.home).contains("known_hosts 0644 MOUNTED"))
                umount(file.string)
            }
        }
    }

    @Test(.actingAsUsers) func `a home of somebody else's is told, and nothing is left`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try #require(chown(place.home.string, 0, 0) == 0)
            try expectSame(
                place.story(of: Self.change(place)),
                "failed: cannot create /home/.ssh: permission denied (mkdirat EACCES as user)")
        }
    }
}
