import Glibc
import Linux
import TestSupport
import Testing

/// What programs that share a file system ask of it.
struct FileSharingTests {
    private func withDirectory(_ body: (borrowing Directory, FilePath) throws -> Void) throws {
        try withTemporaryDirectory { path in
            try body(try FileTree().openParent(of: path.appending("x"), links: .refuse), path)
        }
    }

    @Test func `a hard link is a second name, of a link itself, and none where the name is taken`() throws {
        try withDirectory { directory, path in
            try makeFile(path.appending("file"))
            try makeLink(path.appending("link"), to: "file")
            try directory.makeHardLink("second", to: "file")
            #expect(try directory.status("file")?.names == 2)
            try directory.makeHardLink("other", to: "link")
            #expect(try directory.status("other")?.kind == .link)
            let error = SystemCallError.of { () throws(SystemCallError) in
                try directory.makeHardLink("second", to: "file")
            }
            #expect(error == SystemCallError(call: "linkat", path: path.appending("second"), errno: .fileExists))
        }
    }

    @Test func `a lock is one open file's, and is gone with it`() throws {
        try withDirectory { directory, path in
            try makeFile(path.appending("file"))
            let first = try directory.open("file", .readWrite)
            try first.lock()
            let second = try directory.open("file", .readWrite)
            let error = SystemCallError.of { () throws(SystemCallError) in try second.lock(path: "/x") }
            #expect(error == SystemCallError(call: "flock", path: "/x", errno: .wouldBlock))
            try first.close()
            try second.lock()
            try second.synchronize()
        }
    }
}
