import Foundation
import Testing
import Text

/// What is written is read back, and what is none is refused with its place.
struct JSONReaderTests {
    @Test(arguments: [
        #"{}"#, #"[]"#, #"null"#, #"true"#, #"-12"#, #"0"#, #""a\"b\\c""#, #"{"a":[1,{"b":null}],"c":"é"}"#,
        #"["\u0001","\n\t\r"]"#,
    ]) func `a value in the form that is written is read as it is`(text: String) throws {
        #expect(try JSON(reading: text.utf8).text == text)
    }

    @Test(arguments: [
        (" { \"a\" :\n[ 1 ,2 ] } ", #"{"a":[1,2]}"#), (#""\u00e9\ud83d\ude00\/""#, "\"é\u{1F600}/\""),
        (#""\b\f""#, #""\u0008\u000c""#),
    ]) func `other forms of a value are read, too`(text: String, form: String) throws {
        #expect(try JSON(reading: text.utf8).text == form)
    }

    @Test(arguments: [
        ("", "expected a value at byte 1"), ("01", "expected a value at byte 3"), ("+1", "expected a value at byte 1"),
        ("1.5", "expected a number without fraction and exponent at byte 2"),
        ("[1", "expected a comma or the end of the array at byte 3"),
        ("{\"a\"}", "expected a colon at byte 5"), ("{a:1}", "expected the name of a member at byte 2"),
        ("\"\n\"", "expected no control character in a string at byte 3"),
        ("\"\\x\"", "expected an escape that JSON has at byte 4"),
        ("\"\\ud800\"", "expected a pair of surrogates at byte 8"), ("tru", "expected a value at byte 1"),
        ("1 2", "expected the end of the text at byte 3"), ("\"", "expected the end of a string at byte 2"),
    ]) func `what is no value is refused`(text: String, told: String) {
        #expect(throws: FormatError(told)) { try JSON(reading: text.utf8) }
    }

    @Test func `depth has a limit, and bytes that are no text are refused`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: FormatError("too many arrays and objects inside each other at byte 65")) {
            try JSON(reading: deep.utf8)
        }
        #expect(throws: FormatError("expected UTF-8 at byte 4")) { try JSON(reading: [0x22, 0xFF, 0x22] as [UInt8]) }
    }

    /// Of random changes to a value, Foundation's reader takes those that this one takes, and sees the same.
    @Test func `another reader agrees`() throws {
        let valid = Array(#"{"a":[1,-20,{"b":null,"c":"x\u00e9\n"}],"d":true,"e":"é"}"#.utf8)
        var random = SystemRandomNumberGenerator()
        var taken = 0
        for _ in 0..<20_000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = bytes.indices.randomElement(using: &random) ?? 0
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes.randomElement(using: &random) ?? 0, at: index)
                }
            }
            guard let value = try? JSON(reading: bytes) else { continue }
            taken += 1
            let object = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            let again = try JSONSerialization.jsonObject(with: Data(value.text.utf8), options: .fragmentsAllowed)
            #expect((object as? NSObject) == (again as? NSObject), "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(taken > 500)
    }
}
