import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

struct DescriptorWriteTests {
    @Test func `what is written, reserved and cut is in the file`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("file")
            let file = try FileTree().open(path, [.writeOnly, .create, .exclusive], mode: 0o600, links: .refuse)
            let content = [UInt8](repeating: 0x78, count: 3_000_000)
            try file.writeAll(content)
            #expect(try FileTree().read(path) == content)
            try file.setLength(2)
            #expect(try FileTree().read(path) == [0x78, 0x78])
            try file.reserve(4)
            #expect(try FileTree().read(path) == [0x78, 0x78, 0, 0])
            try file.writeAll([])
            #expect(try file.status().size == 4)
        }
    }

    @Test func `a full device is the error ENOSPC with the path`() throws {
        let file = try FileTree().open("/dev/full", .writeOnly, links: .refuse)
        let error = #expect(throws: SystemCallError.self) { try file.writeAll([1], path: "/dev/full") }
        #expect(error == SystemCallError(call: "write", path: "/dev/full", errno: .noSpace))
    }

    @Test func `room that is not there cannot be reserved`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let directory = try TemporaryDirectory()
                try #require(mount("none", directory.path.string, "tmpfs", 0, "size=64k") == 0)
                let path = directory.path.appending("file")
                try makeFile(path, [1])
                let file = try FileTree().open(path, .writeOnly, links: .refuse)
                let error = SystemCallError.of { () throws(SystemCallError) in try file.reserve(1 << 20, path: path) }
                #expect(error == SystemCallError(call: "fallocate", path: path, errno: .noSpace))
                #expect(try file.status().size == 1)
                try #require(umount2(directory.path.string, CInt(MNT_DETACH)) == 0)
            }
        }
    }

    @Test func `a mode is set whatever the umask`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryDirectory { directory in
                umask(0o077)
                let path = directory.appending("file")
                let file = try FileTree().open(path, [.writeOnly, .create], mode: 0o666, links: .refuse)
                #expect(try file.status().mode == 0o600)
                try file.setMode(0o2775)
                #expect(try file.status().mode == 0o2775)
            }
        }
    }

    @Test(.actingAsUsers) func `an owner or a group that is not given stays`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("file")
            try makeFile(path)
            let file = try FileTree().open(path, .writeOnly, links: .refuse)
            try file.setOwner(user: 4_294_967_294, group: nil)
            #expect(try file.status().user == 4_294_967_294)
            #expect(try file.status().group == 0)
            try file.setOwner(user: nil, group: 12)
            #expect(try file.status().user == 4_294_967_294)
            #expect(try file.status().group == 12)
        }
    }

    @Test func `a descriptor is closed with its owner, and before an exec`() async {
        await #expect(processExitsWith: .success) {
            func number() throws -> CInt {
                let file = try FileTree().open("/dev/null", .readOnly, links: .follow)
                #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
                return file.rawValue
            }
            let closed = try number()
            #expect(fcntl(closed, F_GETFD) == -1)
            func path() throws -> CInt {
                let directory = try FileTree().open("/", [.pathOnly, .directory], links: .refuse)
                #expect(fcntl(directory.rawValue, F_GETFD) & FD_CLOEXEC != 0)
                return directory.rawValue
            }
            let closedPath = try path()
            #expect(fcntl(closedPath, F_GETFD) == -1)
        }
    }
}
