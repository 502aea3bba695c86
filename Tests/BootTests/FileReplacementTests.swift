import CTestSupport
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

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
