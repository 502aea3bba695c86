import CTestSupport
import Foundation
import Glibc
import Linux
import SystemPackage
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

/// Paths of a folder that is shown as `/`.
struct FileTreeRootTests {
    /// A root with `/etc/passwd`, and links out of it that are absolute or climb.
    private func withRoot(_ body: (FileTree, FilePath) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let root = directory.appending("root")
            try makeDirectory(root)
            try makeDirectory(root.appending("etc"))
            try makeFile(root.appending("etc/passwd"), [5])
            try makeFile(directory.appending("secret"), [6])
            try makeFile(root.appending("secret"), [7])
            try makeLink(root.appending("absolute"), to: "/etc/passwd")
            try makeLink(root.appending("climbs"), to: "../../../../../secret")
            try makeLink(root.appending("up"), to: "..")
            try makeLink(root.appending("etc-link"), to: "/etc")
            try body(FileTree(root: root), directory)
        }
    }

    @Test func `paths and links stay below the root`() throws {
        try withRoot { (tree, _) throws in
            #expect(try tree.read("/etc/passwd", links: .refuse) == [5])
            #expect(try tree.read("/absolute", links: .follow) == [5])
            #expect(try tree.read("/etc-link/passwd", links: .follow) == [5])
            #expect(try tree.read("/climbs", links: .follow) == [7])
            #expect(try tree.read("/up/secret", links: .follow) == [7])
            #expect(try tree.read("/../secret", links: .refuse) == [7])
            #expect(try tree.read("/usr", links: .refuse) == nil)
        }
    }

    @Test(arguments: ["/absolute", "/climbs", "/up/secret", "/etc-link/passwd"])
    func `links are refused below another root too`(path: String) throws {
        try withRoot { tree, _ in
            let error = SystemCallError.of { () throws(SystemCallError) in
                _ = try tree.read(FilePath(path), links: .refuse)
            }
            #expect(error?.errno == .tooManySymbolicLinkLevels)
        }
    }

    @Test func `a file is made below the root, through a link that the user may follow`() throws {
        try withRoot { tree, directory in
            try makeLink(directory.appending("root/new"), to: "/etc/made")
            let file = try tree.open("/new", [.writeOnly, .create], mode: 0o640, links: .follow)
            try file.writeAll([9])
            #expect(try FileTree().read(directory.appending("root/etc/made")) == [9])
        }
    }

    @Test func `magic links do not lead out of a root`() {
        let tree = FileTree(root: "/proc/self")
        let error = SystemCallError.of { () throws(SystemCallError) in
            _ = try tree.read("/root/etc/passwd", links: .follow)
        }
        #expect(error?.errno == .tooManySymbolicLinkLevels)
    }
}

/// What faccessat says to an identity.
struct FileTreeAccessTests {
    @Test(.actingAsUsers, arguments: [false, true]) func `access is that of the effective identity`(below: Bool) async {
        await #expect(processExitsWith: .success) { [below] in
            try withTemporaryDirectory { directory in
                try makeDirectory(directory.appending("open"), mode: 0o777)
                try makeDirectory(directory.appending("enter"), mode: 0o711)
                try makeDirectory(directory.appending("group"), mode: 0o770)
                try makeDirectory(directory.appending("closed"), mode: 0o700)
                try makeLink(directory.appending("link"), to: "open")
                try #require(chown(directory.appending("group").string, 0, 2000) == 0)
                let tree = below ? FileTree(root: directory) : FileTree()
                let base = below ? "/" : directory
                func refusal(_ name: String, _ access: FileTree.Access) -> Errno? {
                    SystemCallError.of { () throws(SystemCallError) in
                        try tree.checkAccess(base.appending(name), access)
                    }?.errno
                }
                try Privileges.assume(Credentials(user: 1000, group: 1000, groups: [2000]))
                #expect(refusal("open", [.read, .write, .execute]) == nil)
                #expect(refusal("link", [.write, .execute]) == nil)
                #expect(refusal("enter", .execute) == nil)
                #expect(refusal("enter", .read) == .permissionDenied)
                #expect(refusal("group", [.write, .execute]) == nil)
                #expect(refusal("closed", .execute) == .permissionDenied)
                #expect(refusal("absent", .execute) == .noSuchFileOrDirectory)
                try Privileges.resume(Credentials(user: 0, group: 0, groups: []))
                #expect(refusal("closed", [.write, .execute]) == nil)
            }
        }
    }
}

/// Kernels and seccomp profiles that do not know the newer calls.
struct OlderKernelTests {
    @Test(.actingAsUsers, arguments: [ENOSYS, EPERM])
    func `links are refused without openat2`(error: CInt) async {
        await #expect(processExitsWith: .success) { [error] in
            try inProcessOfItsOwn {
                let directory = try TemporaryDirectory()
                let path = directory.path
                try makeFile(path.appending("file"), [1])
                try makeDirectory(path.appending("inner"))
                try makeFile(path.appending("inner/file"), [2])
                try makeLink(path.appending("link"), to: "file")
                try makeLink(path.appending("there"), to: "inner")
                try #require(test_forbid_call(test_call_openat2, error) == 0)
                let tree = FileTree()
                func refusal(_ name: String, _ options: OpenOptions) -> Errno? {
                    SystemCallError.of { () throws(SystemCallError) in
                        _ = try tree.open(path.appending(name), options, mode: 0o600, links: .refuse)
                    }?.errno
                }
                for options in [OpenOptions.readOnly, [.writeOnly, .create], [.pathOnly, .directory]] {
                    #expect(refusal("link", options) == .tooManySymbolicLinkLevels)
                    #expect(refusal("there/file", options) == .tooManySymbolicLinkLevels)
                    #expect(refusal("there/new", options) == .tooManySymbolicLinkLevels)
                }
                #expect(refusal("file/x", .readOnly) == .notDirectory)
                #expect(refusal("file", [.pathOnly, .directory]) == .notDirectory)
                #expect(refusal("absent/x", .readOnly) == .noSuchFileOrDirectory)
                #expect(refusal("new", [.writeOnly, .create, .exclusive]) == nil)
                #expect(try tree.read(path.appending("inner/file"), links: .refuse) == [2])
                #expect(try tree.status(path.appending("link"), links: .refuse)?.kind == .link)
                #expect(try tree.status("/", links: .refuse)?.kind == .directory)
                #expect(try FileTree(root: path).read("/inner/file", links: .refuse) == [2])
            }
        }
    }

    @Test(.actingAsUsers, arguments: [ENOSYS, EPERM])
    func `access is checked without faccessat2`(error: CInt) async {
        await #expect(processExitsWith: .success) { [error] in
            try inProcessOfItsOwn {
                let directory = try TemporaryDirectory()
                let path = directory.path
                try makeDirectory(path.appending("open"), mode: 0o777)
                try makeDirectory(path.appending("group"), mode: 0o770)
                try makeDirectory(path.appending("closed"), mode: 0o700)
                try #require(chown(path.appending("group").string, 0, 2000) == 0)
                try #require(test_forbid_call(test_call_faccessat2, error) == 0)
                let before = try Privileges.current().capabilities.permitted
                try Privileges.assume(Credentials(user: 1000, group: 1000, groups: [2000]))
                func refusal(_ name: String, _ access: FileTree.Access) -> Errno? {
                    SystemCallError.of { () throws(SystemCallError) in
                        try FileTree().checkAccess(path.appending(name), access)
                    }?.errno
                }
                #expect(refusal("open", [.write, .execute]) == nil)
                #expect(refusal("group", [.write, .execute]) == nil)
                #expect(refusal("closed", .execute) == .permissionDenied)
                #expect(refusal("closed", .write) == .permissionDenied)
                #expect(refusal("absent", .execute) == .noSuchFileOrDirectory)
                let after = try Privileges.current()
                #expect(after.user == IDTriple(real: 0, effective: 1000, saved: 0))
                #expect(after.group == IDTriple(real: 0, effective: 1000, saved: 0))
                #expect(after.capabilities.permitted == before)
            }
        }
    }
}
