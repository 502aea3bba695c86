import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import Session

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
        let executable = "it must be executable for the user, and not on a mount with noexec"
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
            ("orphan", .notFound, "cannot run /bin/orphan: its interpreter /no/interpreter is not in the image"),
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
