import TestSupport
import Testing
import UserSide

/// Text for people: tables, colour, narrow terminals.
struct OutputTests {
    private static let coloured = OutputStyle(hasColour: true, columns: nil)

    private static var table: TextTable {
        var table = TextTable(["step", "what"])
        table.add(["scratch", "the home of jane on the file server"])
        table.add([TextTable.Cell("ssh", as: .bad), ""])
        return table
    }

    @Test func `columns are aligned, and lines are of any length without a terminal`() {
        #expect(
            Self.table.text(.plain) == """
                step     what
                scratch  the home of jane on the file server
                ssh

                """)
    }

    @Test func `a line that is too long goes on below its last column`() {
        #expect(
            Self.table.text(OutputStyle(hasColour: false, columns: 28)) == """
                step     what
                scratch  the home of jane on
                         the file server
                ssh

                """)
    }

    @Test func `in twenty columns each cell has its own lines`() {
        let text = Self.table.text(OutputStyle(hasColour: false, columns: 20))
        #expect(text == "step\n  what\nscratch\n  the home of jane\n  on the file server\nssh\n")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 20 })
    }

    @Test func `colour does not move the columns`() {
        let lines = Self.table.text(Self.coloured).split(separator: "\n")
        #expect(lines[0] == "\u{1B}[1mstep\u{1B}[0m     \u{1B}[1mwhat\u{1B}[0m")
        #expect(lines[2] == "\u{1B}[1;31mssh\u{1B}[0m")
    }

    @Test(
        arguments: [
            ("", 5, [""]), ("one", 5, ["one"]), ("one two", 5, ["one", "two"]), ("a b c d", 3, ["a b", "c d"]),
            ("abcdefgh", 3, ["abc", "def", "gh"]), ("a bcdefg", 3, ["a", "bcd", "efg"]),
            ("abc def", 3, ["abc", "def"]),
        ])
    func `text is broken at blanks, and within a word that is too long`(text: String, columns: Int, lines: [String]) {
        #expect(TextTable.lines(of: text, columns: columns) == lines)
    }

    @Test func `a table without rows is empty`() { #expect(TextTable().text(.plain) == "") }
}
