import Testing
import YAML

/// Errors of syntax say what was expected and what to write.
struct SyntaxErrorTests {
    private static let tab = "a tab does not indent: write spaces"
    private static let colon = "a ':' cannot be here: quote text that has one, or correct the indentation"
    private static let onwards =
        "text without quotes goes on in the next line: correct the indentation, or quote it"
    private static let open = "the quote that begins here is not closed"
    private static let fits = "the indentation fits no line above: what is around it began in line 1, column 1"

    @Test(arguments: [
        Refused("a:\n\tb: c", "f:2:1: \(tab)"),
        Refused("\ta: b", "f:1:1: \(tab)"),
        Refused("-\ta: b", "f:1:2: \(tab)"),
        Refused("a:\n  b: c\n\td: e", "f:3:1: \(tab)"),
        Refused("a: b\n\tc", "f:2:1: \(tab)"),
        Refused("a: |\n\tb", "f:2:1: \(tab)"),
        Refused("a: 1\nb\nc: 2", "f:2:1: expected ':' after this key, on the same line"),
        Refused("a: b: c", "f:1:5: \(colon)"),
        Refused("a: b\n  c: d", "f:1:4: a: \(onwards)", "f:2:4: \(colon)"),
        Refused("{a: b:, c}", "f:1:6: \(colon)"),
        Refused("\"a\nb\": c", "f:2:3: \(colon)"),
        Refused(": b", "f:1:1: expected 'key: value'"),
        Refused("a: b\n: c", "f:2:1: expected 'key: value', as in line 1"),
        Refused(
            "a: - b",
            "f:1:4: a list entry '- ' cannot begin here: write it on a line of its own, or quote the text"),
        Refused("a: @b", "f:1:4: text cannot begin with @: quote it"),
        Refused("a: `b`", "f:1:4: text cannot begin with `: quote it"),
        Refused("a: %b", "f:1:4: text cannot begin with %: quote it"),
        Refused("ä: [𝄞, @b]", "f:1:8: text cannot begin with @: quote it"),
        Refused("a: \"b\nc: d\n", "f:1:4: \(open)"),
        Refused("a: 'b\nc: d\n", "f:1:4: \(open)"),
        Refused("a: \"b\n---\nc\"", "f:1:4: \(open)"),
        Refused("a: \"b\" c", "f:1:8: unexpected: the value has ended before, quote it as a whole"),
        Refused("a: [b, c\n", "f:2:1: expected ',' or ']': the list that began in line 1, column 4 is open"),
        Refused("a: [b}\n", "f:1:6: expected ',' or ']': the list that began in line 1, column 4 is open"),
        Refused("a: {b: c\n", "f:2:1: expected ',' or '}': the mapping that began in line 1, column 4 is open"),
        Refused("a: ]", "f:1:4: expected a value"),
        Refused("{: a}", "f:1:2: expected a value"),
        Refused("[a, , b]", "f:1:5: expected a value"),
        Refused("a:\n    b: c\n  d: e", "f:3:3: \(fits)"),
        Refused("a:\n  - b\n - c", "f:3:2: \(fits)"),
        Refused("a: |\n  b\n c", "f:3:2: \(fits)"),
        Refused("a: b\n- c", "f:2:1: expected 'key: value', as in line 1"),
        Refused("- a\nb: c", "f:2:1: expected a list entry '- ', as in line 1"),
        Refused(
            #"a: "C:\dir""#,
            #"f:1:7: not an escape of double quotes: write \\ for a backslash, or use single quotes"#),
        Refused(#"a: "\xzz""#, "f:1:7: expected hexadecimal digits of the escape"),
        Refused(#"a: "\ud800""#, "f:1:7: the escape is not of a character"),
        Refused("a: |b\n  c", "f:1:5: expected the end of the line: the text of | or > begins in the next one"),
        Refused("a: >0\n  b", "f:1:5: expected an indentation of 1 to 9"),
    ])
    func `each is told in words of the text, with its position`(refused: Refused) {
        #expect(refusals(refused.text) == refused.lines)
    }

    @Test func `what is wrong before an error of syntax is told with it`() {
        #expect(
            refusals("a: 1\na: 2\nb: *x\nc: 'd") == [
                "f:2:1: a: the key is already in line 1, column 1",
                "f:3:4: aliases are not supported: write the value out, or quote text that begins with *",
                "f:4:4: \(Self.open)",
            ])
    }
}
