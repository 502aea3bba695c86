import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import UserSide

/// Private keys as ssh sees them.
struct KeyCheckTests {
    private static let directory = "/home/jane/.ssh"

    /// A container with a key that ssh-keygen has made.
    private func container(_ name: String = "id_ed25519", _ options: ByteString...) throws -> FakeContainer {
        let container = try FakeContainer()
        try container.makeDirectory(Self.directory)
        let file = ByteString(container.place("\(Self.directory)/\(name)"))
        let hasPassphrase = options.contains("-N")
        let outcome = try Program(
            "/usr/bin/ssh-keygen",
            ["-q", "-C", "jane", "-f", file] + options + (hasPassphrase ? [] : ["-N", ""])
        ).run()
        #expect(outcome.exitCode == 0, "\(outcome)")
        return container
    }

    private func findings(_ container: FakeContainer, _ variables: [String: String] = [:]) -> [Finding] {
        container.asked { KeyChecks.findings(.jane(variables), in: $0) }
    }

    @Test func `what ssh would refuse, or ask for, is told`() throws {
        var answers = Answers()
        let plain = try container("id_ed25519", "-t", "ed25519")
        answers.add("Ed25519", findings(plain))
        answers.add("RSA in PEM", findings(try container("id_rsa", "-t", "rsa", "-b", "1024", "-m", "PEM")))
        answers.add("ECDSA", findings(try container("work", "-t", "ecdsa")))
        let closed = try container("id_ed25519", "-t", "ed25519", "-N", "passphrase")
        answers.add("encrypted", findings(closed))
        answers.add("encrypted, with an agent", findings(closed, ["SSH_AUTH_SOCK": "/tmp/agent"]))
        let pem = try container("id_rsa", "-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "passphrase")
        answers.add("encrypted PEM", findings(pem))
        let pkcs8 = try container("id_rsa", "-t", "rsa", "-b", "1024", "-m", "PKCS8", "-N", "passphrase")
        answers.add("encrypted PKCS8", findings(pkcs8))
        chmod(plain.place("\(Self.directory)/id_ed25519"), 0o644)
        answers.add("readable for others", findings(plain))
        chmod(plain.place("\(Self.directory)/id_ed25519"), 0o600)
        let other = try container("id_ed25519", "-t", "ed25519")
        try FileManager.default.removeItem(atPath: plain.place("\(Self.directory)/id_ed25519.pub"))
        try FileManager.default.copyItem(
            atPath: other.place("\(Self.directory)/id_ed25519.pub"),
            toPath: plain.place("\(Self.directory)/id_ed25519.pub"))
        answers.add("another public key", findings(plain))
        let text = try String(contentsOfFile: plain.place("\(Self.directory)/id_ed25519"), encoding: .utf8)
        try plain.write("\(Self.directory)/id_ed25519", String(text.dropLast(60)), mode: 0o600)
        answers.add("cut off", findings(plain))
        try plain.write("\(Self.directory)/id_ed25519", "", mode: 0o600)
        answers.add("empty", findings(plain))
        try answers.expect("keys")
    }

    @Test func `other files are no keys, and no directory is no error`() throws {
        let container = try FakeContainer([
            "\(Self.directory)/config": "Host x\n", "\(Self.directory)/known_hosts": "x ssh-ed25519 AAAA\n",
            "\(Self.directory)/id_x.pub": "nothing", "\(Self.directory)/large": String(repeating: "a", count: 1 << 17),
        ])
        #expect(mkfifo(container.place("\(Self.directory)/id_pipe"), 0o600) == 0)
        try container.makeDirectory("\(Self.directory)/id_directory")
        try container.link("\(Self.directory)/id_loop", to: "id_loop")
        #expect(findings(container) == [])
        #expect(findings(try FakeContainer()) == [])
        var other = ContainerFacts.jane()
        other.actor = Credentials(user: 0, group: 0, groups: [])
        let key = try self.container("id_ed25519", "-t", "ed25519")
        #expect(key.asked { KeyChecks.findings(other, in: $0) } == [], "links of the user's are the user's to follow")
    }

    @Test func `a key in memory is followed by its link`() throws {
        let container = try container("id_ed25519", "-t", "ed25519")
        try container.makeDirectory("/run/user")
        let name = "\(Self.directory)/id_ed25519"
        try FileManager.default.moveItem(atPath: container.place(name), toPath: container.place("/run/user/key"))
        try container.link(name, to: "/run/user/key")
        #expect(findings(container) == [.ok("\(name): Ed25519, not encrypted, 0600")])
    }
}
