private import CLinux

/// The lock that programs take while they rewrite account files, lckpwdf(3).
package enum AccountLock {
    /// The file that is locked.
    package static let path: FilePath = "/etc/.pwd.lock"

    /// Takes the lock, waiting at most 15 seconds.
    ///
    /// - Throws: the error of opening or locking ``path``; EROFS on a read-only root file system, EINTR when
    ///   another program kept the lock.
    package static func acquire() throws(SystemCallError) {
        // The call is not repeated on EINTR, because the C library reports the end of the time with it.
        guard linux_lock_accounts() != 0 else { return }
        throw SystemCallError(call: "lckpwdf", path: path, errno: Errno(rawValue: Linux.errno))
    }

    /// Releases the lock.
    package static func release() { _ = linux_unlock_accounts() }
}
