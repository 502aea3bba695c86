private import CLinux
private import Glibc
package import SystemPackage

/// A program that is run to its end by a process that has one thread.
///
/// The program has no standard input, no capabilities and no way to gain privileges, a process group of its own, `/` as its
/// directory, and the default treatment of every signal. It gets no descriptor but a pipe for its output and its errors.
package struct ChildProcess: Sendable {
    /// The program's file.
    package let program: FilePath
    /// Its arguments, its own name first.
    package let arguments: [CString]
    /// All of its environment.
    package let environment: [CString]
    /// Who it is, for ever; the caller must be root then. `nil` for whoever the caller is.
    package let identity: Credentials?
    package let umask: ModeBits
    /// How long it may run, in seconds.
    package let timeLimit: UInt32

    package init(
        program: FilePath, arguments: [CString], environment: [CString], identity: Credentials?, umask: ModeBits,
        timeLimit: UInt32
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.identity = identity
        self.umask = umask
        self.timeLimit = timeLimit
    }

    /// How a run ended.
    package struct Result: Equatable, Sendable {
        package let end: ProcessEnd
        /// Whether it was ended because its time was over.
        package let isOverdue: Bool
    }

    /// Seconds between SIGTERM and SIGKILL when the time is over.
    private static let grace: UInt64 = 2

    /// Runs the program.
    ///
    /// - Parameter receive: takes what the program writes, as it comes.
    /// - Returns: how it ended. Processes that it left behind go on, and what they write is lost.
    /// - Throws: the error of pipe2(2) or fork(2), or of the call in the new process that failed: the program was then not
    ///   started.
    package func run(receive: ([UInt8]) -> Void) throws(SystemCallError) -> Result {
        let output = try Pipe()
        let report = try Pipe()
        // Where nobody waits for children, the kernel keeps no status of them (wait(2)).
        let ignoresChildren = Signals.isIgnored(.child)
        if ignoresChildren { Signals.setIgnored(.child, false) }
        defer { if ignoresChildren { Signals.setIgnored(.child, true) } }
        let process: Int32
        switch try Children.fork() {
        case .child: become(output: output.writing.rawValue, report: report.writing.rawValue)
        case .parent(let child): process = child
        }
        Children.makeGroup(of: process)
        let reader = output.closeWriting()
        if let failure = Self.failure(from: report.closeWriting(), program) {
            _ = Self.wait(for: process, blocking: true)
            throw failure
        }
        return Waiting(process: process, limit: UInt64(timeLimit), grace: Self.grace).run(reader, receive)
    }

    /// The error that the new process told of; `nil` when it became the program.
    private static func failure(from report: consuming Descriptor, _ program: FilePath) -> SystemCallError? {
        guard let message = try? report.readAll(limit: 64, expected: 0, path: nil), message.count > 4 else {
            return nil
        }
        let number = message[..<4].reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        let call = String(decoding: message[4...], as: UTF8.self)
        return SystemCallError(
            call: call, path: call == "execve" ? program : nil, errno: Errno(rawValue: CInt(bitPattern: number)))
    }

    fileprivate static func wait(for process: Int32, blocking: Bool) -> ProcessEnd? {
        var status: CInt = 0
        while true {
            let result = waitpid(process, &status, blocking ? 0 : WNOHANG)
            if result == process { break }
            if result < 0 && Glibc.errno == EINTR { continue }
            // Somebody else took the status; nothing is known but that it is over.
            return result == 0 ? nil : .exited(-1)
        }
        return linux_signaled(status)
            ? .signaled(Signal(rawValue: linux_term_signal(status))) : .exited(linux_exit_status(status))
    }
}

// The new process.
extension ChildProcess {
    private func become(output: CInt, report: CInt) -> Never {
        do throws(SystemCallError) {
            try prepare(output: output, report: report)
            throw CurrentProcess.execute(program, arguments: arguments, environment: environment)
        } catch {
            let number = UInt32(bitPattern: error.errno.rawValue)
            var message = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
            message += Array(error.call.utf8)
            _ = Glibc.write(report, message, message.count)
            Glibc._exit(127)
        }
    }

    private func prepare(output: CInt, report: CInt) throws(SystemCallError) {
        Children.makeGroup(of: 0)
        let input = try systemCall("open", "/dev/null") { open("/dev/null", O_RDONLY) }
        for (source, target) in [(input, 0), (output, 1), (output, 2)] as [(CInt, CInt)] where source != target {
            try systemCall("dup2") { dup2(source, target) }
        }
        OpenFiles.closeAll(except: report)
        try CurrentProcess.changeDirectory(to: "/")
        CurrentProcess.setUmask(umask)
        if let identity {
            let own = try Privileges.current()
            if own.has(.setCapabilities) {
                for number in 0..<64 where own.capabilities.bounding & (1 << UInt64(number)) != 0 {
                    try Privileges.dropFromBoundingSet(number)
                }
            }
            try Privileges.become(identity)
        }
        try Privileges.clearCapabilities()
        try Privileges.setNoNewPrivileges()
        if let identity, identity.user != 0 && Privileges.canRegainRoot() {
            throw SystemCallError(call: "setresuid", errno: .notPermitted)
        }
        for number in 1...Signal.highest { Signals.setIgnored(Signal(rawValue: number), false) }
        Signals.setMask(SignalSet(bits: 0))
    }
}

/// A pipe whose ends are closed when it is no longer needed, and at an exec.
private struct Pipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws(SystemCallError) {
        let ends = try OpenFiles.makePipe()
        reading = Descriptor(owning: ends.reading)
        writing = Descriptor(owning: ends.writing)
    }

    /// The reading end alone.
    consuming func closeWriting() -> Descriptor { reading }
}

/// Waits for a program and its output.
private struct Waiting {
    let process: Int32
    /// In seconds.
    let limit: UInt64
    let grace: UInt64

    /// How often a process is asked after where the kernel cannot tell of its end (before Linux 5.3), in milliseconds.
    private static let interval: CInt = 20

    func run(_ output: consuming Descriptor, _ receive: ([UInt8]) -> Void) -> ChildProcess.Result {
        let start = Clock.monotonic
        var stops: [(after: UInt64, Signal)] = [(limit, .terminate), (limit + grace, .kill)]
        var isOverdue = false
        _ = fcntl(output.rawValue, F_SETFL, O_NONBLOCK)
        let handle = linux_pidfd_open(process)
        defer { if handle >= 0 { Glibc.close(handle) } }
        var isOpen = true
        while true {
            let end = ChildProcess.wait(for: process, blocking: false)
            // After the end, so that nothing which was written before it is missed; and not for ever.
            var chunks = 0
            while isOpen, chunks < 1024, let chunk = read(output, &isOpen) {
                receive(chunk)
                chunks += 1
            }
            if let end { return ChildProcess.Result(end: end, isOverdue: isOverdue) }
            let elapsed = (Clock.monotonic - start) / 1_000_000
            if let stop = stops.first, elapsed >= stop.after * 1000 {
                stops.removeFirst()
                isOverdue = true
                Signals.send(stop.1, to: .group(process))
                continue
            }
            let rest = stops.first.map { CInt(clamping: $0.after * 1000 - elapsed) } ?? -1
            let time = handle >= 0 ? rest : min(rest < 0 ? Self.interval : rest, Self.interval)
            var requests = [
                pollfd(fd: isOpen ? output.rawValue : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: handle, events: Int16(POLLIN), revents: 0),
            ]
            poll(&requests, nfds_t(requests.count), time)
        }
    }

    /// What there is to read now; `nil` when there is nothing.
    private func read(_ output: borrowing Descriptor, _ isOpen: inout Bool) -> [UInt8]? {
        let descriptor = output.rawValue
        var count = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
            count = Glibc.read(descriptor, buffer.baseAddress, 4096)
            filled = max(0, count)
        }
        if count > 0 { return chunk }
        if count == 0 || Glibc.errno != EAGAIN && Glibc.errno != EINTR { isOpen = false }
        return nil
    }
}
