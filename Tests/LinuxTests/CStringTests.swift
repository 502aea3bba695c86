import Glibc
import Linux
import Testing

struct CStringTests {
    @Test(arguments: [[], [0x41], [0xFF, 0xFE, 0x80], Array("a=b\n".utf8), (1...255).map { UInt8($0) }])
    func `bytes go in and come out as they are`(bytes: [UInt8]) {
        let string = CString(bytes)
        #expect(string.bytes == bytes)
        #expect(string.count == bytes.count)
    }

    @Test func `what follows the first NUL is left out, as the kernel would`() {
        #expect(CString([0x41, 0, 0x42]).bytes == [0x41])
    }

    @Test func `text has U+FFFD in the place of what is not UTF-8`() {
        #expect(CString([0x61, 0xFF, 0x62]).text == "a\u{FFFD}b")
    }

    @Test(
        arguments: [
            ("NAME=x", "NAME", true), ("NAME=x", "NAME=x", true), ("NAME=x", "NAME=xy", false), ("NAME=x", "", true),
            ("", "", true), ("", "N", false), ("name=x", "NAME", false),
        ])
    func `a string starts with its own first bytes`(string: String, start: String, expected: Bool) {
        let result = Array(start.utf8).withUnsafeBufferPointer { CString(Array(string.utf8)).starts(with: $0) }
        #expect(result == expected)
    }

    @Test func `the rest of a string keeps bytes that are not UTF-8`() {
        let string = CString([0x41, 0x3D, 0xFF, 0xC0])
        #expect(string.bytes(from: 2) == [0xFF, 0xC0])
        #expect(string.bytes(from: 4) == [])
    }

    @Test(
        arguments: [("A=b", "A"), ("A=", "A"), ("=b", ""), ("A", nil), ("", nil), ("A=b=c", "A")] as [(String, String?)]
    )
    func `a name is what stands before the first equals sign`(entry: String, name: String?) {
        let string = CString(Array(entry.utf8))
        #expect(string.variableName == name)
        #expect(string.variableNameLength == name?.utf8.count)
    }

    @Test func `a name that is not UTF-8 keeps its length`() {
        #expect(CString([0xFF, 0xFE, 0x3D, 0x41]).variableNameLength == 2)
    }

    @Test func `the process's arguments and environment are those of the kernel`() throws {
        let arguments = ProcessStart.arguments.map(\.bytes)
        #expect(arguments == CommandLine.arguments.map { Array($0.utf8) })
        let path = try #require(getenv("PATH"))
        let found = ProcessStart.environment.filter { $0.variableName == "PATH" }.map { $0.bytes(from: 5) }
        #expect(found == [Array(String(cString: path).utf8)])
    }
}
