import Foundation
import Glibc
import Linux
import TestSupport
import Testing

struct FileStatusTests {
    @Test func `each type of file has its kind`() throws {
        try withTemporaryDirectory { directory in
            try makeFile(directory.appending("file"), [1, 2, 3], mode: 0o4711)
            try makeLink(directory.appending("link"), to: "file")
            try #require(mkfifo(directory.appending("pipe").string, 0o600) == 0)
            let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) {
                $0.copyBytes(from: directory.appending("socket").string.utf8)
            }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
            let tree = FileTree()
            func kind(_ name: String, _ links: LinkPolicy) throws -> FileStatus.Kind? {
                try tree.status(directory.appending(name), links: links)?.kind
            }
            for links in [LinkPolicy.follow, .refuse] {
                #expect(try kind("file", links) == .file)
                #expect(try kind("pipe", links) == .pipe)
                #expect(try kind("socket", links) == .socket)
                #expect(try kind(".", links) == .directory)
                #expect(try kind("absent", links) == nil)
                #expect(try tree.status("/dev/null", links: links)?.kind == .characterDevice)
            }
            #expect(try kind("link", .follow) == .file)
            #expect(try kind("link", .refuse) == .link)
        }
    }

    @Test func `a file's mode, owner, size and place are those of stat`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("file")
            try makeFile(path, [1, 2, 3], mode: 0o4711)
            var expected = stat()
            try #require(stat(path.string, &expected) == 0)
            for links in [LinkPolicy.follow, .refuse] {
                let status = try #require(try FileTree().status(path, links: links))
                #expect(status.mode == 0o4711)
                #expect(status.user == geteuid())
                #expect(status.group == getegid())
                #expect(status.size == 3)
                #expect(status.device == expected.st_dev)
                #expect(status.inode == expected.st_ino)
            }
        }
    }
}
