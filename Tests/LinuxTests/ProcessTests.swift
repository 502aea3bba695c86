import Foundation
import Glibc
import Linux
import TestSupport
import Testing

struct ProcessTests {
    @Test func `arguments and environment reach the next program byte for byte`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let output = directory.path.appending("output")
            // Executes cat, which tells how it was started. Arguments that it cannot open do no harm.
            let arguments: [[UInt8]] = [
                Array("cat".utf8), Array("/proc/self/cmdline".utf8), Array("/proc/self/environ".utf8), [0x63],
                [0xFF, 0x27, 0x0A], [], [0xC3],
            ]
            let environment: [[UInt8]] = [[0x41, 0x3D, 0xFE], [0x41, 0x3D, 0x62], [0x6E, 0x6F, 0x6E, 0x65], [0x3D]]
            let child = fork()
            if child == 0 {
                dup2(open(output.string, O_WRONLY | O_CREAT, 0o600), 1)
                close(2)
                let error = CurrentProcess.execute(
                    "/bin/cat", arguments: arguments.map { CString($0) }, environment: environment.map { CString($0) })
                Issue.record(error)
                _exit(1)
            }
            waitpid(child, nil, 0)
            let words: [UInt8] = (arguments + environment).flatMap { $0 + [0] }
            #expect(try FileTree().read(output) == words)
        }
    }

    @Test func `a program that cannot be executed is an error with its path`() throws {
        try withTemporaryDirectory { directory in
            let plain = directory.appending("plain")
            try makeFile(plain, Array("text".utf8), mode: 0o644)
            let script = directory.appending("script")
            try makeFile(script, Array("no first line".utf8), mode: 0o755)
            let orphan = directory.appending("orphan")
            try makeFile(orphan, Array("#!/no/such/interpreter\n".utf8), mode: 0o755)
            let cases: [(FilePath, Errno)] = [
                (directory.appending("absent"), .noSuchFileOrDirectory), (plain, .permissionDenied),
                (directory, .permissionDenied), (script, .execFormatError), (orphan, .noSuchFileOrDirectory),
                (plain.appending("x"), .notDirectory),
            ]
            for (path, errno) in cases {
                let error = CurrentProcess.execute(path, arguments: [CString([0x78])], environment: [])
                #expect(error == SystemCallError(call: "execve", path: path, errno: errno))
            }
        }
    }

    @Test func `the working directory and the umask are set`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryDirectory { directory in
                try CurrentProcess.changeDirectory(to: directory)
                let current = FileManager.default.currentDirectoryPath
                #expect(current == directory.string)
                umask(0o022)
                #expect(CurrentProcess.setUmask(0o007) == 0o022)
                #expect(umask(0) == 0o007)
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try CurrentProcess.changeDirectory(to: directory.appending("absent"))
                }
                #expect(error?.symbol == "chdir ENOENT")
            }
        }
    }

    @Test func `the signals of failed writes are restored as they were`() async {
        await #expect(processExitsWith: .success) {
            func isIgnored(_ number: CInt) -> Bool {
                var action = sigaction()
                sigaction(number, nil, &action)
                return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                    == unsafeBitCast(SIG_IGN, to: Int.self)
            }
            signal(SIGPIPE, SIG_DFL)
            signal(SIGXFSZ, SIG_IGN)
            let before = CurrentProcess.ignoreWriteSignals()
            #expect(isIgnored(SIGPIPE) && isIgnored(SIGXFSZ))
            CurrentProcess.restore(before)
            #expect(!isIgnored(SIGPIPE) && isIgnored(SIGXFSZ))
        }
    }
}
