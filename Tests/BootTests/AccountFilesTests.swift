import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// The account files of a container whose `/etc` is a file system of its own.
@Suite(.actingAsUsers)
struct AccountFilesTests {
    private static func change(
        _ found: AccountFiles, _ planned: AccountFiles, differences: [AccountDifference] = [.told("user jane added")]
    ) -> PlannedChange {
        PlannedChange(
            .accounts(AccountsChange(PlannedAccounts(found: found, planned: planned, differences: differences))),
            by: [.root],
            onFailure: .warn,
            consequence: "sudo will not work")
    }

    private static func files(_ text: String) -> AccountFiles {
        AccountFiles(
            passwd: Array("passwd \(text)".utf8), group: Array("group \(text)".utf8),
            shadow: Array("shadow \(text)".utf8), gshadow: Array("gshadow \(text)".utf8))
    }

    /// Runs a body with an `/etc` that has the four files, and nothing else.
    private static func withEtc(_ body: (Site) throws -> Void) throws {
        try withSite { site in
            try #require(mount("memory", "/etc", "tmpfs", 0, "mode=0755") == 0)
            for (name, mode) in [("passwd", 0o644), ("group", 0o604), ("shadow", 0o640), ("gshadow", 0o600)] {
                try write(name, "\(name) old", mode: mode_t(mode))
            }
            try #require(chown("/etc/shadow", 0, 42) == 0)
            try body(site)
        }
    }

    private static func write(_ name: String, _ content: String, mode: mode_t = 0o644) throws {
        _ = truncate("/etc/\(name)", 0)
        let file = try FileTree().open(FilePath("/etc/\(name)"), [.writeOnly, .create], mode: 0o600, links: .refuse)
        try file.writeAll(Array(content.utf8))
        try file.setMode(ModeBits(rawValue: mode))
    }

    private static func etc() throws -> String {
        try FileTree().names(in: "/etc", links: .refuse).map(\.string).sorted().map { name in
            let path = FilePath("/etc/\(name)")
            let status = try #require(try FileTree().status(path, links: .refuse))
            let content = status.kind == .file ? try FileTree().read(path) ?? [] : []
            return
                "\(name) \(status.mode.octal) \(status.user):\(status.group) '\(String(decoding: content, as: UTF8.self))'"
        }.joined(separator: "\n")
    }

    @Test func `each file is replaced, with its mode and owner`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                expectSame(try site.stories([Self.change(Self.files("old"), Self.files("new"))]), "changed as root")
                expectSame(
                    try Self.etc(),
                    """
                    .pwd.lock 0600 0:0 ''
                    group 0604 0:0 'group new'
                    gshadow 0600 0:0 'gshadow new'
                    passwd 0644 0:0 'passwd new'
                    shadow 0640 0:42 'shadow new'
                    """)
                expectSame(try site.stories([Self.change(Self.files("new"), Self.files("new"))]), "already")
            }
        }
    }

    @Test func `only what differs is written`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                var planned = Self.files("old")
                planned.group = Array("group new".utf8)
                func inodes() throws -> [UInt64?] {
                    try ["passwd", "shadow", "gshadow"].map {
                        try FileTree().status(FilePath("/etc/\($0)"), links: .refuse)?.inode
                    }
                }
                let before = try inodes()
                expectSame(try site.stories([Self.change(Self.files("old"), planned)]), "changed as root")
                #expect(try inodes() == before)
                #expect(try FileTree().read("/etc/group") == planned.group)
            }
        }
    }

    @Test func `a file that another program has changed stops the writing`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                try Self.write("shadow", "changed meanwhile", mode: 0o640)
                expectSame(
                    try site.stories([Self.change(Self.files("old"), Self.files("new"))]),
                    """
                    failed: cannot write /etc/shadow: another program changed it during the boot; start the container again
                      sudo will not work
                    """)
                #expect(try FileTree().read("/etc/shadow") == Array("changed meanwhile".utf8))
                // Groups are written before the user that is in them, and passwords before the entries.
                #expect(try FileTree().read("/etc/passwd") == Array("passwd old".utf8))
            }
        }
    }

    @Test func `a read-only root file system leaves all as it was`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                try #require(mount("none", "/etc", nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
                let before = try Self.etc()
                expectSame(
                    try site.stories([Self.change(Self.files("old"), Self.files("new"))]),
                    """
                    failed: cannot write /etc/gshadow: read-only file system (openat EROFS as root); memory (tmpfs) on \
                    /etc is mounted read-only: see readOnly in the pod's volumeMounts
                      sudo will not work
                    """)
                expectSame(try Self.etc(), before)
            }
        }
    }

    @Test func `a passwd file that is mounted is written in place`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                try site.file("passwd", "passwd old", 0o644)
                try #require(mount(site.at("passwd").string, "/etc/passwd", nil, UInt(MS_BIND), nil) == 0)
                let inode = try site.inode("passwd")
                expectSame(try site.stories([Self.change(Self.files("old"), Self.files("new"))]), "changed as root")
                #expect(site.content("passwd") == "passwd new")
                #expect(try site.inode("passwd") == inode)
            }
        }
    }

    @Test func `a passwd file that is a link is left as it is`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                try #require(rename("/etc/passwd", "/etc/real") == 0 && symlink("real", "/etc/passwd") == 0)
                var planned = Self.files("old")
                planned.passwd = Array("passwd new".utf8)
                expectSame(
                    try site.stories([Self.change(Self.files("old"), planned)]),
                    """
                    failed: cannot write /etc/passwd: /etc/passwd is a symbolic link, which root does not follow (openat \
                    ELOOP as root); the image must have no link there
                      sudo will not work
                    """)
                #expect(try FileTree().read("/etc/real") == Array("passwd old".utf8))
            }
        }
    }

    @Test func `where an image has none, passwd and group are made`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try #require(mount("memory", "/etc", "tmpfs", 0, "mode=0755") == 0)
                let planned = AccountFiles(passwd: Array("p".utf8), group: Array("g".utf8))
                expectSame(try site.stories([Self.change(AccountFiles(), planned)]), "changed as root")
                expectSame(try Self.etc(), ".pwd.lock 0600 0:0 ''\ngroup 0644 0:0 'g'\npasswd 0644 0:0 'p'")
            }
        }
    }

    @Test func `a file that appeared meanwhile is not overwritten`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                let planned = AccountFiles(passwd: Array("p".utf8))
                expectSame(
                    try site.stories([Self.change(AccountFiles(), planned)]),
                    """
                    failed: cannot write /etc/passwd: another program changed it during the boot; start the container again
                      sudo will not work
                    """)
                #expect(try FileTree().read("/etc/passwd") == Array("passwd old".utf8))
            }
        }
    }

    @Test func `a full file system leaves every file whole`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try #require(mount("memory", "/etc", "tmpfs", 0, "mode=0755,size=64k") == 0)
                for name in ["passwd", "group", "shadow", "gshadow"] { try Self.write(name, "\(name) old") }
                var planned = Self.files("old")
                planned.passwd = [UInt8](repeating: 0x78, count: 1 << 20)
                expectSame(
                    try site.stories([Self.change(Self.files("old"), planned)]),
                    """
                    failed: cannot write /etc/passwd: no space left on device (write ENOSPC as root); no space is left on \
                    memory (tmpfs) on /etc
                      sudo will not work
                    """)
                expectSame(
                    try Self.etc(),
                    """
                    .pwd.lock 0600 0:0 ''
                    group 0644 0:0 'group old'
                    gshadow 0644 0:0 'gshadow old'
                    passwd 0644 0:0 'passwd old'
                    shadow 0644 0:0 'shadow old'
                    """)
            }
        }
    }

    @Test func `a dry run writes nothing`() async {
        await #expect(processExitsWith: .success) {
            try Self.withEtc { site in
                let before = try Self.etc()
                expectSame(
                    try site.stories([Self.change(Self.files("old"), Self.files("new"))], mode: .dryRun),
                    "changed as root")
                expectSame(try Self.etc(), before)
            }
        }
    }
}
