import Foundation
import Glibc
import Linux
import TestSupport
import Testing

struct AccountLockTests {
    @Test(.actingAsUsers) func `the lock is taken and given back`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(mount("none", "/etc", "tmpfs", 0, nil) == 0)
                try AccountLock.acquire()
                #expect(try FileTree().status("/etc/.pwd.lock", links: .refuse)?.mode == 0o600)
                AccountLock.release()
                try AccountLock.acquire()
                AccountLock.release()
            }
        }
    }

    @Test(.actingAsUsers) func `there is no lock where nothing can be written`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(mount("none", "/etc", "tmpfs", UInt(MS_RDONLY), nil) == 0)
                let error = SystemCallError.of { () throws(SystemCallError) in try AccountLock.acquire() }
                #expect(error == SystemCallError(call: "lckpwdf", path: "/etc/.pwd.lock", errno: .readOnlyFileSystem))
            }
        }
    }
}
