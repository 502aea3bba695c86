import Foundation
import Linux
import Testing

@testable import Boot

/// Bytes that are shown by their number only.
struct SecretTests {
    @Test func `whatever way it is printed, only its length shows`() {
        let secret = Secret(text: "hunter2")
        var dumped = ""
        dump(SSHFilesChange.File(.privateKey, secret, from: "THE_KEY"), to: &dumped)
        #expect("\(secret)" == "(secret, 7 bytes)")
        #expect(String(reflecting: secret) == "(secret, 7 bytes)")
        #expect("\([secret])" == "[(secret, 7 bytes)]")
        #expect(!dumped.contains("hunter2") && dumped.contains("(secret, 7 bytes)"))
    }

    @Test func `a secret can be erased`() {
        let secret = Secret(text: "hunter2")
        #expect(
            secret == Secret(text: "hunter2") && secret != Secret(text: "hunter3") && secret != Secret(text: "hunter"))
        #expect(secret.starts(with: Secret(text: "hunt")) && !secret.starts(with: Secret(text: "hunter22")))
        secret.erase()
        #expect(secret.count == 0 && secret == Secret(text: ""))
    }

    @Test func `bytes are found in a secret`() {
        let secret = Secret(text: "abcabc")
        #expect(secret.firstIndex(of: "bc".utf8) == 1 && secret.firstIndex(of: "bc".utf8, from: 2) == 4)
        #expect(secret.firstIndex(of: "bc".utf8, from: 5) == nil && secret.firstIndex(of: "abcabca".utf8) == nil)
        #expect(secret.has("abc".utf8, at: 3) && !secret.has("abca".utf8, at: 3) && !secret.has("a".utf8, at: -1))
    }
}
