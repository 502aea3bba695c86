import CTestSupport
import Glibc
import Testing

/// Runs a body in a child process that has one thread and, where root runs it, mounts of its own, and is gone with both
/// afterwards.
///
/// Credentials and `/proc/self` are a thread's and the first thread's: what one of many threads does, `/proc/self` does
/// not tell. Only an exit test may call this: the process that forks must be idle but for the caller.
package func inProcessOfItsOwn(_ body: () throws -> Void) throws {
    let child = fork()
    if child == 0 {
        if geteuid() == 0 { #expect(test_own_mounts() == 0) }
        do {
            try body()
        } catch {
            Issue.record(error)
        }
        _exit(0)
    }
    try #require(child > 0)
    var status: CInt = -1
    waitpid(child, &status, 0)
    #expect(status == 0, "the child ended with status \(status)")
}
