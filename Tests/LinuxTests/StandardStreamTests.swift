import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

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
