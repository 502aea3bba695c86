import Boot
import Linux
import Testing
import Text

struct JSONTests {
    @Test(
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\n\r\t", #""\n\r\t""#),
            ("\u{0}\u{1}\u{1F}\u{7F}", #""\u0000\u0001\u001f\u007f""#), ("\r\n", #""\r\n""#),
            ("é🙂\u{2028}", "\"é🙂\u{2028}\""),
            ("e\u{301}", "\"e\u{301}\""), ("a\u{FFFD}", "\"a\u{FFFD}\""),
        ])
    func `a string is quoted as RFC 8259 wants it`(text: String, json: String) {
        #expect(Array(JSON.string(text).text.unicodeScalars) == Array(json.unicodeScalars))
    }

    @Test func `numbers, words, arrays and objects are written without spaces, in their order`() {
        let value = JSON.object([
            ("z", .number(-1)), ("a\"", .array([.bool(true), .bool(false), .null, .number(UInt64.max)])),
            ("empty", .array([])), ("object", .object([])),
        ])
        #expect(value.text == #"{"z":-1,"a\"":[true,false,null,18446744073709551615],"empty":[],"object":{}}"#)
    }
}
