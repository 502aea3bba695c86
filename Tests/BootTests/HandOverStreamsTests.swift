import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import Session

/// The session's pipes.
@Suite(.actingAsUsers)
struct HandOverStreamsTests {
    @Test func `pipes become the user's, files and devices do not`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("f")
                var pipes: [CInt] = [0, 0]
                try #require(pipe(&pipes) == 0)
                dup2(open("/dev/null", O_RDWR), 0)
                dup2(pipes[1], 1)
                dup2(open(site.at("f").string, O_RDWR), 2)
                #expect(PrivilegeDrop.giveStreams(to: 254_321) == [])
                func owner(_ descriptor: CInt) -> UInt32 {
                    var status = stat()
                    return fstat(descriptor, &status) == 0 ? status.st_uid : .max
                }
                #expect(owner(0) == 0 && owner(1) == 254_321 && owner(2) == 0)
            }
        }
    }

    @Test func `what cannot be given is told and ends nothing`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                var pipes: [CInt] = [0, 0]
                try #require(pipe(&pipes) == 0)
                dup2(open("/dev/null", O_RDWR), 0)
                dup2(pipes[1], 1)
                close(2)
                try Privileges.become(Credentials(user: 5, group: 5, groups: []))
                #expect(
                    PrivilegeDrop.giveStreams(to: 254_321)
                        == [
                            Note(
                                .handoffStreams, "cannot give standard output to the user: operation not permitted",
                                detail: "fchown EPERM")
                        ])
            }
        }
    }
}
