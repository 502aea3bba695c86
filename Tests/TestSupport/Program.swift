import CTestSupport
package import Glibc

/// A program to be started directly, with full control of what it is given. Every byte of arguments and environment
/// arrives as it is here, and nothing is inherited: no variable, no descriptor, no signal that is ignored.
package struct Program {
    /// Where a standard descriptor leads.
    package enum Descriptor {
        /// A pipe: what is written there is in the outcome; what is read there is `input`.
        case pipe
        /// `/dev/null`.
        case null
        /// Nowhere: the descriptor is closed.
        case closed
        /// A file of the machine, opened for reading as standard input, else for appending.
        case file(String)
        /// A terminal's file, opened for reading and writing; it does not control the program's session.
        case terminal(String)
    }

    /// A limit of getrlimit(2), such as `RLIMIT_NOFILE`.
    package struct Limit {
        package var resource: __rlimit_resource
        package var soft: UInt64
        package var hard: UInt64

        package init(resource: __rlimit_resource, soft: UInt64, hard: UInt64) {
            (self.resource, self.soft, self.hard) = (resource, soft, hard)
        }
    }

    /// Credentials to start with; the program has no others.
    package struct Credentials {
        package var user: UInt32
        package var group: UInt32
        package var groups: [UInt32]

        package init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
            (self.user, self.group, self.groups) = (user, group, groups)
        }
    }

    /// Which namespaces it gets of its own.
    package enum Isolation {
        /// None: it sees the machine as it is. What it changes stays changed.
        case none
        /// A mount namespace: its mounts go with it.
        case mounts
        /// A mount and a process namespace: it is process 1, and all its descendants end with it.
        case processes
    }

    /// The program's file. It is not searched for.
    package var path: String
    /// The arguments after the program's name.
    package var arguments: [ByteString]
    /// The program's name as it is told, the path unless set.
    package var name: ByteString?
    package var environment = Environment.container
    /// The working directory.
    package var directory = "/"
    /// What it finds on standard input, if that is a pipe; then the end of the file.
    package var input = ByteString([UInt8]())
    /// Whether standard input stays open until `closeInput`.
    package var keepsInputOpen = false
    package var standardInput = Descriptor.null
    package var standardOutput = Descriptor.pipe
    package var standardError = Descriptor.pipe
    /// Whether all three are one new terminal (80 columns, 24 rows), which controls the program's session.
    package var terminal = false
    package var limits: [Limit] = []
    /// The umask; 022 unless set.
    package var umask: UInt32 = 0o022
    package var ignoredSignals: [Int32] = []
    package var blockedSignals: [Int32] = []
    package var credentials: Credentials?
    /// Whether the bounding set is empty: nothing that it starts can have a capability.
    package var dropsCapabilities = false
    package var noNewPrivileges = false
    package var isolation = Isolation.none
    /// A directory that becomes its root, with `isolation`; `/proc`, `/dev` and `/sys` are mounted there.
    package var root: String?

    package init(_ path: String, _ arguments: [ByteString] = []) {
        self.path = path
        self.arguments = arguments
    }

    /// A program with arguments that are text; the first word is its file.
    package init(_ words: [String]) {
        precondition(!words.isEmpty, "a program has a file")
        self.init(words[0], words.dropFirst().map { ByteString($0) })
    }

    /// Starts it.
    ///
    /// - Throws: `TestFailure` naming the call that failed, where it could not be started.
    package func start() throws -> RunningProgram {
        // A program that ends before it has read its input is no reason for the tests to end.
        Glibc.signal(SIGPIPE, SIG_IGN)
        var pipes = Pipes()
        defer { pipes.closeTheirs() }
        do {
            try pipes.open(for: self)
            var pidfd: Int32 = -1
            let started = ContinuousClock.now
            let pid = try spawn(pipes.theirs, &pidfd)
            return RunningProgram(self, pid: pid, pidfd: pidfd, started: started, pipes: pipes)
        } catch {
            pipes.closeOurs()
            throw error
        }
    }

    /// Starts it and waits for its end. A program that takes longer than the deadline is killed, which is a failure.
    package func run(within deadline: Duration = .seconds(90)) throws -> Outcome {
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
package func withCStrings<Result>(
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
