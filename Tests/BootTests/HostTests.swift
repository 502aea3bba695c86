import CTestSupport
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Boot

/// What is seen of a container that is a folder.
struct HostTests {
    /// A folder with directories and files: a path that ends in a slash is a directory.
    private func withImage(
        _ files: [String: (String, mode_t)], _ body: (FileTree, Site) throws -> Void
    ) throws {
        let site = try Site()
        var made: Set<String> = []
        for (path, (content, mode)) in files.sorted(by: { $0.key < $1.key }) {
            var directory = ""
            for part in path.split(separator: "/").dropLast() {
                directory += (directory.isEmpty ? "" : "/") + part
                if made.insert(directory).inserted { try site.directory(directory) }
            }
            try site.file(path, content, mode)
        }
        try body(FileTree(root: site.root), site)
    }

    @Test func `an empty image has nothing, and that is no problem`() throws {
        try withImage([:]) { tree, _ in
            let host = Host.look(at: tree, privileges: .root())
            #expect(host.start == .root)
            #expect(host.accounts == AccountFiles())
            #expect(host.accountProblems == [])
            #expect(host.shells == [])
            #expect(host.sudo == nil)
            #expect(host.devices == [])
        }
    }

    @Test func `shells, sudo and account files are found`() throws {
        try withImage([
            "bin/zsh": ("", 0o644), "bin/bash": ("", 0o755), "bin/sh": ("", 0o755), "usr/bin/sudo": ("", 0o4755),
            "etc/passwd": ("p", 0o644), "etc/group": ("g", 0o644), "etc/shadow": ("s", 0o600),
            "etc/sudoers": ("Defaults x\n@includedir /etc/sudoers.d\n", 0o440),
        ]) { tree, site in
            let host = Host.look(at: tree, privileges: .root())
            #expect(host.shells == ["/bin/bash", "/bin/sh"])
            #expect(host.sudo == "/usr/bin/sudo")
            #expect(host.sudoReadsDirectory)
            #expect(
                host.accounts == AccountFiles(passwd: Array("p".utf8), group: Array("g".utf8), shadow: Array("s".utf8)))
        }
    }

    @Test func `a user does not look at passwords and sudo`() throws {
        try withImage(["etc/shadow": ("s", 0o600), "etc/passwd": ("p", 0o644)]) { tree, _ in
            let host = Host.look(at: tree, privileges: .bare(user: 5, group: 5))
            #expect(host.start == .bare)
            #expect(host.accounts == AccountFiles(passwd: Array("p".utf8)))
        }
    }

    @Test(
        arguments: [
            ("@includedir /etc/sudoers.d", true), ("#includedir /etc/sudoers.d", true),
            ("  @includedir\t/etc/sudoers.d/  ", true), ("@includedir /etc/other.d", false),
            ("# @includedir /etc/sudoers.d", false), ("#include /etc/sudoers.d", false), ("", false),
            ("@includedir /etc/sudoers.d\r", false),
        ])
    func `a line of sudoers reads the directory`(line: String, reads: Bool) throws {
        try withImage([
            "bin/sudo": ("", 0o755), "etc/sudoers": ("root ALL=(ALL) ALL\n\(line)\nlast line", 0o440),
        ]) { tree, _ in
            #expect(Host.look(at: tree, privileges: .root()).sudoReadsDirectory == reads)
        }
    }

    @Test func `an account file that cannot be read is a problem, not a missing file`() throws {
        try withImage([:]) { tree, site in
            try site.directory("etc")
            try site.directory("etc/passwd")
            try site.link("etc/group", to: "group")
            let host = Host.look(at: tree, privileges: .root())
            #expect(
                host.accountProblems == [
                    "cannot read /etc/passwd: invalid argument (read EINVAL)",
                    "cannot read /etc/group: too many levels of symbolic links (openat2 ELOOP)",
                ])
        }
    }

    @Test func `links of the image lead to its own files`() throws {
        try withImage(["usr/bin/bash": ("", 0o755)]) { tree, site in
            try site.link("bin", to: "/usr/bin")
            try site.link("usr/bin/sh", to: "bash")
            try site.link("usr/bin/zsh", to: "/bin/nothing")
            #expect(Host.look(at: tree, privileges: .root()).shells == ["/bin/bash", "/bin/sh"])
        }
    }

    @Test(.actingAsUsers) func `the device nodes of accelerators are found, and nothing else`() throws {
        try withImage(["dev/nvidia-file": ("", 0o666), "dev/dri/x": ("", 0o666)]) { tree, site in
            func node(_ name: String, _ mode: mode_t, group: UInt32) throws {
                try #require(mknod(site.at(name).string, S_IFCHR | mode, 0x103) == 0)
                try #require(chown(site.at(name).string, 0, group) == 0 && chmod(site.at(name).string, mode) == 0)
            }
            try node("dev/kfd", 0o660, group: 44)
            try node("dev/kfd2", 0o660, group: 45)
            try node("dev/nvidia0", 0o666, group: 0)
            try node("dev/dri/renderD128", 0o660, group: 105)
            try node("dev/dri/card0", 0o660, group: 106)
            try site.link("dev/nvidia-link", to: "kfd")
            let doubt = "/dev is not the file system in memory that a container runtime makes"
            #expect(
                Host.look(at: tree, privileges: .root()).devices == [
                    Device(path: "/dev/dri/renderD128", mode: 0o660, group: 105, doubt: doubt),
                    Device(path: "/dev/kfd", mode: 0o660, group: 44, doubt: doubt),
                    Device(path: "/dev/nvidia0", mode: 0o666, group: 0, doubt: doubt),
                ])
        }
    }
}

/// Acting as the people of a boot.
@Suite(.actingAsUsers)
struct ActorsTests {
    private static func actors(_ start: Start = .root) throws -> Actors {
        let people = People(
            user: People.User(
                name: "jane", groupName: "lab", home: "/h", shell: "/bin/sh",
                credentials: Credentials(user: 1000, group: 100, groups: [7])),
            seed: Credentials(user: 2000, group: 100, groups: [8]),
            accounts: AccountsChange(found: AccountFiles(), planned: AccountFiles(), meanings: []), warnings: [])
        return Actors(people, privileges: try Privileges.current(), start: start, umask: 0o007)
    }

    private static func identity() throws -> String {
        let found = try Privileges.current()
        let mask = umask(0)
        umask(mask)
        return "\(found.user.effective):\(found.group.effective) \(found.groups) \(ModeBits(rawValue: mask).octal)"
    }

    @Test func `the process acts as one of them after the other`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(1, [3]) == 0)
                let actors = try Self.actors()
                let steps: [(Actor, String)] = [
                    (.root, "0:0 [3] 0077"), (.user, "1000:100 [7] 0007"), (.seed, "2000:100 [8] 0007"),
                    (.user, "1000:100 [7] 0007"), (.user, "1000:100 [7] 0007"), (.root, "0:0 [3] 0077"),
                    (.seed, "2000:100 [8] 0007"), (.root, "0:0 [3] 0077"),
                ]
                for (actor, expected) in steps {
                    let found = try actors.acting(as: actor) { () throws(SystemCallError) in "" }
                    #expect(found == "")
                    expectSame(try Self.identity(), expected)
                }
                #expect(actors.words(.root) == "root")
                #expect(actors.words(.user) == "user 1000:100")
                #expect(actors.words(.seed) == "seed 2000:100")
                #expect(Actors.links(.user) == .follow)
                #expect(Actors.links(.seed) == .refuse && Actors.links(.root) == .refuse)
            }
        }
    }

    @Test(arguments: [(Capability.setGID.rawValue, "setgroups"), (Capability.setUID.rawValue, "setresuid")])
    func `who cannot become somebody else is himself again`(capability: Int, call: String) async {
        await #expect(processExitsWith: .success) { [capability, call = call as String] in
            try inProcessOfItsOwn {
                try #require(setgroups(1, [3]) == 0)
                let rest = try Privileges.current().capabilities.permitted & ~(1 << UInt64(capability))
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                let actors = try Self.actors()
                let before = try Privileges.current()
                let error = SystemCallError.of { () throws(SystemCallError) in try actors.become(.user) }
                #expect(error?.symbol == "\(call) EPERM")
                let after = try Privileges.current()
                #expect(after == before)
                expectSame(try Self.identity(), "0:0 [3] 0077")
            }
        }
    }

    @Test func `without privileges there is only the user`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(1, [3]) == 0)
                let actors = try Self.actors(.bare)
                #expect(actors.has(.user) && !actors.has(.seed) && !actors.has(.root))
                try actors.become(.user)
                try actors.become(.root)
                expectSame(try Self.identity(), "0:0 [3] 0007")
            }
        }
    }
}
