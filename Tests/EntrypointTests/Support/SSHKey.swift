import TestSupport
import Testing

/// A key pair that ssh-keygen has made.
struct SSHKey: Sendable {
    /// The private key's file.
    let file: ByteString
    /// The public key's line, with its newline.
    let publicLine: ByteString

    /// Makes one in a container of its own.
    ///
    /// - Parameters:
    ///   - type: as ssh-keygen's `-t` wants it.
    ///   - passphrase: what the file is encrypted with; empty for a plain file.
    init(_ type: ByteString = "ed25519", passphrase: ByteString = "") throws {
        (file, publicLine) = try withContainer(.debian) { container in
            container.entrypoint = []
            let outcome = try container.run(
                "ssh-keygen", "-q", "-t", type, "-N", passphrase, "-C", "jane", "-f", "/key")
            try #require(outcome.exitCode == 0, "\(outcome)")
            return (try container.read("/key"), try container.read("/key.pub"))
        }
    }

    /// The private key's file in base64, as a Kubernetes secret of a pod's variables has it.
    var base64: ByteString { file.base64 }
    /// The public key without its comment.
    var publicWords: String { publicLine.text.split(separator: " ").prefix(2).joined(separator: " ") }
}
