import CTestSupport
import Foundation
import Glibc
import Linux
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

    /// Copies a tree of a file, a directory and a link, and changes it once its entries are known.
    private static func copy(
        in directory: FilePath, changing change: (FilePath) throws -> Void
    ) throws -> Result<[FilePath.Component], SystemCallError> {
        let (from, to) = try parents(directory)
        let tree = from.appending("tree")
        try makeDirectory(tree)
        try makeFile(tree.appending("file"))
        try makeDirectory(tree.appending("directory"))
        try makeLink(tree.appending("link"), to: "file")
        var (count, failure) = (0, (any Error)?.none)
        let source = try FileTree().openDirectory(from, links: .refuse)
        let target = try FileTree().openDirectory(to, links: .refuse)
        let error = SystemCallError.of { () throws(SystemCallError) in
            _ = try source.copy("tree", to: "copy", in: target, extent: .ordinaryFiles) {
                count += 1
                if count == 2 { do { try change(tree) } catch { failure = error } }
            }
        }
        if let failure { throw failure }
        if let error { return .failure(error) }
        return .success(try FileTree().names(in: to.appending("copy"), links: .refuse))
    }

    @Test func `what is removed while a tree is copied is not copied`() throws {
        try withTemporaryDirectory { directory in
            let result = try Self.copy(in: directory) { tree in
                for name in ["file", "link"] { try #require(unlink(tree.appending(name).string) == 0) }
                try #require(rmdir(tree.appending("directory").string) == 0)
            }
            #expect(try result.get().isEmpty)
        }
    }

    @Test(arguments: ["file", "directory", "link"])
    func `what is replaced by a pipe while a tree is copied is an error, and does not block`(name: String) throws {
        try withTemporaryDirectory { directory in
            let result = try Self.copy(in: directory) { tree in
                let path = tree.appending(name).string
                try #require(unlink(path) == 0 || rmdir(path) == 0)
                try #require(mkfifo(path, 0o644) == 0)
            }
            let errno = #expect(throws: SystemCallError.self) { try result.get() }?.errno
            #expect(errno == ["file": .staleNFSFileHandle, "directory": .notDirectory, "link": .invalidArgument][name])
        }
    }

    @Test func `a directory that the copy goes to and that is removed is an error`() throws {
        try withTemporaryDirectory { directory in
            let result = try Self.copy(in: directory) { tree in
                try #require(rmdir(tree.parent.parent.appending("to/copy").string) == 0)
            }
            #expect(throws: SystemCallError.self) { try result.get() }
        }
    }

    @Test(arguments: ["/proc/self/mounts", "/sys/kernel/mm/transparent_hugepage/enabled"])
    func `a file that is shorter or longer than it says is copied whole`(path: FilePath) throws {
        try withTemporaryDirectory { directory in
            let name = try #require(path.lastComponent)
            let source = try FileTree().openDirectory(path.parent, links: .follow)
            let target = try FileTree().openDirectory(directory, links: .refuse)
            #expect(try source.copy(name, to: "copy", in: target, extent: .everything).isEmpty)
            let content = try #require(try FileTree().read(path))
            #expect(try !content.isEmpty && FileTree().read(directory.appending("copy")) == content)
            #expect(try source.status(name)?.size != content.count)
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
