import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// Paths of the machine's own root, where a link may mislead.
struct FileTreeTests {
    private let tree = FileTree()

    /// A directory with `file`, `link` to it, `there` to `inner`, `inner/file`, and `loop`.
    private func withLinks(_ body: (FilePath) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            try makeFile(directory.appending("file"), [1])
            try makeDirectory(directory.appending("inner"))
            try makeFile(directory.appending("inner/file"), [2])
            try makeLink(directory.appending("link"), to: "file")
            try makeLink(directory.appending("there"), to: directory.appending("inner"))
            try makeLink(directory.appending("loop"), to: "loop")
            try makeLink(directory.appending("dangling"), to: "nothing")
            try body(directory)
        }
    }

    @Test func `links are followed where that is allowed`() throws {
        try withLinks { (directory) throws in
            #expect(try tree.read(directory.appending("link"), links: .follow) == [1])
            #expect(try tree.read(directory.appending("there/file"), links: .follow) == [2])
            #expect(try tree.status(directory.appending("there"), links: .follow)?.kind == .directory)
            #expect(try tree.status(directory.appending("dangling"), links: .follow) == nil)
            #expect(try tree.read(directory.appending("dangling"), links: .follow) == nil)
        }
    }

    @Test(arguments: ["link", "there/file", "dangling", "loop", "there/absent", "dangling/x"])
    func `a link anywhere in a path is refused`(name: String) throws {
        try withLinks { directory in
            let path = directory.appending(name)
            for options in [OpenOptions.readOnly, [.writeOnly, .create], [.pathOnly, .directory]] {
                let error = SystemCallError.of { () throws(SystemCallError) in
                    _ = try tree.open(path, options, mode: 0o600, links: .refuse)
                }
                #expect(error?.errno == .tooManySymbolicLinkLevels)
                #expect(error?.path == path)
            }
            #expect(!FileManager.default.fileExists(atPath: directory.appending("nothing").string))
            #expect(!FileManager.default.fileExists(atPath: directory.appending("inner/absent").string))
        }
    }

    @Test(arguments: ["there/x", "loop/x", "dangling/x"])
    func `the parent of a path is not found by a link`(name: String) throws {
        try withLinks { directory in
            let error = SystemCallError.of { () throws(SystemCallError) in
                _ = try tree.openParent(of: directory.appending(name), links: .refuse)
            }
            #expect(error?.errno == .tooManySymbolicLinkLevels)
        }
    }

    @Test func `the status of a link in the middle is an error, of one at the end its own`() throws {
        try withLinks { (directory) throws in
            #expect(try tree.status(directory.appending("link"), links: .refuse)?.kind == .link)
            let error = SystemCallError.of { () throws(SystemCallError) in
                _ = try tree.status(directory.appending("there/file"), links: .refuse)
            }
            #expect(error?.errno == .tooManySymbolicLinkLevels)
            let loop = SystemCallError.of { () throws(SystemCallError) in
                _ = try tree.status(directory.appending("loop"), links: .follow)
            }
            #expect(loop?.errno == .tooManySymbolicLinkLevels)
        }
    }

    @Test(arguments: ["/proc/self/exe", "/proc/self/root/etc", "/proc/self/cwd/x", "/proc/self/fd/0"])
    func `the magic links of proc are links`(path: String) {
        let error = SystemCallError.of { () throws(SystemCallError) in
            _ = try tree.open(FilePath(path), .readOnly, links: .refuse)
        }
        #expect(error?.errno == .tooManySymbolicLinkLevels)
    }

    @Test func `a file in the middle of a path is the error ENOTDIR, not nothing`() throws {
        try withLinks { directory in
            for links in [LinkPolicy.follow, .refuse] {
                for read in [true, false] {
                    let error = SystemCallError.of { () throws(SystemCallError) in
                        let path = directory.appending("file/x")
                        if read {
                            _ = try tree.read(path, links: links)
                        } else {
                            _ = try tree.status(path, links: links)
                        }
                    }
                    #expect(error?.errno == .notDirectory)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `what is not a regular file is not read`() throws {
        try withTemporaryDirectory { directory in
            try #require(mkfifo(directory.appending("pipe").string, 0o600) == 0)
            for path in [directory, directory.appending("pipe"), "/dev/zero"] {
                let error = SystemCallError.of { () throws(SystemCallError) in _ = try tree.read(path) }
                #expect(error == SystemCallError(call: "read", path: path, errno: .invalidArgument))
            }
        }
    }

    @Test func `names are listed without the directory and its parent`() throws {
        try withTemporaryDirectory { directory in
            #expect(try tree.names(in: directory, links: .refuse).isEmpty)
            for name in ["a", ".b", "...", "c d"] { try makeFile(directory.appending(name)) }
            #expect(try tree.names(in: directory, links: .refuse).map(\.string).sorted() == ["...", ".b", "a", "c d"])
        }
    }

    @Test func `names that are not UTF-8 are listed as they are`() throws {
        try withTemporaryDirectory { directory in
            let path = try bytePath(directory, [0x61, 0xFF, 0xFE])
            try makeFile(path, [3])
            let names = try tree.names(in: directory, links: .refuse)
            #expect(names.count == 1)
            for name in names { #expect(try tree.read(directory.appending(name)) == [3]) }
        }
    }

    @Test func `listing leaves no descriptor open`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                func descriptors() throws -> Int {
                    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
                }
                let before = try descriptors()
                for _ in 0..<20 { _ = try FileTree().names(in: "/etc", links: .refuse) }
                for _ in 0..<20 { _ = try? FileTree().names(in: "/etc/passwd", links: .refuse) }
                let after = try descriptors()
                #expect(after == before)
            }
        }
    }

    @Test func `a name of the machine's root needs no other root`() throws {
        #expect(try tree.status("/", links: .refuse)?.kind == .directory)
        #expect(try tree.status("/", links: .follow)?.kind == .directory)
    }
}
