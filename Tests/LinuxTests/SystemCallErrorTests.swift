import Glibc
import Testing

@testable import Linux

struct SystemCallErrorTests {
    @Test(
        arguments: [
            (Errno.permissionDenied, "permission denied", "mkdirat EACCES"),
            (.noSuchFileOrDirectory, "no such file or directory", "mkdirat ENOENT"),
            (.readOnlyFileSystem, "read-only file system", "mkdirat EROFS"),
            (.tooManySymbolicLinkLevels, "too many levels of symbolic links", "mkdirat ELOOP"),
            (.notSupported, "operation not supported", "mkdirat EOPNOTSUPP"),
            (.wouldBlock, "resource temporarily unavailable", "mkdirat EAGAIN"),
            (Errno(rawValue: 9999), "unknown error 9999", "mkdirat errno 9999"),
        ] as [(Errno, String, String)])
    func `an error has its reason in words and its symbol`(errno: Errno, reason: String, symbol: String) {
        let error = SystemCallError(call: "mkdirat", path: "/x", errno: errno)
        #expect(error.reason == reason)
        #expect(error.symbol == symbol)
    }

    @Test func `an interrupted call is made again`() throws {
        var calls = 0
        let result = try systemCall("read") {
            calls += 1
            Glibc.errno = EINTR
            return calls < 3 ? -1 : 7
        }
        #expect(result == 7)
        #expect(calls == 3)
    }

    @Test func `a failed call is one error with its name, path and number`() {
        let error = SystemCallError.of { () throws(SystemCallError) in
            try systemCall("openat", "/a/b") { () -> CInt in
                Glibc.errno = EXDEV
                return -1 as CInt
            }
        }
        #expect(error == SystemCallError(call: "openat", path: "/a/b", errno: .improperLink))
    }
}
