import Testing
import Text
import YAML

/// Values of expected types, and what is told of others.
struct ReaderTests {
    /// A text, what is read of it, and the problems that are told.
    struct Case: CustomTestStringConvertible, Sendable {
        let text: String
        let value: String
        let problem: String?

        init(_ text: String, _ value: String) {
            self.text = text
            self.value = value
            problem = nil
        }

        init(_ text: String, problem: String) {
            self.text = text
            value = "nil"
            // Where nothing is, it stands right after the colon.
            self.problem = "f:1:\(text.isEmpty ? 3 : 4): a: \(problem)"
        }

        var testDescription: String { Excerpt.quoted(text) }
    }

    private enum Sharing: String, CaseIterable { case group, nobody, everybody }

    private struct NotAnIdentifier: Error, CustomStringConvertible {
        let description = "not an identifier: only letters"
    }

    private func check(
        _ expected: Case, _ read: (inout YAML.Reader, YAML.Value?) -> (some Any)?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var reader = YAML.Reader()
        let document = YAML.Value(document: try YAML.parse(Array("a: \(expected.text)".utf8)))
        let fields = reader.mapping(document, keys: ["a"])
        let value = read(&reader, fields["a"])
        #expect(value.map { "\($0)" } ?? "nil" == expected.value, sourceLocation: sourceLocation)
        #expect(reader.lines == (expected.problem.map { [$0] } ?? []), sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        Case("word", "word"), Case("no", "no"), Case("10", "10"), Case("true", "true"), Case("0770", "0770"),
        Case("'null'", "null"), Case("''", ""), Case("|\n  b\n", "b\n"), Case("a b  c # d", "a b  c"),
        Case("", problem: "expected text, found nothing"),
        Case("~", problem: "expected text, found nothing, which ~ without quotes means"),
        Case("null", problem: "expected text, found nothing, which null without quotes means"),
        Case("[b]", problem: "expected text, found a list"),
        Case("{b: c}", problem: "expected text, found a mapping"),
    ])
    func `a text is any scalar as it stands there`(expected: Case) throws {
        try check(expected) { $0.text($1) }
    }

    @Test(arguments: [
        Case("word", "WORD"), Case("'word'", "WORD"),
        Case("w1", problem: "'w1': not an identifier: only letters"),
        Case("\"\\e[31m\"", problem: "'\\u{1b}[31m': not an identifier: only letters"),
        // It makes what follows it run from right to left.
        Case("\"\\u061C1\"", problem: "'\\u{61c}1': not an identifier: only letters"),
        Case("[b]", problem: "expected text, found a list"),
    ])
    func `a text of a form tells what its form is`(expected: Case) throws {
        try check(expected) { reader, value in
            reader.text(value) { text throws(NotAnIdentifier) in
                guard text.allSatisfy(\.isLetter) else { throw NotAnIdentifier() }
                return text.uppercased()
            }
        }
    }

    @Test(arguments: [
        Case("true", "true"), Case("false", "false"),
        Case("yes", problem: "expected a boolean, found 'yes': write true or false"),
        Case("no", problem: "expected a boolean, found 'no': write true or false"),
        Case("on", problem: "expected a boolean, found 'on': write true or false"),
        Case("Off", problem: "expected a boolean, found 'Off': write true or false"),
        Case("y", problem: "expected a boolean, found 'y': write true or false"),
        Case("True", problem: "expected a boolean, found 'True': write true or false"),
        Case("FALSE", problem: "expected a boolean, found 'FALSE': write true or false"),
        Case("1", problem: "expected a boolean, found '1': write true or false"),
        Case("'true'", problem: "expected a boolean, found 'true': write it without quotes"),
        Case("'yes'", problem: "expected a boolean, found 'yes': write true or false"),
        Case("", problem: "expected a boolean, found nothing: write true or false"),
        Case("~", problem: "expected a boolean, found nothing, which ~ without quotes means: write true or false"),
        Case("[true]", problem: "expected a boolean, found a list: write true or false"),
    ])
    func `a boolean is true or false and no other word`(expected: Case) throws {
        try check(expected) { $0.boolean($1) }
    }

    @Test(arguments: [
        Case("0", "0"), Case("600", "600"), Case("-5", "-5"), Case("-0", "0"),
        Case("601", problem: "expected a whole number from -5 to 600, found '601'"),
        Case("-6", problem: "expected a whole number from -5 to 600, found '-6'"),
        Case("010", problem: "expected a whole number from -5 to 600, found '010'"),
        Case("+5", problem: "expected a whole number from -5 to 600, found '+5'"),
        Case("1_0", problem: "expected a whole number from -5 to 600, found '1_0'"),
        Case("0x1f", problem: "expected a whole number from -5 to 600, found '0x1f'"),
        Case("1e2", problem: "expected a whole number from -5 to 600, found '1e2'"),
        Case("1:30", problem: "expected a whole number from -5 to 600, found '1:30'"),
        Case("5.0", problem: "expected a whole number from -5 to 600, found '5.0'"),
        Case("٣", problem: "expected a whole number from -5 to 600, found '٣'"),
        Case("--5", problem: "expected a whole number from -5 to 600, found '--5'"),
        Case("'-'", problem: "expected a whole number from -5 to 600, found '-'"),
        Case(
            "99999999999999999999",
            problem: "expected a whole number from -5 to 600, found '99999999999999999999'"),
        Case("'10'", problem: "expected a whole number from -5 to 600, found '10': write it without quotes"),
        Case("{b: c}", problem: "expected a whole number from -5 to 600, found a mapping"),
    ])
    func `a whole number is decimal and within its range`(expected: Case) throws {
        try check(expected) { $0.integer($1, in: -5...600) }
    }

    @Test(arguments: [
        Case("0770", "504"), Case("\"0770\"", "504"), Case("02770", "1528"), Case("007", "7"), Case("0", "0"),
        Case("07777", "4095"), Case("0000", "0"),
        Case("770", problem: "expected an octal mode, found '770': write 0770"),
        Case("'2770'", problem: "expected an octal mode, found '2770': write 02770"),
        Case("7", problem: "expected an octal mode, found '7': write 0007"),
        Case("0o770", problem: "expected an octal mode, found '0o770': write 0770"),
        Case("0790", problem: "expected an octal mode, found '0790'"),
        Case("790", problem: "expected an octal mode, found '790'"),
        Case("010000", problem: "expected an octal mode, found '010000'"),
        Case("0x1f", problem: "expected an octal mode, found '0x1f'"),
        Case("rwx", problem: "expected an octal mode, found 'rwx'"),
        Case("0o", problem: "expected an octal mode, found '0o'"),
        Case("-0770", problem: "expected an octal mode, found '-0770'"),
        Case("''", problem: "expected an octal mode, found ''"),
        Case("[0770]", problem: "expected an octal mode, found a list"),
    ])
    func `a mode is octal with a leading zero`(expected: Case) throws {
        try check(expected) { $0.mode($1) }
    }

    @Test(arguments: [
        Case("007", "7"), Case("0077", "63"),
        Case("0770", problem: "expected an octal mode from 0000 to 0077, found '0770'"),
        Case("77", problem: "expected an octal mode from 0000 to 0077, found '77': write 0077"),
        Case("770", problem: "expected an octal mode from 0000 to 0077, found '770'"),
    ])
    func `a mode is within its range, and no wrong one is suggested`(expected: Case) throws {
        try check(expected) { $0.mode($1, in: 0...0o077) }
    }

    @Test(arguments: [
        Case("group", "group"), Case("'nobody'", "nobody"),
        Case("groop", problem: "expected one of group, nobody, everybody, found 'groop': did you mean group?"),
        Case("all", problem: "expected one of group, nobody, everybody, found 'all'"),
        Case("", problem: "expected one of group, nobody, everybody, found nothing"),
    ])
    func `a choice is one of its words`(expected: Case) throws {
        try check(expected) { reader, value -> Sharing? in reader.choice(value) }
    }
}

extension YAML.Reader {
    /// The lines of all problems, as of a file `f`.
    var lines: [String] {
        do throws(YAML.Problems) {
            try finish()
            return []
        } catch {
            return error.lines(in: "f")
        }
    }
}
