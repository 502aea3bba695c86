import Init
import Linux
import Programs
import Session
import Testing

@testable import Boot

struct BootErrorTests {
    private static let denied = SystemCallError(call: "mkdirat", path: "/s", errno: .permissionDenied)
    private static let readOnly = SystemCallError(call: "mkdirat", path: "/s", errno: .readOnlyFileSystem)
    private static let cannotOpen = SystemCallError(call: "openat2", path: "/s", errno: .permissionDenied)

    @Test(
        arguments: [
            (BootError(.filesFailed, "cannot do it"), "cannot do it"),
            (BootError(.filesFailed, "cannot do it", reason: "it is done"), "cannot do it: it is done"),
            (BootError(.filesFailed, "cannot do it", remedy: "do another"), "cannot do it; do another"),
            (
                BootError(.filesFailed, "cannot create /s", attempts: [Attempt(as: "", denied)]),
                "cannot create /s: permission denied (mkdirat EACCES)"
            ),
            (
                BootError(.filesFailed, "cannot create /s", attempts: [Attempt(as: "user 1:2", denied)], remedy: "ask"),
                "cannot create /s: permission denied (mkdirat EACCES as user 1:2); ask"
            ),
            (
                BootError(
                    .filesFailed, "cannot create /s",
                    attempts: [Attempt(as: "user 1:2", denied), Attempt(as: "seed 3:2", denied)]),
                "cannot create /s: permission denied (mkdirat EACCES as user 1:2, as seed 3:2)"
            ),
            (
                BootError(
                    .filesFailed, "cannot create /s",
                    attempts: [Attempt(as: "user 1:2", denied), Attempt(as: "seed 3:2", readOnly)]),
                "cannot create /s: read-only file system (mkdirat EACCES as user 1:2, mkdirat EROFS as seed 3:2)"
            ),
            (
                BootError(
                    .filesFailed, "cannot create /s",
                    attempts: [Attempt(as: "user 1:2", cannotOpen), Attempt(as: "seed 3:2", denied)]),
                "cannot create /s: permission denied (openat2 EACCES as user 1:2, mkdirat EACCES as seed 3:2)"
            ),
            (
                BootError(
                    .filesFailed, "cannot create /s", reason: "it moved", attempts: [Attempt(as: "user 1:2", denied)]),
                "cannot create /s: it moved (mkdirat EACCES as user 1:2)"
            ),
        ])
    func `a message says what, why, as whom and what to do`(error: BootError, message: String) {
        #expect(error.message == message)
    }

    @Test func `what an error is decides how the program ends`() {
        #expect(BootError(.filesFailed, "x").exitCode == .boot)
        for id in MessageIdentifier.allCases {
            let expected: ExitCode =
                switch id.rawValue.prefix(while: { $0 != "." }) {
                case "command-line": .usage
                case "settings": .settings
                case "command": id == .commandNotExecutable ? .notExecutable : .notFound
                case "identity":
                    [.identityAccountConflict, .identityNotTheCaller, .identitySeedUser].contains(id)
                        ? .settings : .boot
                case "services":
                    [.servicesNeedInit, .servicesNotPolicy, .servicesNoProgram, .servicesSettings].contains(id)
                        ? .settings : .boot
                case "snapshot": id == .snapshotSettings ? .settings : .boot
                default: .boot
                }
            #expect(BootError(id, "x").exitCode == expected, "\(id)")
        }
        #expect(ExitCode.allCases.map(\.rawValue) == [64, 78, 125, 126, 127])
    }

    @Test func `an identifier is an area and a name, of plain letters`() {
        let names = MessageIdentifier.allCases.map(\.rawValue)
        for name in names { #expect(name.wholeMatch(of: /[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*/) != nil, "\(name)") }
        #expect(Set(names).count == names.count && names.contains("scratch.not-mounted"))
    }

    @Test func `what the init reports has the same names`() {
        for message in InitMessage.allCases {
            #expect("\(message.name)" == MessageIdentifier(message).rawValue)
        }
    }
}
