import CTestSupport
import Glibc
import Linux
import SystemPackage
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

/// How a file gets its content: beside it and renamed, else in place.
@Suite(.actingAsUsers)
struct FileReplacementTests {
    private static func replace(
        _ path: FilePath, _ content: String, mode: ModeBits = 0o644
    ) -> SystemCallError? {
        do throws(SystemCallError) {
            try FileReplacement.replace(path, with: Array(content.utf8), mode: mode, owner: (0, 0), in: FileTree())
            return nil
        } catch {
            return error
        }
    }

    @Test func `what a killed boot left is replaced`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file(".f.entrypoint", "half of the con")
                try site.file("f", "old")
                #expect(Self.replace(site.at("f"), "new") == nil)
                expectSame(try site.listing(), "f 0644 0:0 'new'")
            }
        }
    }

    @Test func `what is left is not followed when it is a link`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("precious", "keep")
                try site.link(".f.entrypoint", to: "precious")
                #expect(Self.replace(site.at("f"), "new") == nil)
                expectSame(try site.listing(), "f 0644 0:0 'new'\nprecious 0644 0:0 'keep'")
            }
        }
    }

    @Test func `the set-user-ID bit survives the change of the owner`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try FileReplacement.replace(
                        site.at("f"), with: [1], mode: 0o4750, owner: (7, 8), in: FileTree())
                }
                #expect(error == nil)
                expectSame(try site.listing(), "f 4750 7:8 '\u{1}'")
            }
        }
    }

    @Test func `a bind-mounted file is written in place and keeps its mode and owner`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("etc")
                try site.file("source", "a longer old content", 0o600, 5)
                try site.file("etc/passwd", "below")
                try #require(
                    mount(site.at("source").string, site.at("etc/passwd").string, nil, UInt(MS_BIND), nil) == 0)
                let inode = try site.inode("etc/passwd")
                for content in ["short", "a content that is longer than the one before", ""] {
                    #expect(Self.replace(site.at("etc/passwd"), content) == nil)
                    #expect(site.content("source") == content)
                }
                #expect(try site.inode("etc/passwd") == inode)
                expectSame(
                    try site.listing(), "etc 0755 0:0 /\netc/passwd 0600 5:0 ''\nsource 0600 5:0 ''")
            }
        }
    }

    @Test func `a file on a read-only mount of its own is the error EROFS`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("source", "old")
                try site.file("f", "below")
                let flags = UInt(MS_BIND | MS_RDONLY)
                try #require(mount(site.at("source").string, site.at("f").string, nil, UInt(MS_BIND), nil) == 0)
                try #require(mount("none", site.at("f").string, nil, flags | UInt(MS_REMOUNT), nil) == 0)
                #expect(Self.replace(site.at("f"), "new")?.symbol == "openat EROFS")
                expectSame(try site.listing(), "f 0644 0:0 'old'\nsource 0644 0:0 'old'")
            }
        }
    }

    @Test func `a mounted file in a read-only directory is written in place`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=1m")
                try site.file("f", "below")
                let outside = try Site()
                try outside.file("source", "old")
                try #require(mount(outside.at("source").string, site.at("f").string, nil, UInt(MS_BIND), nil) == 0)
                try site.makeReadOnly()
                #expect(Self.replace(site.at("f"), "new") == nil)
                #expect(outside.content("source") == "new")
                #expect(Self.replace(site.at("g"), "new")?.symbol == "openat EROFS")
            }
        }
    }

    @Test func `a full file system leaves the file as it was, and nothing beside it`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=64k")
                try site.file("f", "old")
                let error = Self.replace(site.at("f"), String(repeating: "x", count: 1 << 20))
                #expect(error?.symbol == "write ENOSPC")
                expectSame(try site.listing(), "f 0644 0:0 'old'")
            }
        }
    }

    @Test func `a full file system leaves a mounted file as it was`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=64k")
                try site.file("source", "old")
                try site.file("f", "below")
                try #require(mount(site.at("source").string, site.at("f").string, nil, UInt(MS_BIND), nil) == 0)
                // Room for the content beside it, but not for both.
                let error = Self.replace(site.at("f"), String(repeating: "x", count: 1 << 20))
                #expect(error?.errno == .noSpace)
                expectSame(try site.listing(), "f 0644 0:0 'old'\nsource 0644 0:0 'old'")
            }
        }
    }

    @Test(arguments: ["the old content", ""]) func `a write in place that fails half way leaves the file as it was`(
        old: String
    ) async {
        await #expect(processExitsWith: .success) { [old = old as String] in
            try withSite { site in
                // A file system that cannot reserve room, beside one that cannot be written.
                let outside = try Site()
                try #require(mount("none", outside.root.string, "ramfs", 0, nil) == 0)
                try outside.file("source", old)
                try site.mountMemory("size=1m")
                try site.file("f", "below")
                try #require(mount(outside.at("source").string, site.at("f").string, nil, UInt(MS_BIND), nil) == 0)
                try site.makeReadOnly()
                _ = CurrentProcess.ignoreWriteSignals()
                try #require(test_limit_file_size(5000) == 0)
                #expect(Self.replace(site.at("f"), String(repeating: "x", count: 10_000))?.symbol == "write EFBIG")
                #expect(site.content("f") == old)
                #expect(Self.replace(site.at("f"), String(repeating: "x", count: 5000)) == nil)
                #expect(site.content("f")?.utf8.count == 5000)
            }
        }
    }

    @Test func `a pipe or a device in the place of a file is not written into`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("f", "below")
                try #require(mount("/dev/null", site.at("f").string, nil, UInt(MS_BIND), nil) == 0)
                #expect(Self.replace(site.at("f"), "new")?.symbol == "openat EINVAL")
                #expect(try FileTree().status(site.at("f"), links: .refuse)?.kind == .characterDevice)
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
