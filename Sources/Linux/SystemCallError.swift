private import CLinux

/// A system call that failed: the call, its path if it has one, and the error number.
package struct SystemCallError: Error, Equatable, Sendable {
    /// The call's name as in section 2 of the manual, such as `mkdirat`.
    package let call: String
    /// The path that was passed to the call, if any.
    package let path: FilePath?
    /// The error number that the kernel returned.
    package let errno: Errno

    package init(call: String, path: FilePath? = nil, errno: Errno) {
        self.call = call
        self.path = path
        self.errno = errno
    }

    /// The error in words, in lower case for use inside a message: `permission denied`.
    package var reason: String {
        let text = errno.description
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// The call and the error's symbol, as manual pages write them: `mkdirat EACCES`.
    package var symbol: String { "\(call) \(errno.name)" }
}

extension Errno {
    /// The symbolic name, such as `EACCES`, or the number if the C library does not know the error.
    package var name: String {
        guard let name = linux_error_name(rawValue) else { return "errno \(rawValue)" }
        return String(cString: name)
    }
}

/// Makes a system call, repeats it if it is interrupted, and turns a result of -1 into a typed error.
///
/// - Parameters:
///   - call: the name for the error.
///   - path: the path for the error, only evaluated if there is one.
///   - body: the call; it returns -1 and sets `errno` on failure.
/// - Returns: the result of the call.
/// - Throws: the error number, read before anything else can change it. EINTR is never thrown, because the call is
///   repeated. ESTALE is thrown only if it keeps coming back: when another client of a file server replaces what a path
///   leads to, the kernel only looks it up again once, and many clients may do so at once.
@discardableResult
func systemCall<Result: SignedInteger>(
    _ call: String, _ path: @autoclosure () -> FilePath? = nil, _ body: () -> Result
) throws(SystemCallError) -> Result {
    var staleRounds = 8
    while true {
        let result = body()
        if result != -1 { return result }
        let number = Linux.errno
        if number == ESTALE && staleRounds > 0 {
            staleRounds -= 1
            continue
        }
        if number != EINTR { throw SystemCallError(call: call, path: path(), errno: Errno(rawValue: number)) }
    }
}
