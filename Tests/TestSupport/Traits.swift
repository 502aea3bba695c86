import Foundation
import Glibc
package import Testing

/// What this run of the tests may use.
package enum TestRun {
    /// Whether containers can be used: not with `scripts/test --fast`.
    package static let hasContainers = ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_FAST"] == nil
}

extension Trait where Self == ConditionTrait {
    /// For tests that use containers or change the machine: `scripts/test --fast` leaves them out.
    package static var containers: Self {
        .enabled(if: TestRun.hasContainers, "scripts/test --fast leaves containers out")
    }

    /// For tests that act as root and as others: `scripts/test --fast` leaves them out where it is not run by root.
    package static var actingAsUsers: Self {
        .enabled(if: geteuid() == 0 || TestRun.hasContainers, "scripts/test --fast needs no root")
    }
}
