import Foundation
import Linux
import TestSupport
import Testing
import Text

@testable import Boot

/// The lines of `~/.ssh/authorized_keys`.
struct AuthorizedKeysTests {
    /// A key of each type that sshd takes, and that this machine's ssh-keygen makes.
    private static let types =
        [["ed25519"], ["rsa", "-b", "1024"], ["rsa", "-b", "4096"]]
        + ["256", "384", "521"].map { ["ecdsa", "-b", $0] }

    /// A key whose bytes are made here, in the fields of the SSH protocol.
    private static func line(_ type: String, _ fields: [[UInt8]]) -> String {
        let body = ([Array(type.utf8)] + fields).flatMap { field in
            withUnsafeBytes(of: UInt32(field.count).bigEndian) { Array($0) } + field
        }
        return "\(type) \(Data(body).base64EncodedString())"
    }

    private static let point = [4] + [UInt8](repeating: 7, count: 64)
    private static let plain = line("ssh-ed25519", [[UInt8](repeating: 7, count: 32)])

    private static func read(_ text: String) throws -> String { try AuthorizedKeys.read(Secret(text: text)).text }

    private static func problem(_ text: String) -> String? {
        do throws(FormatError) {
            _ = try AuthorizedKeys.read(Secret(text: text))
            return nil
        } catch {
            return error.expected
        }
    }

    @Test(arguments: types) func `what ssh-keygen makes is taken as it is`(type: [String]) throws {
        let key = try makeKey(["-t"] + type).publicKey
        #expect(try Self.read(key) == key)
        #expect(try Self.read(String(key.dropLast())) == key)
    }

    @Test func `keys of security keys are taken`() throws {
        let application = Array("ssh:".utf8)
        for line in [
            Self.line("sk-ssh-ed25519@openssh.com", [[UInt8](repeating: 7, count: 32), application]),
            Self.line("sk-ecdsa-sha2-nistp256@openssh.com", [Array("nistp256".utf8), Self.point, application]),
        ] { #expect(try Self.read(line) == line + "\n") }
    }

    /// Options, which are the user's own business as far as they end.
    @Test(arguments: [
        "restrict", "restrict,pty", #"command="echo hello world""#, #"environment="A=\"b c\"",no-pty"#,
        #"from="10.0.0.0/8,!10.1.0.1",command="a # b""#, "cert-authority", "an-option-of-tomorrow=1",
    ])
    func `options stay as they are`(options: String) throws {
        for space in [" ", "\t", " \t "] {
            let line = "\(options)\(space)\(Self.plain) jane's own key, of \"work\n"
            #expect(try Self.read(line) == line)
        }
    }

    @Test func `comments, empty lines and the line ends of other systems are taken`() throws {
        let text = "\u{FEFF}\r\n# mine\r\n\r\n  \(Self.plain) a\r\n\t# \(Self.plain)\r\(Self.plain) b"
        #expect(try Self.read(text) == "# mine\n\n  \(Self.plain) a\n\t# \(Self.plain)\n\(Self.plain) b\n")
    }

    /// Texts that are refused, and what is said of them.
    private static let wrong: [(String, String)] = [
        ("  \n\t\n", "nothing but whitespace"), ("# nobody\n", "it has comments and no key"),
        ("\(plain)\n\0", "it has a NUL byte"),
        ("\(plain)\nssh-ed25519\n", "line 2: it has a type of key, and no key after it"),
        ("\n\r\n\r# a\n\(plain)\nssh-ed25519 AAA!\n", "line 6: its key is not base64, or is cut off"),
        ("restrict \(plain.dropLast(9))\n", "line 1: its key is cut off or damaged; a key is one line, however long"),
        ("command=\"a b \(plain)", "line 1: its options have a quotation mark without the second one"),
        (
            plain.replacing("ssh-ed25519", with: "ssh-rsa"),
            "line 1: its key is cut off or damaged, or of another type than its first word says"
        ),
        (line("ssh-ed25519", [[1, 2, 3]]), "line 1: its key is cut off or damaged; a key is one line, however long"),
        (line("ssh-rsa", [[1]]), "line 1: its key is cut off or damaged; a key is one line, however long"),
        (
            line("ecdsa-sha2-nistp384", [Array("nistp256".utf8), point]),
            "line 1: its key is cut off or damaged; a key is one line, however long"
        ),
        (
            line("ssh-ed25519", [[UInt8](repeating: 7, count: 32), [1]]),
            "line 1: its key is cut off or damaged; a key is one line, however long"
        ),
        ("ssh-dss AAAA", "line 1: it is a DSA key, which sshd does not take; make one of ed25519"),
        (
            "no-pty ssh-ed25519-cert-v01@openssh.com AAAA",
            "line 1: it is a certificate; give the key of its authority, with the option cert-authority in front"
        ),
        ("\(plain) \(String(repeating: "c", count: 8192))", "line 1: longer than 8192 bytes, which sshd does not read"),
        (
            "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0K",
            "it is base64 of another file; give the lines of the public keys themselves"
        ),
        (
            "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n",
            "it holds a private key of PuTTY; give the public one, which puttygen FILE -O public-openssh prints"
        ),
        (
            "---- BEGIN SSH2 PUBLIC KEY ----\n",
            "it is a public key in another form; convert it with ssh-keygen -i -f FILE"
        ),
    ]

    @Test(arguments: wrong) func `what sshd would pass over is refused, with its line`(text: String, problem: String) {
        #expect(Self.problem(text) == problem)
    }

    @Test(arguments: ["", "s3cr3t ", "s3cr3t AAAA s3cr3t", "github:s3cr3t", "command=\"s3cr3t\" ssh-s3cr3t AAAA"])
    func `another word in the place of a type is told without it`(line: String) {
        let told = Self.problem("\(Self.plain)\n\(line.isEmpty ? "hunter2" : line)\n")
        #expect(
            told == "line 2: it has no type of key that sshd takes where one is expected: "
                + AuthorizedKeys.typeNames.joined(separator: ", "))
    }

    @Test func `a private key is refused, wherever it stands`() throws {
        let pair = try makeKey(["-t", "ed25519"])
        for text in [pair.privateKey, "\(pair.publicKey)\(pair.privateKey)", "ssh-ed25519 A\n\(pair.privateKey)"] {
            #expect(
                Self.problem(text) == "it holds a private key, which must not be in a file that everybody may read")
        }
    }

    /// sshd's own reader of such files is ssh-keygen's, as far as keys go.
    @Test func `ssh-keygen finds every key that is taken`() throws {
        var text = "# people\n\n"
        var count = 0
        for type in Self.types {
            text += "restrict,command=\"a b\" \(try makeKey(["-t"] + type).publicKey)"
            count += 1
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "entrypoint-authorized-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        try Self.read(text).write(to: file, atomically: false, encoding: .utf8)
        let outcome = try Program(["/usr/bin/ssh-keygen", "-l", "-f", file.path()]).run()
        #expect(outcome.exitCode == 0 && outcome.outputLines.count == count, "\(outcome)")
    }
}
