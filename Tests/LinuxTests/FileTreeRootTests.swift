import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

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
