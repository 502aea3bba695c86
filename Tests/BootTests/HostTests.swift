import CTestSupport
import Glibc
import Linux
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
            let host = Host(tree: tree, privileges: .root())
            #expect(host.start == .root)
            #expect(host.accounts == AccountFiles())
            #expect(host.accountProblems.isEmpty)
            #expect(host.shell(among: Paths.shells) == nil)
            #expect(host.program("sudo") == nil)
            #expect(host.devices == [])
        }
    }

    @Test func `shells, sudo and account files are found`() throws {
        try withImage([
            "bin/zsh": ("", 0o644), "bin/bash": ("", 0o755), "bin/sh": ("", 0o755), "usr/bin/sudo": ("", 0o4755),
            "etc/passwd": ("p", 0o644), "etc/group": ("g", 0o644), "etc/shadow": ("s", 0o600),
            "etc/sudoers": ("Defaults x\n@includedir /etc/sudoers.d\n", 0o440),
        ]) { tree, site in
            let host = Host(tree: tree, privileges: .root())
            #expect(host.shell(among: Paths.shells) == "/bin/bash")
            #expect(host.shell(among: ["/bin/fish", "/bin/sh", "/bin/bash"]) == "/bin/sh")
            #expect(host.program("sudo") == "/usr/bin/sudo")
            #expect(host.sudoers == Sudoers(readsDirectory: true))
            #expect(
                host.accounts == AccountFiles(passwd: Array("p".utf8), group: Array("g".utf8), shadow: Array("s".utf8)))
        }
    }

    @Test func `a user does not look at passwords and sudo`() throws {
        try withImage(["etc/shadow": ("s", 0o600), "etc/passwd": ("p", 0o644)]) { tree, _ in
            let host = Host(tree: tree, privileges: .bare(user: 5, group: 5))
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
            #expect(Host(tree: tree, privileges: .root()).sudoers == Sudoers(readsDirectory: reads))
        }
    }

    @Test func `an account file that cannot be read is a problem, not a missing file`() throws {
        try withImage([:]) { tree, site in
            try site.directory("etc")
            try site.directory("etc/passwd")
            try site.link("etc/group", to: "group")
            let host = Host(tree: tree, privileges: .root())
            #expect(
                host.accountProblems.map(\.whole) == [
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
            let host = Host(tree: tree, privileges: .root())
            #expect(host.shell(among: Paths.shells) == "/bin/bash" && host.shell(among: ["/bin/sh"]) == "/bin/sh")
            #expect(host.shell(among: ["/bin/zsh"]) == nil)
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
            let reason = "/dev is not the file system in memory that a container runtime makes"
            #expect(
                Host(tree: tree, privileges: .root()).devices == [
                    Device(path: "/dev/dri/renderD128", mode: 0o660, group: 105, untrustedBecause: reason),
                    Device(path: "/dev/kfd", mode: 0o660, group: 44, untrustedBecause: reason),
                    Device(path: "/dev/nvidia0", mode: 0o666, group: 0, untrustedBecause: reason),
                ])
        }
    }

    @Test func `a fact is looked at when it is asked for, and kept`() throws {
        try withImage(["etc/passwd": ("old", 0o644), "bin/sh": ("", 0o755)]) { tree, site in
            let host = Host(tree: tree, privileges: .root())
            try site.file("etc/passwd", "new", 0o644)
            #expect(host.accounts.passwd == Array("new".utf8), "nobody had asked yet")
            #expect(host.shell(among: ["/bin/zsh", "/bin/sh"]) == "/bin/sh")
            #expect(host.program("sudo") == nil && host.sudoers == Sudoers())
            try site.file("etc/passwd", "newer", 0o644)
            try site.file("etc/sudoers", "", 0o440)
            for name in ["sudo", "zsh"] { try site.file("bin/\(name)", "", 0o755) }
            try #require(unlink(site.at("bin/sh").string) == 0)
            #expect(host.accounts.passwd == Array("new".utf8))
            #expect(host.imageAccounts.files == host.accounts)
            #expect(host.shell(among: ["/bin/zsh", "/bin/sh"]) == "/bin/sh")
            #expect(host.program("sudo") == nil && host.sudoers == Sudoers())
            let other = Host(tree: tree, privileges: .root())
            #expect(other.accounts.passwd == Array("newer".utf8))
            #expect(other.shell(among: ["/bin/zsh", "/bin/sh"]) == "/bin/zsh")
            #expect(other.program("sudo") == "/bin/sudo" && other.sudoers == Sudoers(readsDirectory: false))
        }
    }

    @Test func `what is known is not looked at`() throws {
        try withImage(["etc/passwd": ("p", 0o644), "bin/sh": ("", 0o755), "etc/sudoers": ("", 0o440)]) { tree, _ in
            var facts = HostFacts()
            facts.accounts = AccountFiles(group: Array("g".utf8))
            facts.programs = ["/usr/bin/git"]
            facts.sudoers = Sudoers()
            facts.mounts = []
            facts.hasForeignHomes = true
            let host = Host(tree: tree, privileges: .root(), facts: facts)
            #expect(host.accounts == AccountFiles(group: Array("g".utf8)))
            #expect(host.imageAccounts.files == host.accounts)
            #expect(host.shell(among: Paths.shells) == nil)
            #expect(host.program("git") == "/usr/bin/git" && host.program("sh") == nil)
            #expect(host.sudoers.readsDirectory && host.hasForeignHomes && host.mounts == [])
        }
    }

    /// The handoff asks whether the user has sudo, when the boot has acted as others and programs have run.
    @Test(arguments: ["all", "none"]) func `the handoff asks nothing that the plan has not asked`(sudo: String) throws {
        let image = ["etc/passwd": "root:x:0:0::/:/bin/sh\n", "etc/group": "root:x:0:\n"].mapValues {
            ($0, mode_t(0o644))
        }
        for hasSudo in [true, false] {
            try withImage(image) { tree, site in
                try site.directory("bin")
                if hasSudo { try site.file("bin/sudo", "", 0o755) }
                let host = Host(tree: tree, privileges: .root())
                let settings = try Pod.settings(["IDENTITY_SUDO": sudo])
                let identity = try #require(settings[Identity.self])
                let people = try People.work(out: identity.request(settings[Scratch.self]), on: host)
                _ = Plan(settings, people, host)
                if hasSudo {
                    try #require(unlink(site.at("bin/sudo").string) == 0)
                } else {
                    try site.file("bin/sudo", "", 0o755)
                }
                #expect(identity.hasSudo(host) == (hasSudo && sudo == "all"))
            }
        }
    }

    @Test func `a sudoers that cannot be read is a problem where sudo is granted`() throws {
        let image = ["etc/passwd": "root:x:0:0::/:/bin/sh\n", "etc/group": "root:x:0:\n"].mapValues {
            ($0, mode_t(0o644))
        }
        try withImage(image) { tree, site in
            try site.directory("bin")
            try site.file("bin/sudo", "", 0o755)
            try site.directory("etc/sudoers")
            func warnings(_ sudo: String) throws -> [String] {
                let host = Host(tree: tree, privileges: .root())
                let settings = try Pod.settings(["IDENTITY_SUDO": sudo])
                let request = try #require(settings[Identity.self]).request(settings[Scratch.self])
                return Plan(settings, try People.work(out: request, on: host), host).warnings.map(\.note.whole)
            }
            let problem = "cannot read /etc/sudoers: invalid argument (read EINVAL)"
            #expect(try warnings("all") == [problem, "the image has no shell"])
            #expect(try warnings("none") == ["the image has no shell"])
        }
    }
}
