import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

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
