import Foundation
import Glibc
import Linux
import TestSupport
import Testing
import Text
import UserSide

/// Files that commands are asked to write.
struct ResultFileTests {
    private static let bytes = Array("new\n".utf8)

    @Test func `a file is made, and replaced as a whole`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.string + "/report.svg"
            try ResultFile.write(Self.bytes, to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new\n")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect((mode ?? 0o777) & 0o137 == 0)
            // Whoever has the old one open keeps it.
            let old = try FileHandle(forReadingFrom: URL(filePath: path))
            try ResultFile.write(Array("newer\n".utf8), to: path)
            #expect(try old.readToEnd() == Data(Self.bytes))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.string) == ["report.svg"])
        }
    }

    /// What stands in the place of the file, by a command of the shell, and what is told.
    static let obstacles: [(command: String, told: String)] = [
        ("mkdir report", "it is a directory, and only a file is replaced"),
        ("ln -s target report", "it is a symbolic link, and only a file is replaced"),
        ("ln -s /nowhere report", "it is a symbolic link, and only a file is replaced"),
        ("mkfifo report", "it is a named pipe, and only a file is replaced"),
    ]

    @Test(arguments: obstacles.indices) func `nothing but a file is replaced`(index: Int) throws {
        let (command, told) = Self.obstacles[index]
        try withTemporaryDirectory { directory in
            let made = try Program(["/bin/sh", "-c", "cd \(directory.string) && echo old >target && \(command)"]).run()
            #expect(made.exitCode == 0, "\(made)")
            let path = directory.string + "/report"
            #expect(throws: FormatError("cannot write \(path): \(told)")) {
                try ResultFile.write(Self.bytes, to: path)
            }
            #expect(try String(contentsOfFile: directory.string + "/target", encoding: .utf8) == "old\n")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted() == ["report", "target"])
        }
    }

    @Test(
        arguments: [
            ("", "cannot write '': the path of a file is expected"),
            ("/", "cannot write /: the path of a file is expected"),
            ("a/", "cannot write a/: the path of a file is expected"),
            ("..", "cannot write ..: the path of a file is expected"),
            ("/nowhere/a", "cannot write /nowhere/a: no such file or directory"),
            ("/etc/passwd/a", "cannot write /etc/passwd/a: not a directory"),
        ])
    func `what can be no file is refused`(path: String, told: String) {
        #expect(throws: FormatError(told)) { try ResultFile.write(Self.bytes, to: path) }
    }

    @Test(.enabled(if: geteuid() == 0)) func `root follows no link on the way`() throws {
        try withTemporaryDirectory { directory in
            let real = directory.string + "/real"
            try FileManager.default.createDirectory(atPath: real, withIntermediateDirectories: false)
            #expect(symlink(real, directory.string + "/link") == 0)
            #expect(throws: FormatError.self) {
                try ResultFile.write(Self.bytes, to: directory.string + "/link/report")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: real).isEmpty)
            try ResultFile.write(Self.bytes, to: real + "/report")
        }
    }

    @Test(arguments: obstacles.indices) func `of several files none is replaced where one cannot be`(index: Int) throws
    {
        let (command, told) = Self.obstacles[index]
        try withTemporaryDirectory { directory in
            let path = directory.string
            let made = try Program(["/bin/sh", "-c", "cd \(path) && echo old | tee target >first && \(command)"]).run()
            #expect(made.exitCode == 0, "\(made)")
            let parts = ["first", "report"].map { ResultFile.Part($0, Self.bytes, mode: 0o600) }
            #expect(throws: FormatError("cannot write x/report: \(told)")) {
                try ResultFile.write(parts, in: path) { "x/" + $0 }
            }
            #expect(try String(contentsOfFile: path + "/first", encoding: .utf8) == "old\n")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["first", "report", "target"])
            _ = try Program(["/bin/rm", "-rf", "\(path)/report"]).run()
            try ResultFile.write(parts, in: path) { $0 }
            for name in ["first", "report"] {
                #expect(try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) == "new\n")
            }
        }
    }
}
