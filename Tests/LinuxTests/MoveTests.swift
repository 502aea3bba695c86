import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// Names that are moved where nothing may be replaced, on kernels and file systems with and without renameat2's flag.
struct MoveTests {
    /// How a file system or a seccomp profile answers to RENAME_NOREPLACE; 0 for one that knows it.
    @Test(.actingAsUsers, arguments: [0, EINVAL, ENOSYS, EPERM])
    func `a name is moved only where it is free`(answer: CInt) async {
        await #expect(processExitsWith: .success) { [answer = answer as CInt] in
            try withTemporaryDirectory { directory in
                if answer != 0 { try #require(test_forbid_call(test_call_renameat2, answer) == 0) }
                for name in ["file", "full"] { try makeFile(directory.appending(name), Array(name.utf8)) }
                for name in ["one", "two", "one/in", "two/in"] { try makeDirectory(directory.appending(name)) }
                try makeLink(directory.appending("link"), to: "nowhere")
                let parent = try FileTree().openDirectory(directory, links: .refuse)
                func move(_ name: FilePath.Component, _ newName: FilePath.Component) -> Errno? {
                    SystemCallError.of { () throws(SystemCallError) in
                        try parent.move(name, to: newName, in: parent)
                    }?.errno
                }
                #expect(move("file", "full") == .fileExists && move("file", "one") == .fileExists)
                #expect(move("one", "two") == .fileExists && move("one", "full") == .fileExists)
                #expect(move("link", "full") == .fileExists && move("file", "link") == .fileExists)
                #expect(move("absent", "free") == .noSuchFileOrDirectory)
                #expect(try FileTree().read(directory.appending("full")) == Array("full".utf8))
                #expect(move("file", "a") == nil && move("one", "b") == nil && move("link", "c") == nil)
                #expect(try Set(parent.names()) == ["full", "two", "a", "b", "c"])
                #expect(try parent.linkTarget("c") == "nowhere")
            }
        }
    }

    @Test(.actingAsUsers) func `any other answer is the error`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryDirectory { directory in
                try makeFile(directory.appending("file"))
                let parent = try FileTree().openDirectory(directory, links: .refuse)
                try #require(test_forbid_call(test_call_renameat2, EIO) == 0)
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try parent.move("file", to: "a", in: parent)
                }
                #expect(
                    error == SystemCallError(call: "renameat2", path: directory.appending("file"), errno: .ioError))
            }
        }
    }
}
