import CTestSupport
import Glibc

/// A program to be started directly, with full control of what it is given. Every byte of arguments and environment
/// arrives as it is here, and nothing is inherited: no variable, no descriptor, no signal that is ignored.
struct Program {
    /// Where a standard descriptor leads.
    enum Descriptor {
        /// A pipe: what is written there is in the outcome; what is read there is `input`.
        case pipe
        /// `/dev/null`.
        case null
        /// Nowhere: the descriptor is closed.
        case closed
        /// A file of the machine, opened for reading as standard input, else for appending.
        case file(String)
    }

    /// A limit of getrlimit(2), such as `RLIMIT_NOFILE`.
    struct Limit {
        var resource: __rlimit_resource
        var soft: UInt64
        var hard: UInt64
    }

    /// Credentials to start with; the program has no others.
    struct Credentials {
        var user: UInt32
        var group: UInt32
        var groups: [UInt32] = []
    }

    /// Which namespaces it gets of its own.
    enum Isolation {
        /// None: it sees the machine as it is. What it changes stays changed.
        case none
        /// A mount namespace: its mounts go with it.
        case mounts
        /// A mount and a process namespace: it is process 1, and all its descendants end with it.
        case processes
    }

    /// The program's file. It is not searched for.
    var path: String
    /// The arguments after the program's name.
    var arguments: [ByteString]
    /// The program's name as it is told, the path unless set.
    var name: ByteString?
    var environment = Environment.container
    /// The working directory.
    var directory = "/"
    /// What it finds on standard input, if that is a pipe; then the end of the file.
    var input = ByteString([UInt8]())
    /// Whether standard input stays open until `closeInput`.
    var keepsInputOpen = false
    var standardInput = Descriptor.null
    var standardOutput = Descriptor.pipe
    var standardError = Descriptor.pipe
    /// Whether all three are one new terminal (80 columns, 24 rows), which controls the program's session.
    var terminal = false
    var limits: [Limit] = []
    /// The umask; 022 unless set.
    var umask: UInt32 = 0o022
    var ignoredSignals: [Int32] = []
    var blockedSignals: [Int32] = []
    var credentials: Credentials?
    /// Whether the bounding set is empty: nothing that it starts can have a capability.
    var dropsCapabilities = false
    var noNewPrivileges = false
    var isolation = Isolation.none
    /// A directory that becomes its root, with `isolation`; `/proc`, `/dev` and `/sys` are mounted there.
    var root: String?

    init(_ path: String, _ arguments: [ByteString] = []) {
        self.path = path
        self.arguments = arguments
    }

    /// Starts it.
    ///
    /// - Throws: `TestFailure` naming the call that failed, where it could not be started.
    func start() throws -> RunningProgram {
        // A program that ends before it has read its input is no reason for the tests to end.
        Glibc.signal(SIGPIPE, SIG_IGN)
        var pipes = Pipes()
        defer { pipes.closeTheirs() }
        do {
            try pipes.open(for: self)
            var pidfd: Int32 = -1
            let started = ContinuousClock.now
            let pid = try spawn(pipes.theirs, &pidfd)
            return RunningProgram(
                description: ([path] + arguments.prefix(20).map(\.text)).joined(separator: " "), pid: pid, pidfd: pidfd,
                started: started, input: pipes.input, output: pipes.output, error: pipes.error, unwritten: input,
                keepsInputOpen: keepsInputOpen || terminal)
        } catch {
            pipes.closeOurs()
            throw error
        }
    }

    /// Starts it and waits for its end. A program that takes longer than the deadline is killed, which is a failure.
    func run(within deadline: Duration = .seconds(30)) throws -> Outcome {
        try start().wait(within: deadline)
    }

    private func spawn(_ descriptors: [Int32], _ pidfd: inout Int32) throws -> pid_t {
        var request = test_spawn()
        request.descriptors = (descriptors[0], descriptors[1], descriptors[2])
        request.new_session = true
        request.terminal = terminal
        request.pid_namespace = isolation == .processes
        request.mount_namespace = isolation != .none
        request.set_umask = true
        request.umask = umask
        request.ignored_signals = Program.mask(ignoredSignals)
        request.blocked_signals = Program.mask(blockedSignals)
        request.drop_capabilities = dropsCapabilities
        request.no_new_privileges = noNewPrivileges
        if let credentials {
            request.set_credentials = true
            request.user = credentials.user
            request.group = credentials.group
        }
        let groups = credentials?.groups ?? []
        let limits = limits.map { test_limit(resource: Int32($0.resource.rawValue), soft: $0.soft, hard: $0.hard) }
        var failedCall: UnsafePointer<CChar>?
        let pid = withCStrings([name ?? ByteString(path)] + arguments) { argv in
            withCStrings(environment.entries) { envp in
                withCStrings([ByteString(path), ByteString(directory), ByteString(root ?? "")]) { paths in
                    groups.withUnsafeBufferPointer { groups in
                        limits.withUnsafeBufferPointer { limits in
                            request.path = UnsafePointer(paths[0])
                            request.directory = UnsafePointer(paths[1])
                            request.root = root == nil ? nil : UnsafePointer(paths[2])
                            (request.arguments, request.environment) = (argv, envp)
                            (request.groups, request.group_count) = (groups.baseAddress, groups.count)
                            (request.limits, request.limit_count) = (limits.baseAddress, limits.count)
                            return test_spawn(&request, &pidfd, &failedCall)
                        }
                    }
                }
            }
        }
        if pid > 0 { return pid }
        let call = failedCall.map { String(cString: $0) } ?? "?"
        throw TestFailure("cannot start \(path): \(call): \(String(cString: strerror(-pid)))")
    }

    private static func mask(_ signals: [Int32]) -> UInt64 { signals.reduce(0) { $0 | 1 << UInt64($1 - 1) } }
}

/// Calls the body with the strings as C wants them: each ends with a zero byte, the list with a null pointer.
func withCStrings<Result>(
    _ strings: [ByteString], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    let size = strings.reduce(0) { $0 + $1.bytes.count + 1 }
    return try withUnsafeTemporaryAllocation(of: CChar.self, capacity: max(size, 1)) { bytes in
        try withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<CChar>?.self, capacity: strings.count + 1) { list in
            var offset = 0
            for (index, string) in strings.enumerated() {
                list.initializeElement(at: index, to: bytes.baseAddress.map { $0 + offset })
                for byte in string.bytes + [0] {
                    bytes.initializeElement(at: offset, to: CChar(bitPattern: byte))
                    offset += 1
                }
            }
            list.initializeElement(at: strings.count, to: nil)
            guard let start = list.baseAddress else { preconditionFailure("a list has at least its end") }
            return try body(start)
        }
    }
}

/// The descriptors that join a program with the test: `theirs` become 0, 1 and 2.
private struct Pipes {
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
        case .pipe:
            var ends: [Int32] = [-1, -1]
            let result = test_pipe(&ends)
            if result < 0 { throw TestFailure("no pipe: \(String(cString: strerror(-result)))") }
            return input ? (ends[0], ends[1]) : (ends[1], ends[0])
        }
    }

    private static func file(_ path: String, input: Bool) throws -> Int32 {
        let flags = input ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND
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
