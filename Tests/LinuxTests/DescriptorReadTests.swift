import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

struct DescriptorReadTests {
    @Test func `the mount of a file is the same from either source`() throws {
        var mounts: Set<UInt64> = []
        for path in ["/", "/proc", "/proc/self/status", "/dev/null"] as [FilePath] {
            let file = try FileTree().open(path, .pathOnly, links: .follow)
            #expect(file.mount != 0 && file.mount == file.listedMount)
            mounts.insert(file.mount)
        }
        #expect(mounts.count > 1)
    }

    @Test(arguments: [0, 1, 2, 4095, 4096, 4097, 100_000, .max])
    func `reading gives the bytes up to the limit`(limit: Int) throws {
        try withTemporaryDirectory { directory in
            let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
            let path = directory.appending("file")
            try makeFile(path, content)
            let file = try FileTree().open(path, .readOnly, links: .follow)
            #expect(try file.readAll(limit: limit) == Array(content.prefix(limit)))
        }
    }

    @Test func `a file of many megabytes is read whole`() throws {
        try withTemporaryDirectory { directory in
            let content = [UInt8](repeating: 0x61, count: 20_000_000) + [0x62]
            let path = directory.appending("file")
            try makeFile(path, content)
            #expect(try FileTree().read(path) == content)
        }
    }

    @Test(arguments: ["/proc/kallsyms", "/proc/self/status", "/proc/self/limits", "/proc/filesystems"])
    func `a file of proc, which has size 0 and comes in pieces, is read whole`(path: String) throws {
        func lines(_ bytes: some Sequence<UInt8>) -> Int { bytes.count { $0 == UInt8(ascii: "\n") } }
        var expected = 0
        let file = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(file, &buffer, buffer.count), count > 0 { expected += lines(buffer.prefix(count)) }
        let read = try #require(try FileTree().read(FilePath(path)))
        #expect(lines(read) == expected)
        #expect(read.last == UInt8(ascii: "\n"))
    }

    @Test func `a mount table of many lines is read whole`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let directory = try TemporaryDirectory()
                try #require(mount("none", directory.path.string, "tmpfs", 0, nil) == 0)
                for number in 0..<100 {
                    let point = directory.path.appending("mount-\(number)")
                    try makeDirectory(point)
                    try #require(mount("none", point.string, "tmpfs", 0, nil) == 0)
                }
                let bytes = try #require(try FileTree().read("/proc/self/mountinfo"))
                #expect(String(decoding: bytes, as: UTF8.self).split(separator: "\n").count > 100)
                try #require(umount2(directory.path.string, CInt(MNT_DETACH)) == 0)
            }
        }
    }

    @Test func `a file of the greatest length there is does not end the process`() async throws {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let directory = try TemporaryDirectory()
                try #require(mount("none", directory.path.string, "tmpfs", 0, nil) == 0)
                let path = directory.path.appending("file")
                try makeFile(path, [7])
                try #require(truncate(path.string, .max) == 0)
                #expect(try FileTree().read(path, limit: 3) == [7, 0, 0])
                try #require(umount2(directory.path.string, CInt(MNT_DETACH)) == 0)
            }
        }
    }

    @Test func `reading a directory is the error EISDIR with its path`() throws {
        let directory = try FileTree().open("/tmp", [.readOnly, .directory], links: .follow)
        let error = #expect(throws: SystemCallError.self) { try directory.readAll(limit: 10, path: "/tmp") }
        #expect(error == SystemCallError(call: "read", path: "/tmp", errno: .isDirectory))
    }
}
