private import CLinux

/// The open file descriptors of the calling process.
package enum OpenFiles {
    /// Closes every descriptor above the standard streams except one or two.
    ///
    /// The limit on open files may be a billion (RLIMIT_NOFILE in some runtimes), so no loop ever counts up to it. This
    /// uses close_range(2) if the kernel and a seccomp profile allow it, and otherwise the list in `/proc/self/fd`.
    package static func closeAll(except one: CInt, _ second: CInt? = nil) {
        let other = second ?? one
        let (low, high) = (min(one, other), max(one, other))
        if closeRange(from: 3, to: low - 1) && closeRange(from: max(low + 1, 3), to: high - 1)
            && closeRange(from: max(high + 1, 3), to: .max)
        {
            return
        }
        closeListed(except: one, second)
    }

    /// Closes every descriptor above one.
    package static func closeAll(above last: CInt) {
        if closeRange(from: last + 1, to: .max) { return }
        closeListed { $0 <= last }
    }

    private static func closeRange(from first: CInt, to last: CInt) -> Bool {
        if last < first { return true }
        let end = last == .max ? UInt32.max : UInt32(last)
        return linux_close_range(UInt32(first), end) == 0
    }

    /// Closes the descriptors that `/proc/self/fd` lists above the standard streams, except one or two.
    package static func closeListed(except one: CInt, _ second: CInt? = nil) {
        closeListed { $0 == one || $0 == second ?? one }
    }

    private static func closeListed(keeping isKept: (CInt) -> Bool) {
        let directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
            var closed = true
            // Closing while reading may hide entries, so the list is read again until it has nothing left to close.
            while closed {
                closed = false
                _ = lseek(directory, 0, SEEK_SET)
                DirectoryEntries.forEachNumber(in: directory, buffer: buffer) { number in
                    if number > 2 && number != directory && !isKept(number) && CLinux.close(number) == 0 {
                        closed = true
                    }
                }
            }
        }
        close(directory)
    }

    /// Whether the process can open this many more files.
    package static func hasRoom(for count: Int) -> Bool {
        var taken: [CInt] = []
        defer { for descriptor in taken { close(descriptor) } }
        for _ in 0..<count {
            let descriptor = fcntl(2, F_DUPFD_CLOEXEC, 3)
            guard descriptor >= 0 else { return false }
            taken.append(descriptor)
        }
        return true
    }

    /// A pipe with ends above the standard streams, even if one of those is closed; both ends are closed on exec.
    ///
    /// - Throws: the error of pipe2(2) or fcntl(2).
    package static func makePipe() throws(SystemCallError) -> (reading: CInt, writing: CInt) {
        var ends: (CInt, CInt) = (-1, -1)
        try systemCall("pipe2") {
            withUnsafeMutableBytes(of: &ends) { bytes in
                // pipe2(2) is not visible in Swift; nothing can start a program between the two calls.
                bytes.withMemoryRebound(to: CInt.self) { pipe($0.baseAddress) }
            }
        }
        return (try moveUp(ends.0), try moveUp(ends.1))
    }

    /// Gives a descriptor a number above the standard streams.
    static func moveUp(_ descriptor: CInt) throws(SystemCallError) -> CInt {
        let moved = try systemCall("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
        close(descriptor)
        return moved
    }

    /// Makes an open descriptor one that is closed when its owner ends.
    package static func own(_ descriptor: CInt) -> Descriptor { Descriptor(owning: descriptor) }

    /// Closes a descriptor.
    package static func close(_ descriptor: CInt) { _ = CLinux.close(descriptor) }

    /// Waits for a descriptor to become readable or to lose its last writer.
    ///
    /// - Parameter milliseconds: how long to wait; `nil` for ever.
    /// - Returns: whether that has happened.
    package static func wait(forInput descriptor: CInt, milliseconds: UInt64?) -> Bool {
        let end = milliseconds.map { Clock.monotonic + $0 * 1_000_000 }
        while true {
            let left = end.map { $0 > Clock.monotonic ? ($0 - Clock.monotonic) / 1_000_000 + 1 : 0 }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&request, 1, left.map { CInt(clamping: $0) } ?? -1)
            if count > 0 { return true }
            if left == 0 || count < 0 && errno != EINTR { return false }
        }
    }

    /// Another number of at least `least` for an open file, which is closed on exec.
    ///
    /// - Throws: the error of fcntl(2).
    package static func duplicate(_ descriptor: CInt, atLeast least: CInt) throws(SystemCallError) -> CInt {
        try systemCall("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, least) }
    }

    /// Gives a descriptor a number, and keeps it open on exec.
    ///
    /// - Throws: the error of dup2(2) or fcntl(2).
    package static func place(_ descriptor: CInt, at number: CInt) throws(SystemCallError) {
        if descriptor == number {
            try systemCall("fcntl") { fcntl(descriptor, F_SETFD, 0) }
        } else {
            try systemCall("dup2") { dup2(descriptor, number) }
        }
    }

    /// The result of looking into a pipe without waiting.
    package enum PipeState: Sendable { case open, noWriterLeft }

    /// Whether a non-blocking pipe still has a writer. What was written to it is discarded.
    package static func state(ofPipe descriptor: CInt) -> PipeState {
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count <= 0 { return count == 0 ? .noWriterLeft : .open }
        }
    }

    /// Writes a byte that says nothing to a pipe, which wakes whoever waits for one. What cannot be written is lost.
    package static func wake(pipe descriptor: CInt) {
        var byte: UInt8 = 0
        _ = write(descriptor, &byte, 1)
    }

    /// Reads what is in a pipe that does not block. Does not allocate.
    ///
    /// - Returns: how many bytes there were, 0 if it has no writer left; `nil` if there was nothing.
    package static func take(fromPipe descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = CLinux.read(descriptor, buffer.baseAddress, buffer.count)
        return count >= 0 ? count : nil
    }

    /// Waits until a pipe has no writer left; what was written to it is discarded.
    package static func waitForEnd(ofPipe descriptor: CInt) {
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count == 0 || (count < 0 && errno != EINTR) { return }
        }
    }

    /// Writes bytes to standard error if it accepts them within a time. What it does not accept is lost.
    ///
    /// A full pipe or a stopped terminal would otherwise block the caller for ever. Does not allocate.
    package static func writeError(_ bytes: UnsafeRawBufferPointer, waitingMilliseconds limit: CInt) {
        var request = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, limit) == 1, request.revents & Int16(POLLOUT) != 0 else { return }
        // At most PIPE_BUF bytes are written here, which a pipe that is ready accepts in one piece.
        _ = write(2, bytes.baseAddress, bytes.count)
    }
}

/// Reading directories without allocating memory.
enum DirectoryEntries {
    /// Calls `body` with each entry whose name is a number.
    ///
    /// - Parameters:
    ///   - directory: an open directory, read from its current position.
    ///   - buffer: memory to read into, aligned to 8 bytes.
    ///   - body: is called with each number.
    static func forEachNumber(in directory: CInt, buffer: UnsafeMutableRawBufferPointer, _ body: (Int32) -> Void) {
        var failures = 0
        while failures < 3 {
            let count = linux_directory_entries(directory, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count < 0 {
                failures += 1
                continue
            }
            var offset = 0
            while offset < count {
                var (length, type) = (0, CInt(0))
                let name = linux_directory_entry(buffer.baseAddress, offset, &length, &type)
                if let name, let number = number(name) { body(number) }
                // The kernel never returns an empty entry, but the loop would never end on one.
                if length == 0 { return }
                offset += length
            }
        }
    }

    private static func number(_ name: UnsafePointer<CChar>) -> Int32? {
        var value: Int32 = 0
        var position = name
        repeat {
            let digit = Int32(position.pointee) - 48
            guard (0...9).contains(digit), value < 100_000_000 else { return nil }
            value = value * 10 + digit
            position += 1
        } while position.pointee != 0
        return value
    }
}
