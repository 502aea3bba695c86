import CTestSupport
import Foundation
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

/// Trees that are copied and removed.
struct TreeCopyTests {
    private static func parents(
        _ directory: FilePath
    ) throws -> (from: FilePath, to: FilePath) {
        let (from, to) = (directory.appending("from"), directory.appending("to"))
        try makeDirectory(from)
        try makeDirectory(to)
        return (from, to)
    }

    private static func copy(
        _ from: FilePath, _ to: FilePath, extent: CopyExtent = .ordinaryFiles
    ) throws(SystemCallError) -> [FilePath] {
        let source = try FileTree().openDirectory(from, links: .refuse)
        let target = try FileTree().openDirectory(to, links: .refuse)
        return try source.copy("tree", to: "copy", in: target, extent: extent)
    }

    @Test func `names are bytes, and contents of any size are whole`() throws {
        try withTemporaryDirectory { directory in
            let (from, to) = try Self.parents(directory)
            try makeDirectory(from.appending("tree"))
            let name: [UInt8] = [0xFF, 0x0A, 0x20]
            for size in [0, 1, (1 << 17) - 1, 1 << 17, (1 << 18) + 7] {
                let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                try makeFile(bytePath(from.appending("tree"), name + Array("\(size)".utf8)), content)
            }
            #expect(try Self.copy(from, to).isEmpty)
            for size in [0, 1, (1 << 17) - 1, 1 << 17, (1 << 18) + 7] {
                let copy = try bytePath(to.appending("copy"), name + Array("\(size)".utf8))
                let content = try FileTree().read(copy)
                #expect(content == (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            }
        }
    }

    @Test func `progress is told of every entry`() throws {
        try withTemporaryDirectory { directory in
            let (from, to) = try Self.parents(directory)
            try makeDirectory(from.appending("tree"))
            try makeFile(from.appending("tree/a"))
            try makeLink(from.appending("tree/b"), to: "a")
            var count = 0
            let source = try FileTree().openDirectory(from, links: .refuse)
            let target = try FileTree().openDirectory(to, links: .refuse)
            _ = try source.copy("tree", to: "copy", in: target, extent: .everything) { count += 1 }
            #expect(count == 3)
            try target.removeTree("copy") { count += 1 }
            #expect(count == 6)
            #expect(try target.names().isEmpty)
        }
    }

    @Test func `nothing that exists is replaced, and a link is not followed`() throws {
        try withTemporaryDirectory { directory in
            let (from, to) = try Self.parents(directory)
            try makeFile(from.appending("tree"), Array("new".utf8))
            try makeFile(to.appending("victim"), Array("old".utf8))
            try makeLink(to.appending("copy"), to: "victim")
            let error = SystemCallError.of { () throws(SystemCallError) in _ = try Self.copy(from, to) }
            #expect(error?.errno == .fileExists)
            #expect(try FileTree().read(to.appending("victim")) == Array("old".utf8))
        }
    }

    @Test func `a tree that is too deep is refused, and can be removed`() throws {
        try withTemporaryDirectory { directory in
            let (from, to) = try Self.parents(directory)
            var path = from.appending("tree")
            try makeDirectory(path)
            for _ in 0..<128 {
                path.append("d")
                try makeDirectory(path)
            }
            let error = SystemCallError.of { () throws(SystemCallError) in _ = try Self.copy(from, to) }
            #expect(error?.errno == .fileNameTooLong)
            try FileTree().openDirectory(to, links: .refuse).removeTree("copy")
            try FileTree().openDirectory(from, links: .refuse).removeTree("tree")
            #expect(try FileTree().names(in: from, links: .refuse).isEmpty)
            #expect(try FileTree().names(in: to, links: .refuse).isEmpty)
        }
    }

    @Test func `removing follows no link, and takes what its owner has closed`() throws {
        try withTemporaryDirectory { directory in
            let (from, to) = try Self.parents(directory)
            try makeFile(to.appending("kept"))
            try makeDirectory(from.appending("tree"))
            try makeLink(from.appending("tree/link"), to: to)
            try makeDirectory(from.appending("tree/closed"))
            try makeFile(from.appending("tree/closed/file"))
            try #require(chmod(from.appending("tree/closed").string, 0) == 0)
            try #require(chmod(from.appending("tree").string, 0o500) == 0)
            let parent = try FileTree().openDirectory(from, links: .refuse)
            try parent.removeTree("tree")
            try parent.removeTree("tree")
            #expect(try parent.names().isEmpty)
            #expect(try FileTree().names(in: to, links: .refuse) == ["kept"])
        }
    }
}

/// Names that are moved where nothing may be replaced, on kernels and file systems with and without renameat2's flag.
struct MoveTests {
    /// How a file system or a seccomp profile answers to RENAME_NOREPLACE; 0 for one that knows it.
    @Test(.actingAsUsers, arguments: [0, EINVAL, ENOSYS, EPERM])
    func `a name is moved only where it is free`(answer: CInt) async {
        await #expect(processExitsWith: .success) { [answer = answer as CInt] in
            try withTemporaryDirectory { directory in
                if answer != 0 { try #require(test_forbid_call(test_call_renameat2, answer) == 0) }
                for name in ["file", "full"] { try makeFile(directory.appending(name), Array(name.utf8)) }
                for name in ["one", "two", "one/in", "two/in"] { try makeDirectory(directory.appending(name)) }
                try makeLink(directory.appending("link"), to: "nowhere")
                let parent = try FileTree().openDirectory(directory, links: .refuse)
                func move(_ name: FilePath.Component, _ newName: FilePath.Component) -> Errno? {
                    SystemCallError.of { () throws(SystemCallError) in
                        try parent.move(name, to: newName, in: parent)
                    }?.errno
                }
                #expect(move("file", "full") == .fileExists && move("file", "one") == .fileExists)
                #expect(move("one", "two") == .fileExists && move("one", "full") == .fileExists)
                #expect(move("link", "full") == .fileExists && move("file", "link") == .fileExists)
                #expect(move("absent", "free") == .noSuchFileOrDirectory)
                #expect(try FileTree().read(directory.appending("full")) == Array("full".utf8))
                #expect(move("file", "a") == nil && move("one", "b") == nil && move("link", "c") == nil)
                #expect(try Set(parent.names()) == ["full", "two", "a", "b", "c"])
                #expect(try parent.linkTarget("c") == "nowhere")
            }
        }
    }

    @Test(.actingAsUsers) func `any other answer is the error`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryDirectory { directory in
                try makeFile(directory.appending("file"))
                let parent = try FileTree().openDirectory(directory, links: .refuse)
                try #require(test_forbid_call(test_call_renameat2, EIO) == 0)
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try parent.move("file", to: "a", in: parent)
                }
                #expect(
                    error == SystemCallError(call: "renameat2", path: directory.appending("file"), errno: .ioError))
            }
        }
    }
}
