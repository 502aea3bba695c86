import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

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
