import Foundation
import Glibc
import Linux
import TestSupport
import Testing
import Text

@testable import Boot
@testable import Session

/// The reason for Kubernetes.
@Suite(.actingAsUsers)
struct TerminationLogTests {
    @Test func `the reason replaces what was there`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("dev")
                try site.file("dev/termination-log", "a long reason of an earlier end\n", 0o666)
                TerminationLog.write("short\ntwo", in: FileTree(root: site.root))
                #expect(site.content("dev/termination-log") == "short\ntwo\n")
            }
        }
    }

    @Test func `nothing is made or followed for it`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                // Other tests, which run beside it, may have another.
                umask(0o022)
                let tree = FileTree(root: site.root)
                TerminationLog.write("reason", in: tree)
                try site.directory("dev")
                TerminationLog.write("reason", in: tree)
                try site.file("precious", "keep")
                try site.link("dev/termination-log", to: "../precious")
                TerminationLog.write("reason", in: tree)
                try #require(unlink(site.at("dev/termination-log").string) == 0)
                try #require(mkfifo(site.at("dev/termination-log").string, 0o666) == 0)
                TerminationLog.write("reason", in: tree)
                expectSame(
                    try site.listing(),
                    "dev 0755 0:0 /\ndev/termination-log 0644 0:0 a named pipe\nprecious 0644 0:0 'keep'")
            }
        }
    }
}
