import Testing
import Text

@testable import UserSide

/// What dotenv reads, line by line.
struct DotEnvTests {
    private static func read(_ text: String) -> DotEnv {
        DotEnv(reading: Array(text.utf8)) { ["HOME": "/home/jane", "EMPTY": ""][$0] }
    }

    @Test(
        arguments: [
            ("A=b", "b"), ("A=", ""), ("A=b c", "b c"), ("A=b  ", "b"), ("A = b", "b"), ("  A=b", "b"),
            ("export A=b", "b"), ("export\tA=b", "b"), ("A=b # c", "b"), ("A=b#c", "b#c"), ("A=#b", "#b"),
            ("A= # b", ""), ("A='b # c'", "b # c"), ("A=\"b # c\" # d", "b # c"), ("A='it\"s'", "it\"s"),
            ("A=\"a\\nb\\t\\\"\\\\\\$\\x\"", "a\nb\t\"\\$\\x"), ("A='a\\nb'", "a\\nb"), ("A=a\\nb", "a\\nb"),
            ("A=\"one\ntwo\"", "one\ntwo"), ("A='one\ntwo'", "one\ntwo"), ("A=b\r\n", "b"), ("A=\"b\"\r\nB=c\r\n", "b"),
            ("A=$HOME", "$HOME"), ("A=pa$$word", "pa$$word"), ("A=${HOME}/x", "/home/jane/x"),
            ("A=\"${HOME}\"", "/home/jane"), ("A='${HOME}'", "${HOME}"), ("A=\"\\${HOME}\"", "${HOME}"),
            ("B=c\nA=${B}d", "cd"), ("B=c\nB=d\nA=${B}", "d"), ("A=${NONE:-x y}", "x y"), ("A=${EMPTY:-x}", "x"),
            ("A=${HOME:-x}", "/home/jane"), ("A=${NONE:-}", ""), ("HOME", "/home/jane"), ("NONE", ""),
            ("\u{FEFF}A=b", "b"), ("A=b\n\n# c\n", "b"), ("A=ä=ß", "ä=ß"),
        ])
    func `a value is read`(text: String, value: String) {
        let file = Self.read(text)
        #expect(file.problems == [])
        #expect((file.entries.first { $0.name == "A" } ?? file.entries.first)?.value == value)
    }

    @Test(
        arguments: [
            ("A", "A-B=secret", 1, "not NAME=VALUE"), ("2", "x=1\n1A=secret", 2, "not NAME=VALUE"),
            ("line", "MIIEsecret+/==", 1, "not NAME=VALUE"), ("blank", "A secret", 1, "no = after the name A"),
            ("quote", "x=1\nA=\"secret\nB=c", 2, "A: the closing quote is missing"),
            ("rest", "A='b' secret", 1, "A: something follows the closing quote"),
            ("unset", "A=${NONE}", 1, "A: NONE is set neither on an earlier line nor in the environment"),
            ("later", "A=${B}\nB=c", 1, "A: B is set neither"),
            ("brace", "A=${HOME", 1, "A: the } of ${NAME} is missing"),
            ("form", "A=${HOME%secret}", 1, "A: write ${NAME}"), ("nul", "x=1\nA=\0", 2, "not text"),
        ])
    func `a line that is wrong is told with its number, and without its value`(
        case: String, text: String, line: Int, words: String
    ) {
        let problems = Self.read(text).problems
        #expect(problems.first?.line == line && problems.first?.text.contains(words) == true, "\(problems)")
        #expect(!problems.contains { $0.text.contains("secret") })
    }

    @Test func `all lines that are wrong are told, and the others are read`() {
        let file = Self.read("A=b\n-\nC='d\nE=f\n1=\nG=\"\\\"\"\n")
        #expect(file.problems.map(\.line) == [2, 3, 5])
        #expect(file.entries.map(\.name) == ["A", "E", "G"] && file.entries.map(\.line) == [1, 4, 6])
    }

    @Test func `of several lines with one name the last counts, and an empty value is none`() {
        let file = Self.read("A=b\nA=c\nB=\nC=d\nC=\n")
        #expect(file["A"]?.value == "c" && file["B"] == nil && file["C"] == nil && file["D"] == nil)
        #expect(file.repeated.map(\.line) == [2, 5])
    }

    @Test(
        arguments: [
            ("A=b", []), ("A", ["A"]), ("A=${HOME}", ["HOME"]), ("A=\"x${HOME}${HOME}\"", ["HOME", "HOME"]),
            ("A='${HOME}'", []), ("A=${NONE:-x}", []), ("A=$HOME", []),
        ] as [(String, [String])])
    func `which variables a value is made with is known`(text: String, uses: [String]) throws {
        let entry = try #require(DotEnv(reading: Array(text.utf8)) { $0 == "HOME" ? "/home/j" : nil }.entries.first)
        #expect(entry.uses == uses)
    }

    @Test func `a value that refers to itself again and again ends`() {
        let lines = ["A0=0123456789"] + (1...64).map { "A\($0)=${A\($0 - 1)}${A\($0 - 1)}" }
        let file = Self.read(lines.joined(separator: "\n"))
        #expect(file.problems.first?.text.contains("more than 131072 bytes") == true)
    }

    @Test func `a file of very many lines is read at once`() {
        let lines = (0..<200_000).map { "A\($0 % 50_000)=b" }.joined(separator: "\n")
        let start = ContinuousClock.now
        #expect(Self.read(lines).entries.count == 200_000)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    /// Every byte at every place of a line that uses the whole language.
    @Test func `no byte breaks the reader`() {
        let line = Array("export A=\"b\\n${HOME}\" # c\nB='d'\nC=${X:-e}".utf8)
        for place in 0...line.count {
            for byte in UInt8.min...UInt8.max {
                let bytes = Array(line[..<place]) + [byte] + Array(line[place...])
                let file = DotEnv(reading: bytes) { _ in nil }
                #expect(!file.entries.isEmpty || !file.problems.isEmpty)
            }
        }
    }
}
