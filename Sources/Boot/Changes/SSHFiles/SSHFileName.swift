package import Linux

/// A name in ssh's directory that a boot may create; everything else there is the user's.
package struct SSHFileName: Hashable, Sendable {
    /// One component of a path, without white space.
    package let text: String
    /// The file's mode (ssh(1), FILES).
    package let mode: ModeBits

    private init(_ text: String, mode: ModeBits) {
        self.text = text
        self.mode = mode
    }

    /// The private key's name.
    package static func privateKey(_ name: String) -> SSHFileName { SSHFileName(name, mode: 0o600) }
    /// The name of the public key beside a private one.
    package static func publicKey(of name: String) -> SSHFileName { SSHFileName(name + ".pub", mode: 0o644) }

    package static let privateKey = privateKey("id_rsa")
    package static let publicKey = publicKey(of: "id_rsa")
    package static let knownHosts = SSHFileName("known_hosts", mode: 0o644)
    /// Who may log in (sshd(8), FILES).
    package static let authorizedKeys = SSHFileName("authorized_keys", mode: 0o600)
    /// The names under which ssh looks for a key of a given type.
    package static let rsa = privateKey("id_rsa")
    package static let ed25519 = privateKey("id_ed25519")
    package static let ecdsa = privateKey("id_ecdsa")
}

extension SSHFileName {
    /// The name as a path component.
    var component: FilePath.Component { FilePath.Component(text) ?? "id_rsa" }

    /// Whether the file may lie on a volume.
    ///
    /// sshd follows a link to the keys that may log in only where nobody else can write in any directory above its
    /// target (sshd_config(5), StrictModes), and in `/dev/shm` everybody can. Public keys are no secret.
    var mayOutliveContainer: Bool { self == .authorizedKeys }

    /// Whether others add lines to the file: ssh itself, or the user by ssh-copy-id.
    var isOpenEnded: Bool { self == .knownHosts || self == .authorizedKeys }
}
