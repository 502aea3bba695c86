private import CLinux
private import Glibc
package import SystemPackage

/// The calling process: its directory, umask, signals and program.
package enum CurrentProcess {
    /// The process id.
    package static var id: Int32 { getpid() }

    /// Sets the umask.
    ///
    /// - Returns: the umask of before.
    @discardableResult
    package static func setUmask(_ mask: ModeBits) -> ModeBits { ModeBits(rawValue: umask(mask.rawValue)) }

    /// Changes the working directory.
    ///
    /// - Throws: the error of chdir(2).
    package static func changeDirectory(to path: FilePath) throws(SystemCallError) {
        try systemCall("chdir", path) { path.withPlatformString { chdir($0) } }
    }

    /// Replaces the program; returns only when that fails.
    ///
    /// - Parameters:
    ///   - path: the program's file.
    ///   - arguments: its arguments, its own name first.
    ///   - environment: its environment's entries.
    /// - Returns: the error of execve(2).
    package static func execute(
        _ path: FilePath, arguments: [CString], environment: [CString]
    ) -> SystemCallError {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map(\.pointer)
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map(\.pointer)
        argv.append(nil)
        envp.append(nil)
        path.withPlatformString { _ = execve($0, argv, envp) }
        return SystemCallError(call: "execve", path: path, errno: Errno(rawValue: Glibc.errno))
    }

    /// Ends the process at once.
    package static func exit(_ code: Int32) -> Never { Glibc._exit(code) }

    /// How SIGPIPE was treated when the process started.
    package enum BrokenPipe: Equatable, Sendable { case ends, ignored }

    /// Sets what happens when a pipe is written that nobody reads.
    ///
    /// - Returns: the treatment of before.
    @discardableResult
    package static func setBrokenPipe(_ treatment: BrokenPipe) -> BrokenPipe {
        let previous = signal(SIGPIPE, treatment == .ignored ? SIG_IGN : SIG_DFL)
        return unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) ? .ignored : .ends
    }
}

/// Time that no clock change moves (CLOCK_MONOTONIC).
package struct Instant: Sendable {
    private let nanoseconds: Int64

    /// The present.
    package static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Microseconds from `earlier` to this.
    package func microseconds(since earlier: Instant) -> Int64 { (nanoseconds - earlier.nanoseconds) / 1000 }
}

/// The lock that programs take while they rewrite account files, lckpwdf(3).
package enum AccountLock {
    /// Takes the lock, waiting at most 15 seconds.
    ///
    /// - Throws: the error of opening or locking `/etc/.pwd.lock`; EROFS on a read-only root file system.
    package static func acquire() throws(SystemCallError) {
        try systemCall("lckpwdf", "/etc/.pwd.lock") { linux_lock_accounts() }
    }

    /// Gives the lock back.
    package static func release() { _ = linux_unlock_accounts() }
}
