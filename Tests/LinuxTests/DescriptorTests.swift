import CTestSupport
import Foundation
import Glibc
import Linux
import SystemPackage
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
        let file = try FileDescriptor.open(FilePath(path), .readOnly)
        try file.closeAfter {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
            defer { buffer.deallocate() }
            while case let count = try file.read(into: buffer), count > 0 { expected += lines(buffer.prefix(count)) }
        }
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

struct StandardStreamTests {
    @Test(arguments: [[0], [1], [2], [0, 1, 2], [0, 2]] as [[CInt]])
    func `closed streams are opened on the null device`(closed: [CInt]) async {
        await #expect(processExitsWith: .success) { [closed = closed as [CInt]] in
            try inProcessOfItsOwn {
                closed.forEach { close($0) }
                try StandardStream.openMissing()
                for stream in closed {
                    let file = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(stream)")
                    #expect(file == "/dev/null")
                    #expect(fcntl(stream, F_GETFL) & O_ACCMODE == O_RDWR)
                    // The user's command gets them.
                    #expect(fcntl(stream, F_GETFD) & FD_CLOEXEC == 0)
                }
            }
        }
    }

    @Test func `open streams stay as they are`() async {
        await #expect(processExitsWith: .success) {
            func files() throws -> [String] {
                try (0...2).map { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
            }
            let before = try files()
            try StandardStream.openMissing()
            let after = try files()
            #expect(before == after)
        }
    }

    @Test func `pipes and terminals are told from devices and files`() async {
        await #expect(processExitsWith: .success) {
            var pipes: [CInt] = [0, 0]
            try #require(pipe(&pipes) == 0)
            var controller: CInt = -1
            var terminal: CInt = -1
            try #require(test_open_terminal(&controller, &terminal, 80, 25) == 0)
            let cases: [(CInt, Bool)] = [
                (pipes[0], true), (terminal, true), (open("/dev/null", O_RDWR), false),
                (open("/dev/zero", O_RDWR), false), (open("/proc/self/exe", O_RDONLY), false),
                (open("/tmp", O_RDONLY), false),
            ]
            for (descriptor, expected) in cases {
                try #require(dup2(descriptor, 0) == 0)
                #expect(StandardStream.input.isPipeOrTerminal == expected)
            }
            close(0)
            #expect(!StandardStream.input.isPipeOrTerminal)
        }
    }

    @Test(.actingAsUsers) func `a pipe is given to a user, its group stays`() async {
        await #expect(processExitsWith: .success) {
            var pipes: [CInt] = [0, 0]
            try #require(pipe(&pipes) == 0 && dup2(pipes[1], 1) == 1)
            try StandardStream.output.setOwner(user: 12345)
            var status = stat()
            try #require(fstat(1, &status) == 0)
            #expect(status.st_uid == 12345)
            #expect(status.st_gid == 0)
            close(1)
            let error = #expect(throws: SystemCallError.self) { try StandardStream.output.setOwner(user: 1) }
            #expect(error?.errno == .badFileDescriptor)
        }
    }

    @Test func `what cannot be written is lost and ends nothing`() async {
        await #expect(processExitsWith: .success) {
            var pipes: [CInt] = [0, 0]
            _ = CurrentProcess.ignoreWriteSignals()
            try #require(pipe(&pipes) == 0 && dup2(pipes[1], 1) == 1)
            close(pipes[1])
            StandardStream.output.write(Array("one".utf8))
            var buffer = [UInt8](repeating: 0, count: 8)
            #expect(read(pipes[0], &buffer, 8) == 3)
            close(pipes[0])
            StandardStream.output.write(Array("nobody reads".utf8))
            close(1)
            StandardStream.output.write(Array("closed".utf8))
            StandardStream.output.write([])
        }
    }

    @Test func `messages wait once for room in a pipe that does not block, and then their number is told`() async {
        await #expect(processExitsWith: .success) {
            var pipes: [CInt] = [0, 0]
            try #require(pipe(&pipes) == 0)
            let saved = dup(2)
            try #require(dup2(pipes[1], 2) == 2 && fcntl(2, F_SETFL, O_NONBLOCK) == 0)
            let line = Array((String(repeating: "x", count: 63) + "\n").utf8)
            while Glibc.write(2, line, line.count) > 0 {}
            // The first one waits; the others would have made as many switches to another process.
            for _ in 1...3 { StandardStream.error.write(line) }
            var before = rusage()
            getrusage(0, &before)
            for _ in 1...200 { StandardStream.error.write(line) }
            var after = rusage()
            getrusage(0, &after)
            let waits = after.ru_nvcsw - before.ru_nvcsw
            var buffer = [UInt8](repeating: 0, count: 65536)
            let first = read(pipes[0], &buffer, buffer.count)
            StandardStream.error.write(Array("again\n".utf8))
            let second = read(pipes[0], &buffer, buffer.count)
            dup2(saved, 2)
            #expect(waits < 20)
            #expect(first > 60_000)
            let told = String(decoding: buffer[..<max(0, second)], as: UTF8.self)
            #expect(
                told.hasSuffix("entrypoint: messages lost, because nobody read them in time: 203\nagain\n"), "\(told)")
        }
    }

    @Test func `a line waits for room in a pipe that does not block`() async {
        await #expect(processExitsWith: .success) {
            var pipes: [CInt] = [0, 0]
            try #require(pipe(&pipes) == 0 && dup2(pipes[1], 1) == 1)
            let reader = pipes[0]
            close(pipes[1])
            try #require(fcntl(1, F_SETFL, O_NONBLOCK) == 0)
            let child = fork()
            if child == 0 {
                StandardStream.output.write([UInt8](repeating: 0x61, count: 300_000))
                _exit(0)
            }
            close(1)
            usleep(50_000)
            var total = 0
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(reader, &buffer, buffer.count)
                if count <= 0 { break }
                total += count
            }
            #expect(total == 300_000)
            waitpid(child, nil, 0)
        }
    }
}
