import Testing
import YAML

/// Which bytes a text may have.
struct EncodingTests {
    private static let wide = ["f:1:1: the file is UTF-16 or UTF-32: save it as UTF-8"]

    @Test(
        arguments: [
            ("UTF-16, big-endian, with mark", [0xFE, 0xFF, 0, 0x61, 0, 0x3A]),
            ("UTF-16, little-endian, with mark", [0xFF, 0xFE, 0x61, 0, 0x3A, 0]),
            ("UTF-16, big-endian", [0, 0x61, 0, 0x3A]),
            ("UTF-16, little-endian", [0x61, 0, 0x3A, 0]),
            ("UTF-32, big-endian, with mark", [0, 0, 0xFE, 0xFF, 0, 0, 0, 0x61]),
            ("UTF-32, big-endian", [0, 0, 0, 0x61]),
            ("UTF-32, little-endian", [0x61, 0, 0, 0]),
        ] as [(String, [UInt8])])
    func `other encodings are recognized`(name: String, bytes: [UInt8]) {
        #expect(refusals(bytes) == Self.wide, "\(name)")
    }

    @Test func `each byte that is not UTF-8 is told with its position`() {
        let text: [UInt8] =
            Array("a: ".utf8) + [0xE4] + Array("\nö: ".utf8) + [0xFF, 0xC3] + Array("(\n".utf8) + [0xED, 0xA0]
        #expect(
            refusals(text) == [
                "f:1:4: not UTF-8: the byte 0xE4; save the file as UTF-8",
                "f:2:4: not UTF-8: the byte 0xFF; save the file as UTF-8",
                "f:2:5: not UTF-8: the byte 0xC3; save the file as UTF-8",
                "f:3:1: not UTF-8: the byte 0xED; save the file as UTF-8",
                "f:3:2: not UTF-8: the byte 0xA0; save the file as UTF-8",
            ])
    }

    @Test(arguments: [
        Refused("a: b\0c\n\0", "f:1:5: a NUL byte: remove it", "f:2:1: a NUL byte: remove it"),
        Refused(
            "ä: \u{1B}[31m",
            "f:1:4: the control character U+001B: remove it, or write an escape in double quotes"),
        Refused("a: \u{7F}", "f:1:4: the control character U+007F: remove it, or write an escape in double quotes"),
        Refused("a: \u{FFFE}", "f:1:4: the control character U+FFFE: remove it, or write an escape in double quotes"),
        Refused("a: b\u{85}c", "f:1:5: the line separator U+0085, which most editors do not show: remove it"),
        Refused(
            "a: b\u{2028}c\u{2029}",
            "f:1:5: the line separator U+2028, which most editors do not show: remove it",
            "f:1:7: the line separator U+2029, which most editors do not show: remove it"),
        Refused("a: b\rc: d", "f:1:5: a carriage return without line feed: end lines with a line feed"),
        Refused("a: b\r", "f:1:5: a carriage return without line feed: end lines with a line feed"),
        Refused("a: \u{FEFF}b", "f:1:4: a byte order mark within the text: remove it"),
    ])
    func `characters that people do not see are refused`(refused: Refused) {
        #expect(refusals(refused.text) == refused.lines)
    }

    @Test func `the same characters are accepted as escapes, but for NUL`() throws {
        let node = try YAML.parse(Array(#""\e\u2028\uFEFF\x85""#.utf8))
        #expect(node?.content == .scalar("\u{1B}\u{2028}\u{FEFF}\u{85}", isPlain: false))
    }
}
