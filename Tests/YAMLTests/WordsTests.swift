import Testing
import YAML

/// How words of a file are compared and shown.
struct WordsTests {
    @Test(arguments: [
        ("umaks", "umask"), ("umas", "umask"), ("umaskk", "umask"), ("mdoe", "mode"), ("edom", nil), ("mode", "mode"),
        ("Mode", "mode"), ("ümask", "umask"), ("x", nil),
        ("colour", nil), ("", nil), ("timeouts", "timeout"), ("m", nil),
    ])
    func `a mistyped word suggests the nearest`(word: String, expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["umask", "mode", "timeout", "directories"]) == expected)
    }

    @Test func `a word of hostile length suggests nothing`() {
        #expect(
            Suggestion.nearest(to: String(repeating: "a", count: 101), among: [String(repeating: "a", count: 101)])
                == nil)
    }

    @Test(arguments: [
        ("a b", "'a b'"), ("", "''"), ("ä𝄞", "'ä𝄞'"), ("a\nb\tc\rd\0", "'a\\nb\\tc\\rd\\u{0}'"),
        ("\u{1B}[31m", "'\\u{1b}[31m'"), ("\u{202E}a\u{2066}\u{85}", "'\\u{202e}a\\u{2066}\\u{85}'"),
        (String(repeating: "a", count: 80), "'\(String(repeating: "a", count: 80))'"),
        (String(repeating: "a", count: 81), "'\(String(repeating: "a", count: 80))…'"),
    ])
    func `what a file has is shown on one short line`(text: String, shown: String) {
        #expect(Excerpt.quoted(text) == shown)
    }
}
