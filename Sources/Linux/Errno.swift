private import CLinux

/// The number of an error, as the C library has it in `errno` after a call that failed (errno(3)).
///
/// The names stand for the numbers of Linux. Any other number is an error without a name here.
package struct Errno: RawRepresentable, Error, Hashable, Sendable {
    /// The number: positive for an error, and 0 for none.
    package let rawValue: CInt

    /// An error by its number.
    ///
    /// - Parameter rawValue: the number. Every number is accepted, because a newer kernel may have further ones.
    package init(rawValue: CInt) { self.rawValue = rawValue }
}

extension Errno: CustomStringConvertible {
    /// The error in words, such as `Permission denied` (strerror(3)), and `Unknown error 9999` for an unknown number.
    ///
    /// The words are English, because the program never sets a locale.
    package var description: String {
        // The pointer is never null, which its C type cannot say.
        strerror(rawValue).map { String(cString: $0) } ?? ""
    }
}

// What a process may not do.
extension Errno {
    /// The operation needs a privilege (EPERM).
    package static var notPermitted: Errno { Errno(rawValue: EPERM) }

    /// The permissions of a file or of a directory above it forbid the access (EACCES).
    package static var permissionDenied: Errno { Errno(rawValue: EACCES) }

    /// The file system is mounted read-only (EROFS).
    package static var readOnlyFileSystem: Errno { Errno(rawValue: EROFS) }
}

// What a path leads to.
extension Errno {
    /// A component of the path is missing, or a link leads to nothing (ENOENT).
    package static var noSuchFileOrDirectory: Errno { Errno(rawValue: ENOENT) }

    /// The entry is already there (EEXIST).
    package static var fileExists: Errno { Errno(rawValue: EEXIST) }

    /// Something other than a directory is where a directory is needed (ENOTDIR).
    package static var notDirectory: Errno { Errno(rawValue: ENOTDIR) }

    /// A directory is where none may be (EISDIR).
    package static var isDirectory: Errno { Errno(rawValue: EISDIR) }

    /// The directory still has entries (ENOTEMPTY).
    package static var directoryNotEmpty: Errno { Errno(rawValue: ENOTEMPTY) }

    /// A name has more than 255 bytes, or a path more than 4095 (ENAMETOOLONG).
    package static var fileNameTooLong: Errno { Errno(rawValue: ENAMETOOLONG) }

    /// More than 40 links had to be followed, or a link is where none may be (ELOOP).
    package static var tooManySymbolicLinkLevels: Errno { Errno(rawValue: ELOOP) }

    /// The two places are on different mounts (EXDEV).
    package static var improperLink: Errno { Errno(rawValue: EXDEV) }

    /// The file system does not accept the bytes of a name (EILSEQ).
    package static var illegalByteSequence: Errno { Errno(rawValue: EILSEQ) }

    /// The file server no longer has the file (ESTALE).
    package static var staleNFSFileHandle: Errno { Errno(rawValue: ESTALE) }
}

// What a file or its file system can hold.
extension Errno {
    /// The file system is full (ENOSPC).
    package static var noSpace: Errno { Errno(rawValue: ENOSPC) }

    /// The user or the group has used up its share of the file system (EDQUOT).
    package static var diskQuotaExceeded: Errno { Errno(rawValue: EDQUOT) }

    /// The file would be larger than its file system or the limit of the process allows (EFBIG).
    package static var fileTooLarge: Errno { Errno(rawValue: EFBIG) }

    /// The device failed to read or to write (EIO).
    package static var ioError: Errno { Errno(rawValue: EIO) }

    /// There is not enough memory (ENOMEM).
    package static var noMemory: Errno { Errno(rawValue: ENOMEM) }
}

// What a call can do.
extension Errno {
    /// An argument has no meaning here (EINVAL).
    package static var invalidArgument: Errno { Errno(rawValue: EINVAL) }

    /// The kernel does not have the system call, or a filter hides it (ENOSYS).
    package static var noFunction: Errno { Errno(rawValue: ENOSYS) }

    /// The file system or the device does not have the operation (ENOTSUP, which is EOPNOTSUPP on Linux).
    package static var notSupported: Errno { Errno(rawValue: ENOTSUP) }

    /// The kernel cannot run the file as a program (ENOEXEC).
    package static var execFormatError: Errno { Errno(rawValue: ENOEXEC) }

    /// The file, the directory or the device is in use (EBUSY).
    package static var resourceBusy: Errno { Errno(rawValue: EBUSY) }

    /// The number stands for no open file, or for one that is not open for the operation (EBADF).
    package static var badFileDescriptor: Errno { Errno(rawValue: EBADF) }

    /// The call would have to wait, which it was told not to do (EWOULDBLOCK, which is EAGAIN on Linux).
    package static var wouldBlock: Errno { Errno(rawValue: EWOULDBLOCK) }

    /// A signal interrupted the call (EINTR).
    package static var interrupted: Errno { Errno(rawValue: EINTR) }

    /// A connection was not answered in time (ETIMEDOUT).
    package static var timedOut: Errno { Errno(rawValue: ETIMEDOUT) }

    /// Nobody listens at a socket any more (ECONNREFUSED).
    package static var connectionRefused: Errno { Errno(rawValue: ECONNREFUSED) }
}
