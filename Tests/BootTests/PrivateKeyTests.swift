import Foundation
import Linux
import TestSupport
import Testing
import Text

@testable import Boot

/// Keys that ssh-keygen makes, and what becomes of them on the way.
struct PrivateKeyTests {
    private static func problem(_ text: String, base64: Bool = true) -> String {
        do throws(FormatError) {
            let text = base64 ? Data(text.utf8).base64EncodedString() : text
            let key = try PrivateKey.decode(base64: Secret(text: text))
            return "\(key.kind)"
        } catch {
            return error.expected
        }
    }

    @Test(arguments: [
        (["-t", "ed25519"], PrivateKey.Kind.ed25519), (["-t", "rsa", "-b", "1024"], .rsa),
        (["-t", "ecdsa", "-b", "521"], .ecdsa), (["-t", "ed25519", "-N", "passphrase"], .ed25519),
        (["-t", "rsa", "-b", "1024", "-m", "PEM"], .rsa), (["-t", "ecdsa", "-m", "PEM"], .ecdsa),
        (["-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "passphrase"], .rsa),
        (["-t", "rsa", "-b", "1024", "-m", "PKCS8"], .rsa), (["-t", "ecdsa", "-m", "PKCS8"], .ecdsa),
        (["-t", "rsa", "-b", "1024", "-m", "PKCS8", "-N", "passphrase"], .other),
    ])
    func `a key is taken as it is, and its type is known`(options: [String], kind: PrivateKey.Kind) throws {
        let file = try makeKey(options).privateKey
        let key = try PrivateKey.decode(base64: Secret(text: Data(file.utf8).base64EncodedString()))
        #expect(key.kind == kind)
        #expect(key.content.text == file)
        #expect(try PrivateKey.read(Secret(text: file)).content.text == file)
    }

    @Test func `what editors and templates do to a key is repaired`() throws {
        let file = try makeKey(["-t", "ed25519"]).privateKey
        let variants = [
            file.replacingOccurrences(of: "\n", with: "\r\n"), file.replacingOccurrences(of: "\n", with: "\r"),
            String(file.dropLast()), "\u{FEFF}" + file, "\n  \n" + file + "\n\n", "Bag Attributes\n" + file + "more\n",
        ]
        for variant in variants {
            let text = Data(variant.utf8).base64EncodedString(options: .lineLength76Characters)
            #expect(try PrivateKey.decode(base64: Secret(text: " " + text + "\n")).content.text == file)
            #expect(try PrivateKey.read(Secret(text: variant)).content.text == file)
        }
    }

    @Test func `a key that is cut off anywhere is refused`() throws {
        for options in [["-t", "ed25519"], ["-t", "rsa", "-b", "1024", "-m", "PEM"], ["-t", "ecdsa", "-m", "PKCS8"]] {
            let file = try makeKey(options).privateKey
            let lines = file.split(separator: "\n")
            for count in 1..<lines.count {
                let start = lines[..<count].joined(separator: "\n") + "\n"
                #expect(Self.problem(start) == "the key is cut off: it has no line -----END … PRIVATE KEY-----")
            }
            for missing in 1..<(lines.count - 1) {
                var rest = lines
                rest.remove(at: missing)
                #expect(Self.problem(rest.joined(separator: "\n") + "\n") == "the key is cut off or damaged")
            }
        }
    }

    @Test func `what is no private key is refused, and nothing of it is told`() throws {
        let pair = try makeKey(["-t", "ed25519"])
        let noKey = "it does not decode to a key: no line -----BEGIN … PRIVATE KEY----- of PEM or OpenSSH"
        let publicKey = "it is a public key, and the private one is expected"
        let damaged = "the key is cut off or damaged"
        #expect(Self.problem("hello", base64: false) == "not base64: its end is missing")
        #expect(Self.problem("hello!", base64: false) == "not base64: byte 6 has no place in it")
        #expect(Self.problem("   ", base64: false) == noKey)
        #expect(Self.problem("garbage") == noKey)
        #expect(Self.problem("\0\u{1}\u{2}") == noKey)
        #expect(Self.problem(pair.publicKey) == publicKey)
        #expect(Self.problem("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n") == publicKey)
        #expect(Self.problem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n") == publicKey)
        #expect(Self.problem("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n") == publicKey)
        #expect(
            Self.problem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                == "it is a certificate, and a private key is expected")
        #expect(
            Self.problem("-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n")
                == "it is a PEM file of another kind, and a private key is expected")
        #expect(
            Self.problem("PuTTY-User-Key-File-3: ssh-ed25519\n")
                == "it is a PuTTY key; convert it with puttygen FILE -O private-openssh")
        #expect(
            Self.problem(Data(pair.privateKey.utf8).base64EncodedString())
                == "it is base64 of base64; encode the key once")
        #expect(
            Self.problem(pair.privateKey, base64: false)
                == "it is the key itself, and base64 of it is expected (base64 -w0 FILE)")
        for body in ["", "AAAA", "MIIB", "!!!!", "b3BlbnNzaC1rZXktdjEA"] {
            for label in ["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"] {
                #expect(Self.problem("-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n") == damaged)
            }
        }
    }

    @Test func `lengths in a key that reach beyond its end are refused`() {
        // The cipher's name as long as a number can say.
        let body = Array("openssh-key-v1\0".utf8) + [0xFF, 0xFF, 0xFF, 0xFF, 1]
        let text = Data(body).base64EncodedString()
        let block = "-----BEGIN OPENSSH PRIVATE KEY-----\n\(text)\n-----END OPENSSH PRIVATE KEY-----\n"
        #expect(Self.problem(block) == "the key is cut off or damaged")
        let der = Data([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]).base64EncodedString()
        #expect(
            Self.problem("-----BEGIN RSA PRIVATE KEY-----\n\(der)\n-----END RSA PRIVATE KEY-----\n")
                == "the key is cut off or damaged")
    }

    @Test func `a key of 200 KB is taken`() throws {
        // One sequence of DER with so many bytes in it.
        let der = [0x30, 0x83, 0x03, 0x0D, 0x40] + [UInt8](repeating: 0x05, count: 200_000)
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let file = "-----BEGIN RSA PRIVATE KEY-----\n\(body)\n-----END RSA PRIVATE KEY-----\n"
        #expect(Self.problem(file) == "rsa")
    }
}

/// A pair of keys in the form of ssh-keygen's files.
struct KeyPair {
    let privateKey: String
    let publicKey: String
}

/// Lets ssh-keygen make a key, without a passphrase unless the options have one.
func makeKey(_ options: [String]) throws -> KeyPair {
    let directory = FileManager.default.temporaryDirectory.appending(path: "entrypoint-key-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appending(path: "key")
    let passphrase = options.contains("-N") ? [] : ["-N", ""]
    let outcome = try Program(["/usr/bin/ssh-keygen", "-q", "-C", "jane", "-f", file.path()] + options + passphrase)
        .run()
    try #require(outcome.exitCode == 0, "ssh-keygen \(options): \(outcome)")
    return KeyPair(
        privateKey: try String(contentsOf: file, encoding: .utf8),
        publicKey: try String(contentsOf: file.appendingPathExtension("pub"), encoding: .utf8))
}
