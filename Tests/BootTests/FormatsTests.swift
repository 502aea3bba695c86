import Boot
import Linux
import Testing
import Text

struct FormatsTests {
    /// What a format says to a text: the value in words, or what was expected.
    private func outcome<Value>(_ parse: (String) throws(FormatError) -> Value, _ text: String) -> String {
        do throws(FormatError) {
            return "\(try parse(text))"
        } catch {
            return error.expected
        }
    }

    private static let notAName =
        "not a name: a letter or _, then at most 30 letters, digits, _ . or -, and perhaps a $ at the end"
    private static let reserved = "not a usable name: sudo or the system gives it another meaning"

    @Test(
        arguments: [
            "jane", "J", "_", "_x", "a.b", "a-b_c.d9", "machine$", "a$", "rooty", "all", "defaults", "Root", "a..",
            String(repeating: "x", count: 31), String(repeating: "x", count: 31) + "$",
        ])
    func `a name is taken`(name: String) { #expect(outcome(ValueFormats.accountName, name) == name) }

    @Test(
        arguments: [
            "$", "1jane", "-jane", ".jane", "..", "a:b", "a/b", "a b", "a\n", "a\\", "a,b", "a%", "jäne", "ja\u{212A}e",
            "a$b", "a$$", "\u{FF41}", "a\u{0}", "#1000", "%wheel", "@x", "+", "1000", "*",
            String(repeating: "x", count: 32), String(repeating: "x", count: 131_072),
        ])
    func `what is not a name is refused`(name: String) {
        #expect(outcome(ValueFormats.accountName, name) == Self.notAName)
    }

    @Test(arguments: ["ALL", "Defaults", "root"])
    func `a name with another meaning is refused`(name: String) {
        #expect(outcome(ValueFormats.accountName, name) == Self.reserved)
    }

    @Test(arguments: [("1", 1), ("999", 999), ("65533", 65533), ("65535", 65535), ("4294967294", 4_294_967_294)])
    func `an id is taken`(text: String, id: UInt32) throws { #expect(try ValueFormats.accountID(text) == id) }

    @Test(
        arguments: [
            "0", "-1", "+1", "4294967295", "4294967296", "12x", "x12", "99999999999", "65534", "007", "01", " 1", "1 ",
            "1.0", "0x10", "1e3", "1_000", "١٢", "1\n", "18446744073709551617", String(repeating: "9", count: 131_072),
        ])
    func `what is not an id is refused`(text: String) {
        #expect(
            outcome(ValueFormats.accountID, text)
                == "not a decimal id from 1 to 4294967294, other than 65534, which is nobody's")
    }

    @Test(
        arguments: [
            "/", "/a", "/a/b.c/d e", "/mloscratch/homes/jane", "/a:b", "/ä/漢", "/...", "/-", "/a'b\"c\\d", "/$x`y`",
            "/" + String(repeating: "x", count: 255),
        ])
    func `a path is taken as it is`(text: String) { #expect(outcome(ValueFormats.absolutePath, text) == text) }

    private static let long = "too long for a path: at most 4095 bytes, and 255 between slashes"
    private static let climbs =
        "it has .. in it, which leads elsewhere behind a symbolic link: write what realpath prints for it"
    private static let control = "not a path for this: it has a control character"

    @Test(
        arguments: [
            ("a", "not an absolute path"), ("a/b", "not an absolute path"), ("./a", "not an absolute path"),
            ("~", "not an absolute path"), ("~/a", "not an absolute path"), ("$HOME/a", "not an absolute path"),
            (" /a", "not an absolute path"), ("../a", "not an absolute path"),
            ("/a/", "not in its normal form: write /a"), ("//a", "not in its normal form: write /a"),
            ("/a//b", "not in its normal form: write /a/b"), ("/a/./b", "not in its normal form: write /a/b"),
            ("/a/../b", climbs), ("/..", climbs), ("/a/..", climbs), ("/.", "not in its normal form: write /"),
            ("/a/../../etc", climbs), ("/a//../b/", climbs), ("/a/..b/", "not in its normal form: write /a/..b"),
            ("/a\nb", control), ("/a\u{0}b", control), ("/a\u{1B}", control), ("/a\u{7F}", control),
            ("/" + String(repeating: "x", count: 256), long), ("/" + String(repeating: "x/", count: 2048), long),
            ("/" + String(repeating: "x", count: 131_071), long),
        ])
    func `what is not a path is refused`(text: String, expected: String) {
        #expect(outcome(ValueFormats.absolutePath, text) == expected)
    }

    @Test(
        arguments: [
            ("a", "a"), ("a/b", "a/b"), ("..a", "..a"), ("/a/b", "/a/b"), ("/a/", "not in its normal form: write /a"),
            ("a/", "not in its normal form: write a"), ("./a//b", "not in its normal form: write a/b"),
            (".", "not the name of anything"),
            ("a/../b", "it has .. in it: write a path that needs none, or an absolute one"),
            ("..", "it has .. in it: write a path that needs none, or an absolute one"), ("/a/../b", climbs),
            ("a\nb", control), ("a/\n/", control),
        ])
    func `a path below the persistent directory is told in its own words`(text: String, expected: String) {
        #expect(outcome({ text throws(FormatError) in try ValueFormats.pathInScratch(text).string }, text) == expected)
    }

    @Test func `the longest path is taken`() {
        let longest = String(repeating: "/abcdefg", count: 511) + "/abcdef"
        #expect(longest.utf8.count == 4095)
        #expect(outcome(ValueFormats.absolutePath, longest) == longest)
        #expect(outcome(ValueFormats.absolutePath, longest + "g") == Self.long)
    }

    @Test(arguments: [("0", 0), ("007", 0o7), ("7", 0o7), ("077", 0o77), ("0027", 0o27), ("22", 0o22)])
    func `a umask is taken`(text: String, mask: UInt32) throws {
        #expect(try ValueFormats.umask(text) == ModeBits(rawValue: mask))
    }

    @Test(arguments: ["100", "0777", "8", "-7", "+7", "0o7", "u=rwx", "00007", " 7", "7\n", "٧", "0x7"])
    func `what is not a umask is refused`(text: String) {
        #expect(outcome(ValueFormats.umask, text) == "not a umask: octal from 000 to 077")
    }

    @Test(arguments: [("0", 0), ("60", 60), ("86400", 86400)] as [(String, UInt32)])
    func `seconds are taken`(text: String, seconds: UInt32) throws {
        #expect(try ValueFormats.seconds(text) == seconds)
    }

    @Test(arguments: ["-1", "86401", "1.5", "1s", "99999999999", "060"])
    func `what are not seconds is refused`(text: String) {
        #expect(outcome(ValueFormats.seconds, text) == "not whole seconds from 0 to 86400")
    }

    @Test func `a word is one of its list, letter by letter`() throws {
        let level: LogSettings.Level = try ValueFormats.choice("debug")
        #expect(level == .debug)
        for text in ["Debug", "debug ", "de", "debug\n"] {
            let parse: (String) throws(FormatError) -> LogSettings.Level = ValueFormats.choice
            let nearest = text == "de" ? "" : "; did you mean debug?"
            #expect(outcome(parse, text) == "not one of quiet, info, debug\(nearest)")
        }
        #expect(try ValueFormats.boolean("true") && !ValueFormats.boolean("false"))
        for text in ["TRUE", "1", "yes", "on"] {
            #expect(outcome(ValueFormats.boolean, text) == "neither true nor false")
        }
    }
}
