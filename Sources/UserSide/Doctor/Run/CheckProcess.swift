private import CLinux
internal import Linux
internal import Text

/// The process of a check, as the one that has started it sees it.
///
/// It leads a session and a process group of its own, and is killed when the one that has started it ends. Nothing here
/// waits for it: a process that waits for a dead file server may never end.
struct CheckProcess {
    let task: CheckTask
    /// Its place in the order of all.
    let position: Int
    let process: Int32
    /// When it was started, on the monotonic clock in nanoseconds.
    let started: UInt64
    /// The reading end of its pipe.
    private(set) var pipe: CInt
    /// Becomes readable when it ends; -1 where the kernel has no such thing.
    let handle: CInt
    /// What it has written, and has not been taken apart.
    private var rest: [UInt8] = []
    /// How many bytes it has written.
    private var count = 0
    private(set) var actor = ""
    private(set) var place: String?
    private(set) var absence: String?
    private(set) var findings: [Finding] = []
    /// Whether it has written something that no check writes, or too much.
    private(set) var isRubbish = false

    /// Whether it has ended in the middle of a line.
    var hasRest: Bool { !rest.isEmpty }

    /// The most bytes that a check may write.
    private static let most = 1 << 16

    /// Starts it.
    ///
    /// - Throws: the error of pipe(2) or fork(2).
    init(
        _ task: CheckTask, at position: Int, _ source: FactSource, hasSettings: Bool
    ) throws(SystemCallError) {
        let ends = try OpenFiles.makePipe()
        let parent = CurrentProcess.id
        let side: Children.Side
        do throws(SystemCallError) {
            side = try Children.fork()
        } catch {
            OpenFiles.close(ends.reading)
            OpenFiles.close(ends.writing)
            throw error
        }
        guard case .parent(let child) = side else {
            Self.prepare(ends.writing, parent)
            task.run(source, hasSettings: hasSettings)
            CurrentProcess.exit(0)
        }
        OpenFiles.close(ends.writing)
        _ = linux_fcntl(ends.reading, F_SETFL, O_NONBLOCK)
        self.task = task
        self.position = position
        process = child
        started = Clock.monotonic
        pipe = ends.reading
        handle = linux_pidfd_open(child)
    }

    /// Makes the new process one that nobody is disturbed by.
    private static func prepare(_ writing: CInt, _ parent: Int32) {
        _ = try? Children.makeSession()
        // Neither a program that it starts nor a crash reaches the streams of whoever asks. Pipes without another end are
        // sure to be harmless, unlike what the pod may have mounted over the null device.
        if let input = try? OpenFiles.makePipe(), let output = try? OpenFiles.makePipe() {
            _ = dup2(input.reading, 0)
            for stream in [1, 2] as [CInt] { _ = dup2(output.writing, stream) }
        }
        OpenFiles.closeAll(except: writing)
        for number in 1...Signal.highest { Signals.setIgnored(Signal(rawValue: number), false) }
        _ = CurrentProcess.ignoreWriteSignals()
        Signals.setMask(SignalSet(bits: 0))
        CheckProgress.open(writing, to: parent)
    }

    /// Takes what it has written so far.
    mutating func read() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while pipe >= 0 {
            let length = CLinux.read(pipe, &chunk, chunk.count)
            if length < 0 && linux_errno() == EINTR { continue }
            if length < 0 && linux_errno() == EAGAIN { break }
            guard length > 0 else {
                closePipe()
                break
            }
            count += length
            guard count <= Self.most else {
                isRubbish = true
                closePipe()
                break
            }
            rest += chunk.prefix(length)
        }
        while let end = rest.firstIndex(of: .newline) {
            take(rest[..<end])
            rest.removeSubrange(...end)
        }
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        switch CheckMessage(reading: line) {
        case .actor(let words): actor = words
        case .place(let path): place = path
        case .absence(let words): absence = words
        case .finding(let finding): findings.append(finding)
        case nil: isRubbish = true
        }
    }

    private mutating func closePipe() {
        OpenFiles.close(pipe)
        pipe = -1
    }

    /// How it ended, with the rest of its group killed; `nil` if it has not ended.
    func end() -> ProcessEnd? {
        var information = siginfo_t()
        let result = waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
        guard result != 0 || information.si_signo != 0 else { return nil }
        // The process still holds its number, so no other group can have it.
        kill()
        var status: CInt = 0
        guard result == 0, waitpid(process, &status, WNOHANG) == process else { return .exited(-1) }
        return linux_signaled(status)
            ? .signaled(Signal(rawValue: linux_term_signal(status))) : .exited(linux_exit_status(status))
    }

    /// Kills it and its group. Nobody waits for that.
    func kill() {
        Signals.send(.kill, to: .group(process))
        // It may not lead its group yet.
        Signals.send(.kill, to: .process(process))
    }

    /// Gives back what the caller holds of it.
    mutating func close() {
        if pipe >= 0 { closePipe() }
        if handle >= 0 { OpenFiles.close(handle) }
    }

    /// What it waits in, as far as `/proc` tells: a function of the kernel's, or that nothing can interrupt it.
    var waitChannel: String? {
        let tree = FileTree()
        let directory = FilePath("/proc/\(process)")
        if let name = try? tree.read(directory.appending("wchan"), limit: 128), !name.isEmpty,
            name != [UInt8(ascii: "0")]
        {
            return name.shown()
        }
        guard let stat = try? tree.read(directory.appending("stat"), limit: 512),
            let end = stat.lastIndex(of: UInt8(ascii: ")")), stat.count > end + 2, stat[end + 2] == UInt8(ascii: "D")
        else { return nil }
        return "the kernel, where nothing interrupts it (state D)"
    }
}
