import Linux
import Programs
import Testing

@testable import Boot

struct BootErrorTests {
    private static let denied = SystemCallError(call: "mkdirat", path: "/s", errno: .permissionDenied)
    private static let readOnly = SystemCallError(call: "mkdirat", path: "/s", errno: .readOnlyFileSystem)
    private static let cannotOpen = SystemCallError(call: "openat2", path: "/s", errno: .permissionDenied)

    @Test(
        arguments: [
            (BootError("cannot do it"), "cannot do it"),
            (BootError("cannot do it", reason: "it is done"), "cannot do it: it is done"),
            (BootError("cannot do it", remedy: "do another"), "cannot do it; do another"),
            (
                BootError("cannot create /s", attempts: [Attempt(as: "", denied)]),
                "cannot create /s: permission denied (mkdirat EACCES)"
            ),
            (
                BootError("cannot create /s", attempts: [Attempt(as: "user 1:2", denied)], remedy: "ask"),
                "cannot create /s: permission denied (mkdirat EACCES as user 1:2); ask"
            ),
            (
                BootError(
                    "cannot create /s", attempts: [Attempt(as: "user 1:2", denied), Attempt(as: "seed 3:2", denied)]),
                "cannot create /s: permission denied (mkdirat EACCES as user 1:2, as seed 3:2)"
            ),
            (
                BootError(
                    "cannot create /s", attempts: [Attempt(as: "user 1:2", denied), Attempt(as: "seed 3:2", readOnly)]),
                "cannot create /s: read-only file system (mkdirat EACCES as user 1:2, mkdirat EROFS as seed 3:2)"
            ),
            (
                BootError(
                    "cannot create /s",
                    attempts: [Attempt(as: "user 1:2", cannotOpen), Attempt(as: "seed 3:2", denied)]),
                "cannot create /s: permission denied (openat2 EACCES as user 1:2, mkdirat EACCES as seed 3:2)"
            ),
            (
                BootError("cannot create /s", reason: "it moved", attempts: [Attempt(as: "user 1:2", denied)]),
                "cannot create /s: it moved (mkdirat EACCES as user 1:2)"
            ),
        ])
    func `a message says what, why, as whom and what to do`(error: BootError, message: String) {
        #expect(error.message == message)
    }

    @Test func `a failed step ends the boot with 125 unless it says otherwise`() {
        #expect(BootError("x").exitCode == .boot)
        #expect(ExitCode.allCases.map(\.rawValue) == [64, 78, 125, 126, 127])
    }
}
