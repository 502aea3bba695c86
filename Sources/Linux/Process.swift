private import CLinux

/// The calling process: its directory, umask, signals and program.
package enum CurrentProcess {
    /// The process id.
    package static var id: Int32 { getpid() }

    /// Sets the umask.
    ///
    /// - Returns: the previous umask.
    @discardableResult
    package static func setUmask(_ mask: ModeBits) -> ModeBits { ModeBits(rawValue: umask(mask.rawValue)) }

    /// Changes the working directory.
    ///
    /// - Throws: the error of chdir(2).
    package static func changeDirectory(to path: FilePath) throws(SystemCallError) {
        try systemCall("chdir", path) { path.withPlatformString { chdir($0) } }
    }

    /// Whether the working directory can be used: it still exists, and the process may look for names in it.
    package static var canEnterDirectory: Bool { chdir(".") == 0 && access(".", X_OK) == 0 }

    /// The working directory; `/` if it cannot be determined.
    package static var directory: String {
        guard let name = getcwd(nil, 0) else { return "/" }
        defer { free(name) }
        return String(cString: name)
    }

    /// Replaces the program; returns only when that fails.
    ///
    /// - Parameters:
    ///   - path: the program's file.
    ///   - arguments: its arguments, beginning with its own name.
    ///   - environment: the entries of its environment.
    /// - Returns: the error of execve(2).
    package static func execute(
        _ path: FilePath, arguments: [CString], environment: [CString]
    ) -> SystemCallError {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { $0.pointer }
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { $0.pointer }
        argv.append(nil)
        envp.append(nil)
        path.withPlatformString { _ = execve($0, argv, envp) }
        return SystemCallError(call: "execve", path: path, errno: Errno(rawValue: Linux.errno))
    }

    /// Ends the process immediately.
    package static func exit(_ code: Int32) -> Never { CLinux._exit(code) }

    /// The signals that a failed write(2) sends: SIGPIPE for a pipe that nobody reads, SIGXFSZ for a file beyond
    /// RLIMIT_FSIZE. If they are ignored, the call returns EPIPE or EFBIG instead.
    private static let writeSignals = [SIGPIPE, SIGXFSZ]

    /// The actions of these signals when the process started.
    package struct WriteSignals: Sendable {
        fileprivate let ignored: [CInt]
    }

    /// Makes a failed write an error that does not end the process.
    ///
    /// - Returns: the previous actions, for ``restore(_:)``.
    package static func ignoreWriteSignals() -> WriteSignals {
        WriteSignals(
            ignored: writeSignals.filter { number in
                unsafeBitCast(signal(number, linux_SIG_IGN()), to: Int.self)
                    == unsafeBitCast(linux_SIG_IGN(), to: Int.self)
            })
    }

    /// Restores the signals of a failed write, for the program that takes over.
    package static func restore(_ signals: WriteSignals) {
        for number in writeSignals where !signals.ignored.contains(number) { signal(number, linux_SIG_DFL()) }
    }
}
