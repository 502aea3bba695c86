private import CLinux

/// What becomes of a process that is to be a service: all of it is prepared before the process is made, because a process
/// that was forked from one with threads must not allocate memory (fork(2)).
package struct ServiceStart: Sendable {
    /// The files that its program may be, in order.
    package var programs: [CString]
    package let arguments: [CString]
    package let environment: [CString]
    /// Where it starts; `nil` where the caller is.
    package let directory: CString?
    package var nice: Int32?
    package var oomScore: Int32?
    package var limits: [(resource: ResourceLimit, value: UInt64)] = []
    /// The signal that it gets when the caller ends.
    package let deathSignal: Signal

    package init(
        programs: [CString], arguments: [CString], environment: [CString], directory: CString?, deathSignal: Signal
    ) {
        self.programs = programs
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.deathSignal = deathSignal
    }

    /// What could not be done before the program ran.
    package enum Step: Sendable {
        case session, streams, directory, nice, oomScore, limit, execute
    }

    /// What is known of a process that was started.
    package enum Report: Sendable {
        /// It is not the program yet.
        case pending
        case executed
        case failed(Step, Errno)
    }

    /// Makes the process, which leads a session of its own.
    ///
    /// - Parameters:
    ///   - input: its standard input.
    ///   - output: its standard output, and its standard error where that is no other.
    ///   - errors: its standard error.
    ///   - ready: a pipe, and the number that it has there.
    /// - Returns: the process, and the descriptor for ``report(from:)``, which does not block.
    /// - Throws: the error of pipe(2) or fork(2).
    package func start(
        input: CInt, output: CInt, errors: CInt? = nil, ready: (source: CInt, target: CInt)?
    ) throws(SystemCallError) -> (process: Int32, report: CInt) {
        let pipe = try OpenFiles.makeReadPipe()
        var writing = pipe.writing
        defer { OpenFiles.close(writing) }
        if writing == ready?.target {
            // The number is about to be another file's.
            let moved = fcntl(writing, F_DUPFD_CLOEXEC, 64)
            OpenFiles.close(writing)
            writing = moved
        }
        let process = fork(streams: [input, output, errors ?? output], report: writing, ready: ready)
        if process > 0 { return (process, pipe.reading) }
        let error = Errno(rawValue: Linux.errno)
        OpenFiles.close(pipe.reading)
        throw SystemCallError(call: "fork", errno: error)
    }

    private func fork(streams: [CInt], report: CInt, ready: (source: CInt, target: CInt)?) -> Int32 {
        let programs: [UnsafePointer<CChar>?] = self.programs.map { UnsafePointer($0.pointer) } + [nil]
        let arguments: [UnsafeMutablePointer<CChar>?] = self.arguments.map { $0.pointer } + [nil]
        let environment: [UnsafeMutablePointer<CChar>?] = self.environment.map { $0.pointer } + [nil]
        let limits = self.limits.map { linux_service_limit(resource: $0.resource.resource, value: $0.value) }
        return programs.withUnsafeBufferPointer { programs in
            arguments.withUnsafeBufferPointer { arguments in
                environment.withUnsafeBufferPointer { environment in
                    limits.withUnsafeBufferPointer { limits in
                        var start = linux_service_start()
                        start.programs = programs.baseAddress
                        start.arguments = arguments.baseAddress
                        start.environment = environment.baseAddress
                        start.directory = directory.map { UnsafePointer($0.pointer) }
                        (start.input, start.output, start.errors) = (streams[0], streams[1], streams[2])
                        start.report = report
                        (start.ready_source, start.ready_target) = (ready?.source ?? -1, ready?.target ?? -1)
                        (start.has_nice, start.nice) = (nice != nil, nice ?? 0)
                        (start.has_oom_score, start.oom_score) = (oomScore != nil, oomScore ?? 0)
                        (start.limits, start.limit_count) = (limits.baseAddress, limits.count)
                        (start.death_signal, start.keeper) = (deathSignal.rawValue, getpid())
                        return linux_start_service(&start)
                    }
                }
            }
        }
    }

    /// What has become of a process.
    ///
    /// - Parameter descriptor: as ``start(input:output:ready:)`` has returned it.
    package static func report(from descriptor: CInt) -> Report {
        var failure = linux_service_failure()
        let count = read(descriptor, &failure, MemoryLayout<linux_service_failure>.size)
        if count == 0 { return .executed }
        guard count == MemoryLayout<linux_service_failure>.size else {
            return count < 0 && (Linux.errno == EAGAIN || Linux.errno == EINTR) ? .pending : .executed
        }
        let steps: [Step] = [.session, .streams, .directory, .nice, .oomScore, .limit, .execute]
        let step = steps.indices.contains(Int(failure.step)) ? steps[Int(failure.step)] : .execute
        return .failed(step, Errno(rawValue: failure.number))
    }
}

extension Children {
    /// Waits for one child without blocking.
    ///
    /// - Returns: how it has ended; `nil` where it has not.
    package static func reap(_ process: Int32) -> ProcessEnd? {
        var status: CInt = 0
        guard linux_reap(process, &status) == 1 else { return nil }
        return linux_signaled(status)
            ? .signaled(Signal(rawValue: linux_term_signal(status))) : .exited(linux_exit_status(status))
    }
}

extension CurrentProcess {
    /// Gives unused memory back to the kernel (malloc_trim(3)).
    package static func trimMemory() { linux_trim_memory() }
}

extension OpenFiles {
    /// Lets no descriptor above the standard streams reach another program.
    package static func closeAllOnExec() { linux_close_all_on_exec() }

    /// Lets no call wait for a descriptor.
    ///
    /// - Throws: the error of fcntl(2).
    package static func setNonBlocking(_ descriptor: CInt) throws(SystemCallError) {
        try systemCall("fcntl") { fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    /// A pipe whose reading end does not block.
    ///
    /// - Throws: the error of pipe2(2) or fcntl(2).
    package static func makeReadPipe() throws(SystemCallError) -> (reading: CInt, writing: CInt) {
        let pipe = try makePipe()
        do throws(SystemCallError) {
            try setNonBlocking(pipe.reading)
        } catch {
            close(pipe.reading)
            close(pipe.writing)
            throw error
        }
        return pipe
    }

    /// Reads what there is.
    ///
    /// - Returns: the number of bytes; 0 at the end, and `nil` where there is nothing yet, or an error.
    package static func readSome(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        while true {
            let count = CLinux.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if Linux.errno != EINTR { return nil }
        }
    }

    /// Writes bytes in one call, as far as the descriptor accepts them.
    ///
    /// - Returns: whether all of them were written.
    @discardableResult
    package static func writeOnce(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        while true {
            let count = bytes.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 || Linux.errno != EINTR { return count == bytes.count }
        }
    }

    /// The null device, for writing.
    ///
    /// - Throws: the error of open(2); ENODEV where something else is in its place.
    package static func nullDevice() throws(SystemCallError) -> CInt {
        try systemCall("open", "/dev/null") { linux_null_device() }
    }
}

extension OpenFiles {
    /// Reads all of a file from its beginning.
    ///
    /// - Parameter limit: the most bytes that are read.
    /// - Throws: the error of read(2); EFBIG for a file that is longer.
    package static func readAll(_ descriptor: CInt, limit: Int) throws(SystemCallError) -> [UInt8] {
        _ = lseek(descriptor, 0, SEEK_SET)
        var bytes: [UInt8] = []
        while true {
            var failure: SystemCallError?
            let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
                do throws(SystemCallError) {
                    count = try systemCall("read") { CLinux.read(descriptor, buffer.baseAddress, 65536) }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            if chunk.isEmpty { return bytes }
            bytes += chunk
            if bytes.count > limit { throw SystemCallError(call: "read", errno: Errno(rawValue: EFBIG)) }
        }
    }

    /// Whether a number is that of an open file.
    package static func isOpen(_ descriptor: CInt) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

    /// Removes a name; whether there was one does not matter.
    package static func remove(_ path: String) { _ = unlink(path) }
}

extension Children {
    /// The result of a look for children that have ended and were not waited for.
    package enum Look: Sendable {
        case ended(Int32)
        case none
        case childless
        case failed
    }

    /// Looks for a child that has ended, without waiting for it: its number remains its own (waitid(2), WNOWAIT).
    package static func look() -> Look {
        let process = linux_ended_child()
        if process > 0 { return .ended(process) }
        if process == 0 { return .none }
        return Linux.errno == ECHILD ? .childless : .failed
    }
}
