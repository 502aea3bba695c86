import CTestSupport
import Glibc

/// The descriptors that join a program with the test: `theirs` become 0, 1 and 2.
struct Pipes {
    var theirs: [Int32] = [-1, -1, -1]
    var input: Int32 = -1
    var output: Int32 = -1
    var error: Int32 = -1

    mutating func open(for program: Program) throws {
        if program.terminal {
            var terminal: Int32 = -1
            let result = test_open_terminal(&output, &terminal, 80, 24)
            if result < 0 { throw TestFailure("no terminal: \(String(cString: strerror(-result)))") }
            theirs = [terminal, terminal, terminal]
            input = fcntl(output, F_DUPFD_CLOEXEC, 3)
        } else {
            (theirs[0], input) = try Pipes.open(program.standardInput, input: true)
            (theirs[1], output) = try Pipes.open(program.standardOutput, input: false)
            (theirs[2], error) = try Pipes.open(program.standardError, input: false)
        }
        for descriptor in [input, output, error] where descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    /// The program's end and the test's.
    private static func open(_ descriptor: Program.Descriptor, input: Bool) throws -> (Int32, Int32) {
        switch descriptor {
        case .closed: return (-1, -1)
        case .null: return (try file("/dev/null", input: input), -1)
        case .file(let path): return (try file(path, input: input), -1)
        case .terminal(let path): return (try open(path, O_RDWR), -1)
        case .pipe:
            var ends: [Int32] = [-1, -1]
            let result = test_pipe(&ends)
            if result < 0 { throw TestFailure("no pipe: \(String(cString: strerror(-result)))") }
            return input ? (ends[0], ends[1]) : (ends[1], ends[0])
        }
    }

    private static func file(_ path: String, input: Bool) throws -> Int32 {
        try open(path, input ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND)
    }

    private static func open(_ path: String, _ flags: Int32) throws -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NOCTTY, 0o644)
        if descriptor == -1 { throw TestFailure("cannot open \(path): \(String(cString: strerror(errno)))") }
        return descriptor
    }

    mutating func closeTheirs() {
        for descriptor in Set(theirs) where descriptor >= 0 { close(descriptor) }
        theirs = [-1, -1, -1]
    }

    mutating func closeOurs() {
        for descriptor in [input, output, error] where descriptor >= 0 { close(descriptor) }
        (input, output, error) = (-1, -1, -1)
    }
}
