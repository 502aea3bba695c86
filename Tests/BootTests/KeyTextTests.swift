import Foundation
import Linux
import TestSupport
import Testing
import Text

@testable import Boot

/// What is written into files that everybody may read.
struct KeyTextTests {
    @Test(arguments: [
        ("ssh-ed25519 AAAA jane", "ssh-ed25519 AAAA jane\n"), ("a\r\nb\rc\n\n", "a\nb\nc\n"), ("\u{FEFF} x \n", "x\n"),
    ])
    func `lines end with one newline`(text: String, normal: String) throws {
        #expect(try KeyText.readable(Secret(text: text)).text == normal)
    }

    @Test(arguments: [
        (" \r\n", "nothing but whitespace"), ("a\0b", "it has a NUL byte"),
        (
            "x\n-----BEGIN OPENSSH PRIVATE KEY-----\n",
            "it holds a private key, which must not be in a file that everybody may read"
        ),
    ])
    func `what must not be written is refused`(text: String, problem: String) {
        #expect(throws: FormatError(problem)) { _ = try KeyText.readable(Secret(text: text)) }
    }
}
