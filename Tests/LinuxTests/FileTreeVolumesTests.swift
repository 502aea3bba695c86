import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// Another root with directories that stand for what is mounted in it.
struct FileTreeVolumesTests {
    /// An image with links, and two directories beside it. `/mnt` and `/made/deep/volume` show the first, and `/mnt/sub`
    /// the second, of which the first has another one; `/data` of the image leads to `/mnt`.
    private static func withVolumes(_ body: (FileTree, FilePath) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            for name in ["root", "root/etc", "root/mnt", "one", "one/homes", "one/sub", "two"] {
                try makeDirectory(directory.appending(name))
            }
            try makeFile(directory.appending("root/etc/passwd"), [1])
            try makeFile(directory.appending("root/mnt/hidden"), [2])
            try makeFile(directory.appending("one/file"), [3])
            try makeFile(directory.appending("one/sub/hidden"), [4])
            try makeFile(directory.appending("two/file"), [5])
            try makeFile(directory.appending("secret"), [6])
            try makeLink(directory.appending("root/data"), to: "/mnt")
            try makeLink(directory.appending("one/homes/out"), to: "/etc/passwd")
            try makeLink(directory.appending("one/homes/up"), to: "../../etc/passwd")
            try makeLink(directory.appending("one/homes/climbs"), to: "../../../../secret")
            try makeLink(directory.appending("one/circle"), to: "circle")
            let tree = try FileTree(
                opening: directory.appending("root"),
                volumes: [
                    ("/data/sub", directory.appending("two")), ("/data", directory.appending("one")),
                    ("/made/deep/volume", directory.appending("one")),
                ])
            try body(tree, directory)
        }
    }

    @Test(
        arguments: [
            ("/etc/passwd", [1]), ("/mnt/file", [3]), ("/data/file", [3]), ("/made/deep/volume/file", [3]),
            ("/mnt/sub/file", [5]), ("/data/sub/file", [5]), ("/made/deep/volume/sub/hidden", [4]),
            ("/mnt/homes/out", [1]), ("/mnt/homes/up", [1]), ("/data/../mnt/file", [3]), ("/mnt/hidden", nil),
            ("/mnt/sub/hidden", nil), ("/made/file", nil), ("/made/etc/passwd", nil), ("/mnt/homes/climbs", nil),
            ("/secret", nil), ("/mnt/none/file", nil),
        ] as [(String, [UInt8]?)])
    func `a path leads to what is shown there, and out of nothing`(path: String, content: [UInt8]?) throws {
        try Self.withVolumes { (tree, _) throws in
            #expect(try tree.read(FilePath(path), links: .follow) == content)
        }
    }

    @Test(arguments: [
        ("/data/file", Errno.tooManySymbolicLinkLevels), ("/mnt/homes/out", .tooManySymbolicLinkLevels),
        ("/mnt/file/x", .notDirectory),
    ])
    func `a link is refused where links are`(path: String, errno: Errno) throws {
        try Self.withVolumes { (tree, _) throws in
            let error = SystemCallError.of { () throws(SystemCallError) in
                _ = try tree.read(FilePath(path), links: .refuse)
            }
            #expect(error?.errno == errno)
            #expect(error?.path == FilePath(path))
        }
    }

    @Test func `a link that leads to itself is told, and links themselves are seen`() throws {
        try Self.withVolumes { (tree, _) throws in
            let error = SystemCallError.of { () throws(SystemCallError) in
                _ = try tree.read("/mnt/circle", links: .follow)
            }
            #expect(error?.errno == .tooManySymbolicLinkLevels)
            #expect(try tree.entryStatus("/mnt/circle")?.kind == .link)
            #expect(try tree.linkTarget("/data", links: .follow) == "/mnt")
            #expect(try tree.linkTarget("/mnt/homes/up", links: .refuse) == "../../etc/passwd")
            #expect(try tree.linkTarget("/mnt/file", links: .follow) == nil)
            #expect(try tree.linkTarget("/none", links: .follow) == nil)
        }
    }

    @Test func `directories that lead to a volume are there, and what is a volume is known`() throws {
        try Self.withVolumes { (tree, directory) throws in
            for path in ["/made", "/made/deep", "/made/deep/volume", "/mnt"] as [FilePath] {
                #expect(try tree.status(path, links: .refuse)?.kind == .directory)
            }
            let shown = try tree.status("/mnt", links: .follow)
            #expect(shown == (try FileTree().status(directory.appending("one"), links: .follow)))
            #expect(tree.volumes.map(\.path) == ["/mnt", "/mnt/sub", "/made/deep/volume"])
            for path in ["/mnt", "/data/x", "/mnt/sub/y", "/made/deep/volume/z"] as [FilePath] {
                #expect(tree.isInVolume(path))
                #expect(try tree.isOnRootMount(path) == false)
            }
            for path in ["/", "/made/deep", "/etc/passwd", "/mnt/homes/out"] as [FilePath] {
                #expect(!tree.isInVolume(path))
            }
            #expect(try tree.names(in: "/mnt", links: .refuse).contains { $0.string == "homes" })
        }
    }

    @Test func `of a directory that is shown empty, only the directory is there`() throws {
        try withTemporaryDirectory { directory in
            for name in ["root", "memory", "memory/left", "volume"] {
                try makeDirectory(directory.appending(FilePath(name).components), mode: 0o755)
            }
            let memory = directory.appending("memory")
            let inside = memory.appending("in")
            let tree = try FileTree(
                opening: directory.appending("root"), volumes: [(inside, directory.appending("volume"))], empty: memory)
            #expect(try tree.status(memory, links: .follow) == FileTree().status(memory, links: .follow))
            #expect(try tree.status(memory.appending("left"), links: .follow) == nil)
            #expect(try tree.status(inside, links: .follow)?.kind == .directory)
        }
    }

    @Test func `a directory that cannot be opened is told`() throws {
        try withTemporaryDirectory { directory in
            let error = SystemCallError.of { () throws(SystemCallError) in
                _ = try FileTree(opening: directory, volumes: [("/x", directory.appending("none"))])
            }
            #expect(error?.errno == .noSuchFileOrDirectory && error?.path == directory.appending("none"))
        }
    }

    @Test(.actingAsUsers, arguments: [false, true])
    func `others look as in a container, wherever the root is`(hasVolume: Bool) async {
        await #expect(processExitsWith: .success) { [hasVolume] in
            try withTemporaryDirectory { directory in
                try makeDirectory(directory.appending("closed"), mode: 0o700)
                for (name, mode) in [("root", 0o755), ("root/open", 0o777), ("root/shut", 0o700), ("volume", 0o777)] {
                    try makeDirectory(
                        directory.appending("closed").appending(FilePath(name).components), mode: mode_t(mode))
                }
                let closed = directory.appending("closed")
                let volumes: [(path: FilePath, directory: FilePath)] = [
                    ("/scratch", closed.appending("volume")), ("/shut/in", closed.appending("volume")),
                ]
                let tree = try FileTree(opening: closed.appending("root"), volumes: hasVolume ? volumes : [])
                func refusal(_ path: FilePath) -> Errno? {
                    SystemCallError.of { () throws(SystemCallError) in
                        try tree.checkAccess(path, [.write, .execute])
                    }?.errno
                }
                try Privileges.assume(Credentials(user: 1000, group: 1000, groups: []))
                #expect(refusal("/open") == nil)
                #expect(refusal("/") == .permissionDenied)
                #expect(refusal("/shut") == .permissionDenied)
                #expect(refusal("/none") == .noSuchFileOrDirectory)
                #expect(refusal("/scratch") == (hasVolume ? nil : .noSuchFileOrDirectory))
                #expect(refusal("/shut/in") == .permissionDenied)
                try Privileges.resume(Credentials(user: 0, group: 0, groups: []))
            }
        }
    }
}
