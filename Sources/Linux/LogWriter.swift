private import CLinux

/// A thread that takes whole lines from a pipe and writes them, as slowly as their reader takes them.
///
/// It allocates no memory and takes no lock, so that the process can go on forking, and has all signals blocked.
package final class LogWriter {
    /// Where the lines go.
    package enum Target: Sendable {
        /// An open file, which may be shared with others: each write is at most `PIPE_BUF` bytes of whole lines.
        case descriptor(CInt)
        /// A file at an absolute path, which becomes `FILE.1` at `size` bytes; `keep` old ones stay. It is made with mode
        /// 0640 before the umask, and anew when it has been removed.
        case file(FilePath, size: UInt64, keep: Int, refusesLinks: Bool)
    }

    /// What the thread of a file has to tell.
    package struct Note: Equatable, Sendable {
        /// What it could not do; the first time that it loses lines, and again after ``recovered``.
        package enum Event: Sendable { case notOpened, notAFile, notRotated, notWritten, recovered }

        /// The number that the writer was made with.
        package let number: Int32
        package let event: Event
        package let errno: Errno
        /// How many lines were lost, with ``Event/recovered``.
        package let lost: UInt64
    }

    /// The most bytes that ``send(_:)`` takes in one piece (pipe(7), `PIPE_BUF`).
    package static let pieceLimit = Int(PIPE_BUF)

    /// The writing end of the pipe, which does not block; -1 after ``close()``.
    package private(set) var descriptor: CInt
    /// The thread's own, for as long as the process lives: the thread may be stuck for ever.
    private let state: UnsafeMutablePointer<linux_log_writer>

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - target: where the lines go.
    ///   - pipeSize: the bytes that are waited for; fewer where the kernel refuses (`/proc/sys/fs/pipe-user-pages-soft`).
    ///   - number: by which ``Note`` names the writer.
    ///   - notes: where the thread writes its notes to, of a ``NotePipe``; -1 for nowhere.
    /// - Throws: the error of pipe2(2), fcntl(2) or pthread_create(3), such as EAGAIN at the limit of threads.
    package init(_ target: Target, pipeSize: Int, number: Int32 = 0, notes: CInt = -1) throws(SystemCallError) {
        let ends = try OpenFiles.makePipe()
        state = .allocate(capacity: 1)
        state.initialize(to: linux_log_writer())
        descriptor = ends.writing
        state.pointee.source = ends.reading
        state.pointee.notes = notes
        state.pointee.number = number
        switch target {
        case .descriptor(let target): state.pointee.target = target
        case .file(let path, let size, let keep, let refusesLinks):
            state.pointee.path = path.withPlatformString { UnsafePointer(strdup($0)) }
            state.pointee.limit = size
            state.pointee.keep = CInt(keep)
            state.pointee.refuses_links = refusesLinks
        }
        _ = linux_set_pipe_size(ends.writing, CInt(clamping: pipeSize))
        do throws(SystemCallError) {
            try systemCall("fcntl") { fcntl(ends.writing, F_SETFL, O_NONBLOCK) }
            let started = state
            try systemCall("pthread_create") { linux_log_writer_start(started) }
        } catch {
            OpenFiles.close(ends.writing)
            OpenFiles.close(ends.reading)
            throw error
        }
    }

    /// Gives the thread some whole lines. Never waits.
    ///
    /// - Parameter lines: at most ``pieceLimit`` bytes.
    /// - Returns: whether the pipe has taken them, which it does as a whole.
    package func send(_ lines: UnsafeRawBufferPointer) -> Bool {
        while true {
            if write(descriptor, lines.baseAddress, lines.count) >= 0 { return true }
            if Linux.errno != EINTR { return false }
        }
    }

    /// Waits until the pipe takes more.
    ///
    /// - Parameter deadline: nanoseconds on the monotonic clock.
    /// - Returns: whether it does.
    package func waitForRoom(until deadline: UInt64) -> Bool {
        let now = Clock.monotonic
        guard deadline > now else { return false }
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, CInt(clamping: (deadline - now + 999_999) / 1_000_000)) == 1
    }

    /// Ends the pipe; the thread ends when it has written what is in it.
    package func close() {
        if descriptor >= 0 { OpenFiles.close(descriptor) }
        descriptor = -1
    }

    /// Waits, after ``close()``, until the thread has written everything.
    ///
    /// - Parameter deadline: nanoseconds on the monotonic clock.
    /// - Returns: whether it has.
    package func hasEnded(by deadline: UInt64) -> Bool { linux_log_writer_has_ended(state, deadline) }
}

/// The pipe by which the threads of files tell what they cannot do.
package struct NotePipe: ~Copyable {
    private let reader: Descriptor
    private let writer: Descriptor

    /// - Throws: the error of pipe2(2) or fcntl(2).
    package init() throws(SystemCallError) {
        let ends = try OpenFiles.makePipe()
        let reader = Descriptor(owning: ends.reading)
        let writer = Descriptor(owning: ends.writing)
        // A reader that blocks would wait for ever.
        for end in [ends.reading, ends.writing] { try OpenFiles.setNonBlocking(end) }
        self.reader = reader
        self.writer = writer
    }

    /// What becomes readable when there is a note.
    package var descriptor: CInt { reader.rawValue }

    /// The end for the threads.
    package var writingEnd: CInt { writer.rawValue }

    /// The next note; `nil` when there is none. Never waits.
    package func next() -> LogWriter.Note? {
        var note = linux_log_note()
        guard read(reader.rawValue, &note, MemoryLayout<linux_log_note>.size) == MemoryLayout<linux_log_note>.size
        else { return nil }
        let event: LogWriter.Note.Event =
            switch Int(note.failure) {
            case linux_log_open_failed: .notOpened
            case linux_log_no_file: .notAFile
            case linux_log_rotate_failed: .notRotated
            case linux_log_recovered: .recovered
            default: .notWritten
            }
        return LogWriter.Note(number: note.number, event: event, errno: Errno(rawValue: note.error), lost: note.lost)
    }
}
