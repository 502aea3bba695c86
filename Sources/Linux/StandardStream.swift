private import CLinux

/// The standard streams.
package enum StandardStream: CInt, CaseIterable, Sendable {
    case input = 0
    case output = 1
    case error = 2

    /// Opens `/dev/null` in the place of every closed standard stream.
    ///
    /// Otherwise the next file that is opened would take its number, and a message would be written into that file.
    ///
    /// - Throws: the error of opening `/dev/null`, which is missing in a root file system without `/dev`.
    package static func openMissing() throws(SystemCallError) {
        for stream in allCases where fcntl(stream.rawValue, F_GETFD) == -1 {
            // open(2) returns the lowest free number. It is this one, because the lower ones are open.
            try systemCall("open", "/dev/null") { Linux.open("/dev/null", O_RDWR) }
        }
    }

    /// Whether the stream is a pipe or a terminal, which belongs to the session, unlike a device or a file.
    package var isPipeOrTerminal: Bool {
        var status = stat()
        guard fstat(rawValue, &status) == 0 else { return false }
        return FileStatus(status).kind == .pipe || isatty(rawValue) == 1
    }

    /// The stream in words.
    package var words: String {
        switch self {
        case .input: "standard input"
        case .output: "standard output"
        case .error: "standard error"
        }
    }

    /// Whether the stream belongs to this process and no other: a terminal that controls the session that this process
    /// leads, or a pipe of whoever has started it from outside the pid namespace, as a container's runtime does.
    package var isOwn: Bool {
        var status = stat()
        guard fstat(rawValue, &status) == 0 else { return false }
        if FileStatus(status).kind == .pipe { return getppid() == 0 }
        return isatty(rawValue) == 1 && tcgetsid(rawValue) == getpid()
    }

    /// Whether somebody sees what is written, or types what is read.
    package var isTerminal: Bool { isatty(rawValue) == 1 }

    /// The number of columns of the terminal (TIOCGWINSZ, ioctl_tty(2)); `nil` where there is none, or it does not know.
    package var terminalColumns: Int? {
        let columns = linux_terminal_columns(rawValue)
        return columns > 0 ? Int(columns) : nil
    }

    /// Gives the open file to a user, so that the user can reopen `/dev/stdout` and `/dev/stderr`.
    ///
    /// - Throws: the error of fchown(2).
    package func setOwner(user: UInt32) throws(SystemCallError) {
        try systemCall("fchown") { fchown(rawValue, user, .max) }
    }

    /// Writes all bytes; what cannot be written is lost, because there is nobody left to tell.
    ///
    /// A pipe that another process has made non-blocking may be full. Each result waits up to a second. All messages
    /// together wait up to a second in the life of the process. After that, a message that finds no space is lost, and
    /// the number of lost messages is reported when there is space again.
    package func write(_ bytes: [UInt8]) {
        guard self == .error else {
            _ = writeAll(bytes) { wait(milliseconds: 1000) }
            return
        }
        if Self.messages.lost > 0 {
            let notice =
                "\(Self.messages.isCut ? "\n" : "")entrypoint: messages lost, because nobody read them in time: "
            guard writeMessage(Array("\(notice)\(Self.messages.lost)\n".utf8)) else { return }
            Self.messages.lost = 0
        }
        _ = writeMessage(bytes)
    }

    /// Writes all bytes of a result, as ``write(_:)`` does.
    ///
    /// - Returns: whether everything was written; `false` for a full disk, for example.
    package func writeResult(_ bytes: [UInt8]) -> Bool {
        writeAll(bytes) { wait(milliseconds: 1000) } == bytes.count
    }

    /// Whether it is a pipe or a socket of which nobody reads any more (POLLERR, poll(2)).
    package var hasNoReader: Bool {
        var request = pollfd(fd: rawValue, events: 0, revents: 0)
        return poll(&request, 1, 0) == 1 && request.revents & Int16(POLLERR) != 0
    }

    /// The state of the messages.
    private struct Messages {
        /// How long all messages together may still wait.
        var microseconds: Int64 = 1_000_000
        var lost = 0
        /// Whether the end of the last written message is missing.
        var isCut = false
    }

    // The programs have one thread.
    nonisolated(unsafe) private static var messages = Messages()

    private func writeMessage(_ bytes: [UInt8]) -> Bool {
        let written = writeAll(bytes) {
            guard Self.messages.microseconds > 0 else { return false }
            let start = Clock.monotonic
            let isReady = wait(milliseconds: CInt((Self.messages.microseconds + 999) / 1000))
            Self.messages.microseconds -= Clock.microseconds(since: start)
            return isReady
        }
        if written == bytes.count {
            Self.messages.isCut = false
            return true
        }
        Self.messages.lost += 1
        if written > 0 { Self.messages.isCut = true }
        return false
    }

    /// - Parameter wait: waits until a full pipe accepts data; returns `false` when the time for that is over.
    /// - Returns: the number of bytes that were written.
    private func writeAll(_ bytes: [UInt8], waiting wait: () -> Bool) -> Int {
        var written = 0
        bytes.withUnsafeBytes { buffer in
            while written < buffer.count {
                let count = CLinux.write(rawValue, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                if count > 0 {
                    written += count
                } else if Linux.errno == EAGAIN {
                    guard wait() else { return }
                } else if Linux.errno != EINTR {
                    return
                }
            }
        }
        return written
    }

    /// Waits until a full pipe accepts data, or a signal arrives.
    private func wait(milliseconds limit: CInt) -> Bool {
        var request = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        let ready = poll(&request, 1, limit)
        return ready == 1 || ready == -1 && Linux.errno == EINTR
    }
}
