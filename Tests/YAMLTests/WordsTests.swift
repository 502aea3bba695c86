import Testing
import Text
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

    @Test(arguments: [
        ("ENTRYPOINT_LGO", "ENTRYPOINT_LOG"), ("ENTRYPOINT_LOG_FORMT", "ENTRYPOINT_LOG_FORMAT"), ("NB_USR", "NB_USER"),
        ("NB_UIDD", "NB_UID"), ("X", nil), ("SOMETHING_ELSE", nil), (String(repeating: "A", count: 131_072), nil),
    ])
    func `a mistyped name of a variable suggests the nearest, unless it is of hostile length`(
        word: String, expected: String?
    ) {
        let names = [
            "ENTRYPOINT_LOG", "ENTRYPOINT_LOG_FORMAT", "NB_USER", "NB_UID", String(repeating: "A", count: 101),
        ]
        #expect(Suggestion.nearest(to: word, among: names) == expected)
    }

    @Test func `there is nothing to suggest among nothing`() {
        #expect(Suggestion.nearest(to: "a", among: []) == nil)
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
