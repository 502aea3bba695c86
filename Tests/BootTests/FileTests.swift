import CTestSupport
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Files of root's own: the boot writes them whole, and removes them.
@Suite(.actingAsUsers)
struct FileTests {
    private static let text = "Defaults umask=0022\n"

    private static func file(_ path: FilePath, mode: ModeBits = 0o440) -> Change {
        .file(FileChange(path: path, content: Array(text.utf8), mode: mode, meaning: "sudo"))
    }

    @Test func `a file is made with its mode, whatever the umask, and is true then`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                expectSame(try site.story(Self.file(site.at("f")), by: [.root]), "changed as root")
                expectSame(try site.listing(), "f 0440 0:0 '\(Self.text)'")
                let inode = try site.inode("f")
                expectSame(try site.story(Self.file(site.at("f")), by: [.root]), "already")
                #expect(try site.inode("f") == inode)
                expectSame(try site.story(Self.file(site.at("g"), mode: 0o666), by: [.root]), "changed as root")
                expectSame(try site.listing(), "f 0440 0:0 '\(Self.text)'\ng 0666 0:0 '\(Self.text)'")
            }
        }
    }

    @Test func `another content, mode or owner is put right by a new file`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("content", Self.text + "#", 0o440)
                try site.file("shorter", "Def", 0o440)
                try site.file("empty", "", 0o440)
                try site.file("mode", Self.text, 0o644)
                try site.file("owner", Self.text, 0o440, 5)
                for name in ["content", "shorter", "empty", "mode", "owner"] {
                    let inode = try site.inode(name)
                    expectSame(try site.story(Self.file(site.at(name)), by: [.root]), "changed as root")
                    #expect(try site.inode(name) != inode)
                }
                for line in try site.listing().split(separator: "\n", omittingEmptySubsequences: true) {
                    #expect(line == "'" || line.hasSuffix(" 0440 0:0 'Defaults umask=0022"))
                }
            }
        }
    }

    @Test func `what is in the way is left as it is`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("target", "keep")
                try site.link("link", to: "target")
                try site.link("dangling", to: "nothing")
                try site.directory("d")
                try site.link("there", to: "d")
                try #require(mkfifo(site.at("pipe").string, 0o600) == 0)
                let before = try site.listing()
                for name in ["link", "dangling"] {
                    expectSame(
                        try site.story(Self.file(site.at(name)), by: [.root]),
                        "failed: cannot write /\(name): /\(name) is a symbolic link, which root does not follow (openat ELOOP "
                            + "as root); name the path that it leads to")
                }
                expectSame(
                    try site.story(Self.file(site.at("there/f")), by: [.root]),
                    "failed: cannot write /there/f: /there is a symbolic link, which root does not follow (openat2 ELOOP as "
                        + "root); name the path that it leads to")
                expectSame(
                    try site.story(Self.file(site.at("d")), by: [.root]),
                    "failed: cannot write /d: is a directory (renameat EISDIR as root)")
                expectSame(
                    try site.story(Self.file(site.at("absent/f")), by: [.root]),
                    "failed: cannot write /absent/f: no such file or directory (openat2 ENOENT as root)")
                expectSame(try site.listing(), before)
            }
        }
    }

    @Test func `a read-only file system is told, and nothing is left`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=1m")
                try site.file("f", "old")
                try site.makeReadOnly()
                for name in ["f", "g"] {
                    expectSame(
                        try site.story(Self.file(site.at(name)), by: [.root]),
                        "failed: cannot write /\(name): read-only file system (openat EROFS as root); memory (tmpfs) on "
                            + " is mounted read-only: see readOnly in the pod's volumeMounts")
                }
                expectSame(try site.listing(), "f 0644 0:0 'old'")
            }
        }
    }

    @Test func `a dry run writes and removes nothing`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("f", "old")
                let before = try site.listing()
                let changes = [
                    Self.file(site.at("f")), Self.file(site.at("new")),
                    .removal(RemovalChange(path: site.at("f"), meaning: "x")),
                    .removal(RemovalChange(path: site.at("new"), meaning: "x")),
                ].map { PlannedChange($0, by: [.root], onFailure: .stop) }
                expectSame(
                    try site.stories(changes, mode: .dryRun),
                    "changed as root\nchanged as root\nchanged as root\nalready")
                expectSame(try site.listing(), before)
            }
        }
    }

    private static func removal(_ path: FilePath) -> Change {
        .removal(RemovalChange(path: path, meaning: "no sudo"))
    }

    @Test func `a file or a link is removed, what it leads to stays`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("target", "keep")
                try site.link("link", to: "target")
                try site.file("f")
                try site.directory("d")
                try site.link("there", to: "d")
                expectSame(try site.story(Self.removal(site.at("f")), by: [.root]), "changed as root")
                expectSame(try site.story(Self.removal(site.at("f")), by: [.root]), "already")
                expectSame(try site.story(Self.removal(site.at("absent/f")), by: [.root]), "already")
                expectSame(try site.story(Self.removal(site.at("link")), by: [.root]), "changed as root")
                expectSame(
                    try site.story(Self.removal(site.at("d")), by: [.root]),
                    "failed: cannot remove /d: is a directory (unlinkat EISDIR as root)")
                expectSame(
                    try site.story(Self.removal(site.at("there/f")), by: [.root]),
                    "failed: cannot look at /there/f: /there is a symbolic link, which root does not follow (openat2 ELOOP as "
                        + "root); name the path that it leads to")
                expectSame(try site.listing(), "d 0755 0:0 /\ntarget 0644 0:0 'keep'\nthere -> d")
            }
        }
    }
}

extension SystemCallError {
    /// The error that a body throws.
    static func of(_ body: () throws(SystemCallError) -> Void) -> SystemCallError? {
        do throws(SystemCallError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
