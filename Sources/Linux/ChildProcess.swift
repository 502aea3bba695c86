private import CLinux

/// A program that is run to its end by a process that has one thread.
///
/// The program has no standard input, its own process group, and the default action of every signal. Unless it is
/// root's own, it has no capabilities and no way to gain privileges. Its only descriptor is a pipe for its output and
/// its errors, and it gets SIGTERM when the caller ends.
package struct ChildProcess: Sendable {
    /// The program's file.
    package let program: FilePath
    /// Its arguments, beginning with its own name.
    package let arguments: [CString]
    /// All of its environment.
    package let environment: [CString]
    /// The identity that it takes for good; the caller must be root then. `nil` for the caller's identity.
    package let identity: Credentials?
    package let umask: ModeBits
    /// How long it may run, in seconds; 0 for no limit.
    package let timeLimit: UInt32
    /// Where it starts if its identity may enter that directory; otherwise it starts in `/`.
    package let directory: FilePath
    /// Whether it keeps the caller's capabilities and may gain privileges, as root's own programs do.
    package let keepsPrivileges: Bool

    package init(
        program: FilePath, arguments: [CString], environment: [CString], identity: Credentials?, umask: ModeBits,
        timeLimit: UInt32, directory: FilePath = "/", keepsPrivileges: Bool = false
    ) {
        self.directory = directory
        self.keepsPrivileges = keepsPrivileges
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
        /// How many processes of its group still existed when it ended; they were killed.
        package let leftBehind: Int
    }

    /// Seconds between SIGTERM and SIGKILL when the time is over.
    private static let grace: UInt64 = 2
    /// Seconds after SIGKILL until the boot gives up on a process that does not end, or that it may not signal.
    private static let patience: UInt64 = 5

    /// Runs the program.
    ///
    /// - Parameter receive: receives the program's output as it comes.
    /// - Returns: how it ended. The rest of its process group has been killed. Processes that left the group continue,
    ///   and their output is lost.
    /// - Throws: the error of pipe2(2) or fork(2), or of the call that failed in the new process: the program was then
    ///   not started.
    package func run(receive: ([UInt8]) -> Void) throws(SystemCallError) -> Result {
        let output = try Pipe()
        let report = try Pipe()
        // If SIGCHLD is ignored, the kernel keeps no status of children (wait(2)).
        let ignoresChildren = Signals.isIgnored(.child)
        if ignoresChildren { Signals.setIgnored(.child, false) }
        defer { if ignoresChildren { Signals.setIgnored(.child, true) } }
        let process: Int32
        switch try Children.fork() {
        case .child: become(output: output.writing.rawValue, report: report.writing.rawValue)
        case .parent(let child): process = child
        }
        let reader = output.closeWriting()
        let reportReader = report.closeWriting()
        let limit = UInt64(timeLimit)
        let stops: [Waiting.Stop] =
            limit == 0
            ? [] : [(limit, .terminate), (limit + Self.grace, .kill), (limit + Self.grace + Self.patience, nil)]
        let result = Waiting(process: process).run(reader, stops, receive)
        // This comes last, because a file server that does not answer may delay the start itself.
        if let failure = Self.failure(from: reportReader, program) { throw failure }
        return result
    }

    /// The error that the new process reported; `nil` if it became the program.
    private static func failure(from report: consuming Descriptor, _ program: FilePath) -> SystemCallError? {
        _ = fcntl(report.rawValue, F_SETFL, O_NONBLOCK)
        guard let message = try? report.readAll(limit: 64, expected: 0, path: nil), message.count > 4 else {
            return nil
        }
        let number = message[..<4].reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        let call = String(decoding: message[4...], as: UTF8.self)
        return SystemCallError(
            call: call, path: call == "execve" ? program : nil, errno: Errno(rawValue: CInt(bitPattern: number)))
    }

    /// Whether a process has ended. Its number remains taken until ``wait(for:)``.
    fileprivate static func hasEnded(_ process: Int32) -> Bool {
        var information = siginfo_t()
        let result = waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
        return result == 0 ? information.si_signo != 0 : Linux.errno == ECHILD
    }

    /// How a process ended; `nil` if it has not ended yet.
    fileprivate static func wait(for process: Int32) -> ProcessEnd? {
        var status: CInt = 0
        while true {
            let result = waitpid(process, &status, WNOHANG)
            if result == process { break }
            if result < 0 && Linux.errno == EINTR { continue }
            // Another caller has taken the status; all that is known is that the process has ended.
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
            _ = CLinux.write(report, message, message.count)
            CLinux._exit(127)
        }
    }

    private func prepare(output: CInt, report: CInt) throws(SystemCallError) {
        // What is typed into the terminal of a root shell counts as root's input (TIOCSTI, ioctl_tty(2)). The program
        // gets no terminal, whatever its identity.
        try Children.makeSession()
        // An empty pipe: in place of the null device the pod may have mounted any file, which is root's to open here.
        let pipe = try OpenFiles.makePipe()
        OpenFiles.close(pipe.writing)
        let input = pipe.reading
        for (source, target) in [(input, 0), (output, 1), (output, 2)] as [(CInt, CInt)] where source != target {
            try systemCall("dup2") { dup2(source, target) }
        }
        OpenFiles.closeAll(except: report)
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
        if !keepsPrivileges {
            try Privileges.clearCapabilities()
            try Privileges.setNoNewPrivileges()
        }
        if let identity, identity.user != 0 && Privileges.canRegainRoot() {
            throw SystemCallError(call: "setresuid", errno: .notPermitted)
        }
        // This follows the change of credentials, which makes the kernel forget the signal (prctl(2)).
        CurrentProcess.setParentDeathSignal(.terminate)
        try enterDirectory()
        for number in 1...Signal.highest { Signals.setIgnored(Signal(rawValue: number), false) }
        Signals.setMask(SignalSet(bits: 0))
    }
}

extension ChildProcess {
    private func enterDirectory() throws(SystemCallError) {
        // This comes first, so that the process is in `/` if the directory cannot be entered.
        try CurrentProcess.changeDirectory(to: "/")
        if directory != "/" { try? CurrentProcess.changeDirectory(to: directory) }
    }
}

/// A pipe whose ends are closed when it is no longer needed, and on exec.
private struct Pipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws(SystemCallError) {
        let ends = try OpenFiles.makePipe()
        reading = Descriptor(owning: ends.reading)
        writing = Descriptor(owning: ends.writing)
    }

    /// The reading end; the other end is closed.
    consuming func closeWriting() -> Descriptor { reading }
}

/// Waits for a program and its output.
private struct Waiting {
    /// A signal for the group after some seconds. Without a signal, the wait ends then.
    typealias Stop = (after: UInt64, signal: Signal?)

    let process: Int32

    /// The interval in milliseconds for checking a process if the kernel cannot report its end (before Linux 5.3).
    private static let interval: CInt = 20

    func run(
        _ output: consuming Descriptor, _ stops: [Stop], _ receive: ([UInt8]) -> Void
    ) -> ChildProcess.Result {
        let start = Clock.monotonic
        var stops = stops
        var isOverdue = false
        _ = fcntl(output.rawValue, F_SETFL, O_NONBLOCK)
        let handle = linux_pidfd_open(process)
        defer { if handle >= 0 { CLinux.close(handle) } }
        var isOpen = true
        while true {
            let hasEnded = ChildProcess.hasEnded(process)
            // The process still holds its number, so no other group can have the group's number.
            let leftBehind = hasEnded ? endGroup() : 0
            // Reading after the end misses nothing that was written before it. The limit makes the loop end.
            var chunks = 0
            while isOpen, chunks < 256, let chunk = read(output, &isOpen) {
                receive(chunk)
                chunks += 1
            }
            if hasEnded, let end = ChildProcess.wait(for: process) {
                awaitEndOfGroup()
                return ChildProcess.Result(end: end, isOverdue: isOverdue, leftBehind: leftBehind)
            }
            let elapsed = (Clock.monotonic - start) / 1_000_000
            if let stop = stops.first, elapsed >= stop.after * 1000 {
                stops.removeFirst()
                isOverdue = true
                guard let signal = stop.signal else {
                    return ChildProcess.Result(end: .signaled(.kill), isOverdue: true, leftBehind: 0)
                }
                Signals.send(signal, to: .group(process))
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

    /// Kills the rest of the group of a process that has ended.
    ///
    /// - Returns: how many processes there were.
    private func endGroup() -> Int {
        let left = ProcessTable.members(ofGroup: process)
        if left > 0 { Signals.send(.kill, to: .group(process)) }
        return left
    }

    /// Waits until the group is empty, but not for ever: processes that are stuck on a dead file server remain.
    private func awaitEndOfGroup() {
        for _ in 0..<100 {
            // If this process is process 1, killed members have become its children.
            var status: CInt = 0
            while waitpid(-process, &status, WNOHANG) > 0 {}
            if Signals.probe(.group(process)) == .nobody { return }
            Clock.sleep(nanoseconds: 10_000_000)
        }
    }

    /// The available output; `nil` when there is none.
    private func read(_ output: borrowing Descriptor, _ isOpen: inout Bool) -> [UInt8]? {
        let descriptor = output.rawValue
        var count = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: 16384) { buffer, filled in
            count = CLinux.read(descriptor, buffer.baseAddress, 16384)
            filled = max(0, count)
        }
        if count > 0 { return chunk }
        if count == 0 || Linux.errno != EAGAIN && Linux.errno != EINTR { isOpen = false }
        return nil
    }
}

extension ProcessTable {
    /// How many processes a group has, without its leader and those that have ended.
    static func members(ofGroup group: Int32) -> Int {
        let directory = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return 0 }
        defer { close(directory) }
        var members: [Int32] = []
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            DirectoryEntries.forEachNumber(in: directory, buffer: buffer) { process in
                if process != group && Children.group(of: process) == group { members.append(process) }
            }
        }
        // The table is only made when it is needed, because its memory is never freed.
        if members.isEmpty { return 0 }
        let table = ProcessTable()
        return members.count { table.entry(of: $0).map { $0.state != UInt8(ascii: "Z") } ?? false }
    }
}
