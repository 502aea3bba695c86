import Foundation
import Glibc
import Linux
import TestSupport
import Testing

struct DirectoryTests {
    /// Opens a new directory.
    private func withDirectory(_ body: (borrowing Directory, FilePath) throws -> Void) throws {
        try withTemporaryDirectory { path in
            let directory = try FileTree().openParent(of: path.appending("x"), links: .refuse)
            #expect(directory.path == path)
            try body(directory, path)
        }
    }

    @Test func `what is made is there, and what is removed is gone`() throws {
        try withDirectory { directory, _ in
            try directory.makeDirectory("d", mode: 0o700)
            #expect(try directory.status("d")?.kind == .directory)
            #expect(try directory.status("d")?.mode == 0o700)
            try directory.makeLink("l", to: "a target")
            #expect(try directory.status("l")?.kind == .link)
            #expect(try directory.linkTarget("l") == "a target")
            #expect(try directory.remove("l"))
            #expect(try !directory.remove("l"))
            try directory.removeDirectory("d")
            #expect(try directory.status("d") == nil)
        }
    }

    @Test func `every error names the call, the entry and the reason`() throws {
        try withDirectory { directory, path in
            try makeFile(path.appending("file"))
            try makeDirectory(path.appending("full"))
            try makeFile(path.appending("full/x"))
            func expect(_ call: String, _ name: FilePath.Component, _ errno: Errno, _ error: SystemCallError?) {
                #expect(error == SystemCallError(call: call, path: path.appending(name), errno: errno))
            }
            expect(
                "mkdirat", "file", .fileExists,
                .of { () throws(SystemCallError) in
                    try directory.makeDirectory("file", mode: 0o700)
                })
            expect(
                "symlinkat", "file", .fileExists,
                .of { () throws(SystemCallError) in
                    try directory.makeLink("file", to: "x")
                })
            expect(
                "readlinkat", "file", .invalidArgument,
                .of { () throws(SystemCallError) in
                    _ = try directory.linkTarget("file")
                })
            expect(
                "readlinkat", "absent", .noSuchFileOrDirectory,
                .of { () throws(SystemCallError) in
                    _ = try directory.linkTarget("absent")
                })
            expect(
                "unlinkat", "full", .directoryNotEmpty,
                .of { () throws(SystemCallError) in
                    try directory.removeDirectory("full")
                })
            expect(
                "unlinkat", "full", .isDirectory,
                .of { () throws(SystemCallError) in
                    try directory.remove("full")
                })
            expect(
                "renameat", "full", .isDirectory,
                .of { () throws(SystemCallError) in
                    try directory.rename("file", to: "full")
                })
            expect(
                "openat", "absent", .noSuchFileOrDirectory,
                .of { () throws(SystemCallError) in
                    _ = try directory.open("absent", .readOnly)
                })
            expect(
                "openat", "file", .fileExists,
                .of { () throws(SystemCallError) in
                    _ = try directory.open("file", [.writeOnly, .create, .exclusive], mode: 0o600)
                })
        }
    }

    @Test func `a link in the place of an entry is never followed`() throws {
        try withDirectory { directory, path in
            try makeFile(path.appending("target"), [1])
            try makeDirectory(path.appending("elsewhere"))
            try makeLink(path.appending("link"), to: "target")
            try makeLink(path.appending("dangling"), to: "not-there")
            try makeLink(path.appending("directory"), to: "elsewhere")
            for options in [OpenOptions.readOnly, .writeOnly, [.writeOnly, .create]] {
                let error = SystemCallError.of { () throws(SystemCallError) in
                    _ = try directory.open("link", options, mode: 0o600)
                }
                #expect(error?.errno == .tooManySymbolicLinkLevels)
            }
            let dangling = SystemCallError.of { () throws(SystemCallError) in
                _ = try directory.open("dangling", [.writeOnly, .create], mode: 0o600)
            }
            #expect(dangling?.errno == .tooManySymbolicLinkLevels)
            let opened = SystemCallError.of { () throws(SystemCallError) in
                _ = try directory.open("directory", [.readOnly, .directory])
            }
            #expect(opened?.errno == .notDirectory)
            try makeFile(path.appending("new"), [2])
            try directory.rename("new", to: "link")
            #expect(try FileTree().read(path.appending("target")) == [1])
            #expect(try FileTree().read(path.appending("link"), links: .refuse) == [2])
            #expect(!FileManager.default.fileExists(atPath: path.appending("not-there").string))
            #expect(try directory.remove("directory"))
            #expect(FileManager.default.fileExists(atPath: path.appending("elsewhere").string))
        }
    }

    @Test func `the work is done in the opened directory, whatever its path becomes`() throws {
        try withTemporaryDirectory { path in
            try makeDirectory(path.appending("a"))
            let directory = try FileTree().openParent(of: path.appending("a/x"), links: .refuse)
            try #require(rename(path.appending("a").string, path.appending("b").string) == 0)
            try makeLink(path.appending("a"), to: "/")
            try directory.makeDirectory("made", mode: 0o700)
            #expect(FileManager.default.fileExists(atPath: path.appending("b/made").string))
        }
    }

    @Test(arguments: [
        [0xFF, 0xFE], [0x0A], [0x20], [0x2D, 0x72], [0x27, 0x22, 0x5C], [UInt8](repeating: 0xE9, count: 255),
    ])
    func `names of a directory are bytes`(name: [UInt8]) throws {
        try withDirectory { directory, path in
            let full = try bytePath(path, name)
            let component = try #require(full.lastComponent)
            try directory.makeDirectory(component, mode: 0o700)
            #expect(try directory.status(component)?.kind == .directory)
            try directory.makeLink("link", to: full)
            #expect(try directory.linkTarget("link") == full)
            let file = try directory.open(component, [.readOnly, .directory])
            #expect(try file.status().kind == .directory)
            #expect(try FileTree().status(full, links: .refuse)?.kind == .directory)
            try directory.removeDirectory(component)
        }
    }

    @Test func `a name that is too long is the error ENAMETOOLONG`() throws {
        try withDirectory { directory, path in
            let long = try #require(FilePath.Component(String(repeating: "x", count: 256)))
            let error = SystemCallError.of { () throws(SystemCallError) in _ = try directory.status(long) }
            #expect(error == SystemCallError(call: "fstatat", path: path.appending(long), errno: .fileNameTooLong))
        }
    }

    @Test func `the longest target of a link is read whole`() throws {
        try withDirectory { directory, _ in
            let target = FilePath(String(repeating: "abcdefg/", count: 511) + "abcdefg")
            #expect(target.string.utf8.count == 4095)
            try directory.makeLink("link", to: target)
            #expect(try directory.linkTarget("link") == target)
        }
    }
}
