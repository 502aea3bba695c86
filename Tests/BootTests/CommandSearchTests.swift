import Linux
import Programs
import Testing

@testable import Boot

struct CommandSearchTests {
    @Test(
        arguments: [
            ("ls", "/bin:/usr/bin", ["/bin/ls", "/usr/bin/ls"]), ("ls", "/bin", ["/bin/ls"]),
            ("ls", ":/bin:", ["./ls", "/bin/ls", "./ls"]), ("ls", "", ["./ls"]),
            ("ls", "::", ["./ls", "./ls", "./ls"]),
            ("ls", "bin:..", ["bin/ls", "../ls"]), ("/bin/ls", "/usr/bin", ["/bin/ls"]), ("./ls", "/bin", ["./ls"]),
            ("a/b", "/bin", ["a/b"]), ("..", "/bin", ["/bin/.."]),
        ])
    func `a name without a slash is looked for in each directory of the path`(
        name: String, path: String, expected: [String]
    ) {
        let found = CommandSearch.candidates(for: Array(name.utf8), path: Array(path.utf8))
        #expect(found.map(\.string) == expected)
    }

    @Test func `names and directories that are not UTF-8 stay as they are`() {
        let found = CommandSearch.candidates(for: [0xFF], path: [0x2F, 0xFE, 0x3A, 0x2F, 0xC3])
        let bytes = found.map { path in
            path.withPlatformString { UnsafeRawBufferPointer(start: $0, count: 4).map { $0 } }
        }
        #expect(bytes == [[0x2F, 0xFE, 0x2F, 0xFF], [0x2F, 0xC3, 0x2F, 0xFF]])
    }
}
