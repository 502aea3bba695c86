import Boot
import Linux
import Programs
import Testing

struct EnvironmentBlockTests {
    @Test(
        arguments: [
            (["A=1"], "A", "1"), (["A=1", "A=2"], "A", "1"), (["A=", "A=2"], "A", nil), (["A"], "A", nil),
            (["A", "A=2"], "A", "2"), (["AB=1", "A=2"], "A", "2"), (["a=1"], "A", nil), ([], "A", nil),
            (["A==b="], "A", "=b="), (["=1"], "", "1"), (["A=\n"], "A", "\n"),
        ] as [([String], String, String?)])
    func `a variable has the value of its first entry, and an empty value is none`(
        entries: [String], name: String, value: String?
    ) {
        #expect(EnvironmentBlock(entries.map(string)).value(name) == value.map { Array($0.utf8) })
    }

    @Test func `a name with other bytes that text calls equal is another variable`() {
        // U+212A, the sign of kelvin, is canonically equivalent to K.
        let block = EnvironmentBlock("WOR\u{212A}ING_DIR=other")
        #expect(block.value("WORKING_DIR") == nil)
        let result = block.setting([("WORKING_DIR", Array("/w".utf8))], removing: [])
        #expect(result.map(\.text) == ["WOR\u{212A}ING_DIR=other", "WORKING_DIR=/w"])
        #expect(block.setting([], removing: ["WORKING_DIR"]).map(\.text) == ["WOR\u{212A}ING_DIR=other"])
    }

    @Test func `what is neither set nor removed stays byte for byte and in its order`() {
        let odd: [[UInt8]] = [
            Array("B=2".utf8), Array("no equals sign".utf8), [], [0x3D], Array("=name is empty".utf8),
            [0xFF, 0x3D, 0xFE],
            Array("B=again".utf8), Array("A\n=x".utf8), [0xC3, 0x28], Array("B".utf8),
            Array("LONG=".utf8) + [UInt8](repeating: 0xE9, count: 131_000),
        ]
        let block = EnvironmentBlock(odd.map { CString($0) })
        #expect(block.setting([], removing: []).map(\.bytes) == odd)
        #expect(
            block.setting([("NEW", [0xFF])], removing: ["C"]).map(\.bytes) == odd + [[0x4E, 0x45, 0x57, 0x3D, 0xFF]])
    }

    @Test(
        arguments: [
            (["A=1", "B=2", "C=3"], ["B=x"], [], ["A=1", "B=x", "C=3"]),
            (["A=1", "B=2", "A=3", "B=4"], ["A=x"], [], ["A=x", "B=2", "B=4"]),
            (["A=1"], ["C=3", "B=2"], [], ["A=1", "C=3", "B=2"]),
            (["A=1", "S=key", "S=other", "ST=1"], [], ["S"], ["A=1", "ST=1"]),
            (["A"], ["A=1"], [], ["A", "A=1"]),
            (["A=1"], ["A="], [], ["A="]),
            (["A=1"], ["A=2", "A=3"], [], ["A=3"]),
            ([], ["A=2", "B=1", "A=3"], [], ["A=3", "B=1"]),
            (["A=1", "B=2"], ["A=2"], ["A"], ["B=2", "A=2"]),
        ] as [([String], [String], [String], [String])])
    func `a variable that is set takes the place of its first entry`(
        entries: [String], values: [String], removed: [String], expected: [String]
    ) {
        let pairs = values.map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: Array(parts[1].utf8))
        }
        let result = EnvironmentBlock(entries.map(string)).setting(pairs, removing: Set(removed))
        #expect(result.map(\.text) == expected)
    }

    @Test func `names are found by their beginning`() {
        let block = EnvironmentBlock(
            "ENTRYPOINT_A=1", "OTHER=2", "ENTRYPOINT_", "ENTRYPOINT_=3", "ENTRYPOINT=4", "ENTRYPOINT_A=5")
        #expect(block.names(startingWith: "ENTRYPOINT_") == ["ENTRYPOINT_A", "ENTRYPOINT_", "ENTRYPOINT_A"])
    }

    @Test(.timeLimit(.minutes(1))) func `a hundred thousand entries are searched and changed at once`() {
        let block = EnvironmentBlock((0..<100_000).map { string("V\($0)=\($0)") })
        #expect(block.value("V99999") == Array("99999".utf8))
        #expect(block.setting([("V5", [0x78])], removing: ["V6"]).count == 99_999)
    }
}
