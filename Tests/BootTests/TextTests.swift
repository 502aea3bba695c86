import Boot
import Linux
import Testing
import Text

struct TextTests {
    @Test(
        arguments: [
            ("", ""), ("plain text", "plain text"), ("ümlaut 漢字 🙂", "ümlaut 漢字 🙂"), ("a\nb", "a\\nb"),
            ("a\r\nb", "a\\r\\nb"),
            ("\t", "\\t"), ("\u{0}", "\\u{0}"), ("\u{1B}[31m", "\\u{1b}[31m"), ("\u{7F}", "\\u{7f}"),
            ("\u{85}", "\\u{85}"), ("\u{9F}", "\\u{9f}"), ("\u{A0}", "\u{A0}"), ("\u{2028}", "\\u{2028}"),
            ("\u{2029}", "\\u{2029}"), ("\u{202E}txt", "\\u{202e}txt"),
            ("\u{2066}txt\u{2069}", "\\u{2066}txt\\u{2069}"),
            ("e\u{301}", "e\u{301}"), ("'", "'"), ("\u{200F}", "\\u{200f}"), ("\u{61C}", "\\u{61c}"),
        ])
    func `what is shown stays on one line and in one direction`(text: String, shown: String) {
        // As scalars: Characters that look alike would be equal.
        #expect(Array(text.shown().unicodeScalars) == Array(shown.unicodeScalars))
    }

    @Test(arguments: [[], ["a"], ["", ""], ["a", "", "é", "\u{301}b"]])
    func `texts are joined as the standard library joins them`(texts: [String]) {
        for separator in ["", ", ", "\n"] {
            let joined = texts.joined(separator: separator)
            #expect(Array(joined.utf8) == Array(AnySequence(texts).joined(separator: separator).utf8))
        }
        #expect(texts.joined() == AnySequence(texts).joined())
    }

    @Test func `what is not UTF-8 is shown as U+FFFD`() {
        #expect([0x61, 0xFF, 0x62, 0xC3].shown() == "a\u{FFFD}b\u{FFFD}")
    }

    @Test func `long bytes are cut, and their number is told`() {
        #expect(String(repeating: "x", count: 200).shown() == String(repeating: "x", count: 200))
        #expect(String(repeating: "x", count: 201).shown() == String(repeating: "x", count: 100) + "… (201 bytes)")
        #expect("abcdef".shown(limit: 5) == "ab… (6 bytes)")
    }

    @Test func `a character is not cut in two`() {
        #expect("äöü".shown(limit: 5) == "ä… (6 bytes)")
        #expect("漢字".shown(limit: 5) == "… (6 bytes)")
    }

    @Test func `a path is shown whole`() {
        let path = "/" + String(repeating: "abcdefg/", count: 500) + "x"
        #expect(FilePath(path).shown() == path)
        #expect(FilePath("/a\nb").shown() == "/a\\nb")
    }

    @Test(arguments: [(0, "0 changes"), (1, "1 change"), (2, "2 changes"), (101, "101 changes")])
    func `a number has its noun`(number: Int, text: String) {
        #expect(number.counted("change") == text)
    }

    @Test(
        arguments: [
            (0, "0.00 ms"), (9, "0.00 ms"), (10, "0.01 ms"), (99, "0.09 ms"), (1050, "1.05 ms"), (12345, "12.34 ms"),
            (61_000_000, "61000.00 ms"),
        ] as [(Int64, String)])
    func `a time is milliseconds with two decimals`(microseconds: Int64, text: String) {
        #expect(microseconds.inMilliseconds == text)
    }

    @Test(
        arguments: [
            ("0", 0), ("10", 10_000_000_000), ("0.5", 500_000_000), ("0.000000001", 1), ("0.0000000019", 1),
            ("18446744073.709551615", .max), ("18446744073.709551616", nil), ("18446744074", nil),
            ("99999999999999999999", nil), ("", nil), (".5", nil), ("5.", nil), ("1.2.3", nil), ("-1", nil),
            ("+1", nil), ("1e3", nil), (" 1", nil), ("1.x", nil), ("1.1234567890x", nil),
        ] as [(String, UInt64?)])
    func `seconds are decimal digits, perhaps with a fraction`(text: String, nanoseconds: UInt64?) {
        #expect(text.utf8.nanosecondsOfSeconds == nanoseconds)
    }
}
