import CTestSupport
import Foundation
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Boot
@testable import Session

/// The drop of privileges, in processes of their own.
@Suite(.actingAsUsers)
struct HandOverDropTests {
    private static let user = Credentials(user: 254_321, group: 83070, groups: [27, 5000])

    private static func drop(canRegain: Bool) throws -> String? {
        let start = try Privileges.current()
        do throws(BootError) {
            try PrivilegeDrop.drop(to: user, from: start, canRegain: canRegain)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func `without sudo nothing is left, and nothing can be gained`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(3, [0, 4, 12]) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(
                    found
                        == Privileges(
                            user: IDTriple(all: 254_321), group: IDTriple(all: 83070), groups: [27, 5000],
                            capabilities: CapabilitySets(
                                inheritable: 0, permitted: 0, effective: 0, bounding: 0, ambient: 0),
                            noNewPrivileges: true, secureBits: 0))
                #expect(setuid(0) == -1)
            }
        }
    }

    @Test func `with sudo only the bounding set is left`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let bounding = try Privileges.current().capabilities.bounding
                #expect(try Self.drop(canRegain: true) == nil)
                let found = try Privileges.current()
                #expect(found.user == IDTriple(all: 254_321))
                #expect(
                    found.capabilities
                        == CapabilitySets(inheritable: 0, permitted: 0, effective: 0, bounding: bounding, ambient: 0))
                #expect(!found.noNewPrivileges)
            }
        }
    }

    @Test func `inheritable and ambient capabilities go, too`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let all = try Privileges.current().capabilities.permitted
                try #require(test_set_capabilities(all, all, all, 1 << 5 | 1) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current().capabilities
                #expect(found == CapabilitySets(inheritable: 0, permitted: 0, effective: 0, bounding: 0, ambient: 0))
            }
        }
    }

    @Test func `capabilities that do not go with the user id are cleared`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                // SECBIT_NO_SETUID_FIXUP
                try #require(test_set_secure_bits(0b100) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(found.capabilities.permitted == 0 && found.capabilities.effective == 0)
                #expect(!Privileges.canRegainRoot())
            }
        }
    }

    @Test func `without CAP_SETPCAP the bounding set stays, and no_new_privs keeps it from use`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let before = try Privileges.current().capabilities
                let rest = before.permitted & ~Capability.setCapabilities.bit
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(found.capabilities.bounding == before.bounding)
                #expect(found.noNewPrivileges)
            }
        }
    }

    @Test(arguments: [(6, "setgroups"), (7, "setresuid")])
    func `a drop that is not possible is an error, and root stays root`(capability: Int, call: String) async {
        await #expect(processExitsWith: .success) { [capability, call = call as String] in
            try inProcessOfItsOwn {
                let before = try Privileges.current().capabilities.permitted
                let rest = before & ~(1 << UInt64(capability))
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                #expect(
                    try Self.drop(canRegain: false)
                        == "cannot drop privileges to 254321:83070: operation not permitted (\(call) EPERM); "
                        + "nothing was executed")
            }
        }
    }

    @Test func `a user who starts the program loses capabilities and gains none`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Privileges.become(Self.user)
                let before = try Privileges.current()
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(found.noNewPrivileges)
                #expect(found.user == before.user && found.group == before.group)
                #expect(found.capabilities.bounding == before.capabilities.bounding)
            }
        }
    }

    @Test func `a process that is not what it should be is told apart`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                // As another user than the one that is to be handed over to, who cannot become anybody.
                try Privileges.become(Credentials(user: 5, group: 6, groups: [7]))
                #expect(
                    try Self.drop(canRegain: false)
                        == "privileges are not dropped: user ids, group ids, supplementary groups; nothing was executed"
                )
            }
        }
    }

    @Test func `a way back to root is found`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Privileges.assume(Self.user)
                // What started as the user has no more to drop, but the saved id is still root's.
                #expect(
                    try Self.drop(canRegain: false)
                        == "privileges are not dropped: user ids, group ids, root can be regained; nothing was executed"
                )
            }
        }
    }
}

/// Commands that cannot be executed, as a shell would tell.
struct HandOverExecuteTests {
    private func failure(_ command: [UInt8], path: String, directory: FilePath) -> (ExitCode, String) {
        let error = CommandExecution.execute([CString(command)], environment: [string("PATH=\(path)")])
        return (error.exitCode, error.message.replacingOccurrences(of: directory.string, with: ""))
    }

    @Test func `what cannot be executed has the code and the reason of a shell`() throws {
        let site = try Site()
        try site.directory("bin")
        try site.directory("other")
        try site.directory("other/directory")
        try site.file("bin/plain", "text", 0o644)
        try site.file("bin/script", "no first line", 0o755)
        try site.file("bin/orphan", "#!/no/interpreter\n", 0o755)
        try site.file("bin/binary", "\u{7F}ELF", 0o755)
        try site.link("bin/dangling", to: "nothing")
        try site.link("bin/loop", to: "loop")
        let bin = site.at("bin").string
        let path = "/no/such:\(bin):\(site.at("bin/plain")):\(site.at("other"))"
        let shown = path.replacingOccurrences(of: site.root.string, with: "")
        let executable = "is it executable for the user, and not on a noexec mount?"
        let format = "a script needs a first line such as #!/bin/sh, and a program must be for this machine"
        let cases: [(String, ExitCode, String)] = [
            ("absent", .notFound, "cannot run absent: not found in PATH (\(shown))"),
            ("\(bin)/absent", .notFound, "cannot run /bin/absent: no such file"),
            ("\(bin)/plain/x", .notFound, "cannot run /bin/plain/x: no such file"),
            ("dangling", .notFound, "cannot run dangling: not found in PATH (\(shown))"),
            ("plain", .notExecutable, "cannot run /bin/plain: permission denied (execve EACCES); \(executable)"),
            ("\(bin)/plain", .notExecutable, "cannot run /bin/plain: permission denied (execve EACCES); \(executable)"),
            ("directory", .notFound, "cannot run directory: not found in PATH (\(shown))"),
            (bin, .notExecutable, "cannot run /bin: permission denied (execve EACCES); it is a directory"),
            ("script", .notExecutable, "cannot run /bin/script: exec format error (execve ENOEXEC); \(format)"),
            ("binary", .notExecutable, "cannot run /bin/binary: exec format error (execve ENOEXEC); \(format)"),
            ("orphan", .notFound, "cannot run /bin/orphan: its interpreter is not in the image"),
            ("", .notFound, "cannot run '': not found"),
            ("loop", .notExecutable, "cannot run /bin/loop: too many levels of symbolic links (execve ELOOP)"),
        ]
        for (command, code, message) in cases {
            let found = failure(Array(command.utf8), path: path, directory: site.root)
            #expect(found.0 == code, "\(command)")
            #expect(found.1 == message)
        }
    }

    @Test func `a path of the environment that no directory can have is passed over`() throws {
        let site = try Site()
        let long = "/" + String(repeating: "x", count: 300)
        let found = failure(Array("absent".utf8), path: "\(long):/no/such", directory: site.root)
        #expect(found.0 == .notFound)
        #expect(found.1.hasPrefix("cannot run absent: not found in PATH"))
    }

    @Test func `a name that is too long or has odd bytes is told on one line`() throws {
        let site = try Site()
        let odd = failure([0x61, 0xFF, 0x0A], path: "/no/such", directory: site.root)
        #expect(odd == (.notFound, "cannot run a\u{FFFD}\\n: not found in PATH (/no/such)"))
        let long = failure([UInt8](repeating: 0x61, count: 100_000), path: "/no/such", directory: site.root)
        #expect(long.0 == .notExecutable || long.0 == .notFound)
        #expect(long.1.utf8.count < 600)
    }

    @Test(.actingAsUsers) func `a command in a directory that the user may not enter is denied, not missing`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("closed", 0o700)
                try site.file("closed/x", "#!/bin/sh\n", 0o755)
                try Privileges.assume(Site.user)
                let named = CommandExecution.execute([string(site.at("closed/x").string)], environment: [])
                let searched = CommandExecution.execute(
                    [string("x")], environment: [string("PATH=\(site.at("closed"))")])
                try Privileges.resume(Credentials(user: 0, group: 0, groups: []))
                #expect(named.exitCode == .notExecutable)
                #expect(named.message.hasPrefix("cannot run \(site.at("closed/x")): permission denied (execve EACCES)"))
                #expect(searched.exitCode == .notFound)
            }
        }
    }
}

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
                        == ["cannot give descriptor 1 to the user: operation not permitted (fchown EPERM)"])
            }
        }
    }
}
