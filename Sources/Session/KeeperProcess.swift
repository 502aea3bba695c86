internal import Boot
internal import Init
internal import Linux
internal import Programs
internal import Text

/// The process that supervises services: `entrypointctl services run`, as a child of the init.
struct KeeperProcess {
    /// The program.
    let program: FilePath
    let arguments: [CString]
    let environment: [CString]
    /// Where it starts.
    let directory: FilePath
    let umask: ModeBits
    /// Whether its death ends the container.
    let endsContainer: Bool

    /// The numbers of the descriptors that it finds.
    enum Number {
        static var status: CInt { 3 }
        static var stopRequest: CInt { 4 }
        static var secrets: CInt { 5 }
    }

    /// Starts it, in two steps: a process that has no parent left becomes a child of the init.
    ///
    /// - Parameters:
    ///   - initHandle: learns its id.
    ///   - stopRequest: the writing end of the pipe to the init.
    ///   - secrets: `NAME=value` entries that end with NUL; empty for none.
    ///   - prepare: restores what the boot has changed for itself; called in the new process.
    /// - Returns: the reading end of a pipe for what it says of its start.
    /// - Throws: the error of pipe2(2), fork(2), memfd_create(2) or pwrite(2).
    func start(
        _ initHandle: InitHandle, stopRequest: CInt, secrets: [UInt8], prepare: () -> Void
    ) throws(SystemCallError) -> Descriptor {
        let status = try OpenFiles.makePipe()
        let reading = Descriptor(owning: status.reading)
        let writing = Descriptor(owning: status.writing)
        let file = try Descriptor.inMemory("secrets")
        // The position stays at the start, where the keeper reads.
        try file.writeAll(secrets, at: 0)
        switch try Children.fork() {
        case .child:
            switch try? Children.fork() {
            case .child:
                prepare()
                become(status: writing.rawValue, stopRequest: stopRequest, secrets: file.rawValue)
            case .parent(let keeper):
                // The init must know its new child before this process ends.
                initHandle.add(keeper: keeper, endsContainer: endsContainer)
                CurrentProcess.exit(0)
            case nil: CurrentProcess.exit(1)
            }
        case .parent(let middle):
            guard Children.end(of: middle) == .exited(0) else {
                throw SystemCallError(call: "fork", errno: .wouldBlock)
            }
        }
        return reading
    }

    /// The new process, which becomes the keeper or says why it has not.
    private func become(status: CInt, stopRequest: CInt, secrets: CInt) -> Never {
        do throws(SystemCallError) {
            try Children.makeSession()
            // An empty pipe: the pod may have mounted anything in the place of the null device.
            let input = try OpenFiles.makePipe()
            OpenFiles.close(input.writing)
            let places = [
                (input.reading, 0), (status, Number.status), (stopRequest, Number.stopRequest),
                (secrets, Number.secrets),
            ]
            var moved: [(from: CInt, to: CInt)] = []
            // Out of the way of the numbers that are given next.
            for (descriptor, number) in places {
                moved.append((try OpenFiles.duplicate(descriptor, atLeast: 16), number))
            }
            for (descriptor, number) in moved { try OpenFiles.place(descriptor, at: number) }
            OpenFiles.closeAll(above: Number.secrets)
            CurrentProcess.setUmask(umask)
            try CurrentProcess.changeDirectory(to: directory)
            for number in 1...Signal.highest { Signals.setIgnored(Signal(rawValue: number), false) }
            Signals.setMask(.none)
            throw CurrentProcess.execute(program, arguments: arguments, environment: environment)
        } catch {
            let text = "failed \(ExitCode.boot.rawValue) cannot run \(program.shown()): \(error.reason)\n"
            try? Descriptor(owning: Number.status).writeAll(Array(text.utf8))
            CurrentProcess.exit(ExitCode.boot.rawValue)
        }
    }
}
