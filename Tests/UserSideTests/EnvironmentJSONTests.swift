import TestSupport
import Testing
import Text

@testable import UserSide

/// An environment as one JSON object, whatever is in it.
struct EnvironmentJSONTests {
    private static func object(_ entries: [ByteString]) -> EnvironmentJSON { EnvironmentJSON(entries.map(\.bytes)) }

    @Test func `each name has its value, and a value that is not UTF-8 is in base64`() throws {
        let object = Self.object([
            "A=1", "EMPTY=", "LINES=one\ntwo", "EQUAL=a=b", "QUOTE=\"\\$(touch /x)", "NOT=" + [0xFF, 0x00 + 1, 0x80],
        ])
        #expect(object.problems == [])
        #expect(
            object.json.text
                == #"{"A":"1","EMPTY":"","LINES":"one\ntwo","EQUAL":"a=b","QUOTE":"\"\\$(touch /x)","#
                + #""NOT":{"base64":"/wGA"}}"#)
        #expect(try JSON(reading: Array(object.json.text.utf8)) == object.json)
    }

    @Test(
        arguments: [
            (["A=1", "A=2"], #"{"A":"1"}"#, "left out an entry with a name that an earlier one has: see --null"),
            (["=x", "no value", "B=1"], #"{"B":"1"}"#, "left out 2 entries with no name: see --null"),
            (
                [[0xC3, 0x28] + "=x", "B=1"], #"{"B":"1"}"#,
                "left out an entry with a name that is not UTF-8: see --null"
            ),
        ] as [([ByteString], String, String)])
    func `what the object cannot show is left out and told`(entries: [ByteString], json: String, problem: String) {
        let object = Self.object(entries)
        #expect(object.json.text == json && object.problems == [problem])
    }

    @Test func `names that look the same and are not stay apart`() {
        #expect(Self.object(["K=1", "\u{212A}=2", "e\u{301}=3", "\u{e9}=4"]).json.members?.count == 4)
    }

    @Test(
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func `base64 is that of RFC 4648`(text: String, coded: String) {
        #expect(EnvironmentJSON.base64(Array(text.utf8)[...]) == coded)
    }
}
