import Foundation
import Linux
import Testing

@testable import Boot

extension Secret {
    /// The bytes as text; for tests only.
    var text: String { String(decoding: (0..<count).map { self[$0] }, as: UTF8.self) }

    convenience init(text: String) { self.init(Array(text.utf8)) }
}

/// Base64 of keys.
struct Base64Tests {
    private static func decode(_ text: String) throws(Base64.Problem) -> String {
        let secret = Secret(text: text)
        return try Base64.decode(secret, 0..<secret.count).text
    }

    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"), ("Zg", "f"), ("Zm8", "fo"), (" Z\tm9\r\n\u{0B}\u{0C}v\n", "foo"), ("Zg=\n=", "f"),
        ("\n\n", ""),
    ])
    func `base64 is decoded with whitespace and without padding`(text: String, decoded: String) throws {
        #expect(try Self.decode(text) == decoded)
    }

    @Test(arguments: [
        ("Zm9v!", Base64.Problem.byte(5)), ("-m9v", .byte(1)), ("Zm_v", .byte(3)), ("Zg==Zg==", .byte(5)),
        ("Zm9v\0", .byte(5)), ("é", .byte(1)), ("Z", .length), ("Zm9vZ", .length), ("Zg=", .length), ("Zg===", .length),
        ("Zm9v=", .length), ("====", .length),
    ])
    func `what is not base64 is told by its place`(text: String, problem: Base64.Problem) {
        #expect(throws: problem) { _ = try Self.decode(text) }
    }

    @Test func `any bytes come back, whatever their number`() throws {
        for length in 0...300 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            let text = Secret(text: Data(bytes).base64EncodedString(options: .lineLength64Characters))
            #expect(try Base64.decode(text, 0..<text.count) == Secret(bytes))
        }
    }
}
