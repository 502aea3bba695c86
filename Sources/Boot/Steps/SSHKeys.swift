internal import Linux
internal import SystemPackage

/// Gives ssh the keys of the pod's secret.
package struct SSHKeys: Step {
    package static let name = "ssh"
    package static let summary = "ssh has the private key, the public key and the known hosts of the pod's secret"
    package static let actors = "user"
    package static let exports: [String] = []

    static let privateKeyVariable = ContentVariable(
        "SSH_PRIVATE_KEY_B64",
        "Private key for `~/.ssh/id_rsa`, of whatever type, in base64; its file may hold the key itself",
        secrecy: .stripped)
    static let publicKeyVariable = ContentVariable("SSH_PUBLIC_KEY", "Public key for `~/.ssh/id_rsa.pub`")
    static let knownHostsVariable = ContentVariable("SSH_KNOWN_HOSTS", "Known hosts for `~/.ssh/known_hosts`")

    package static let variables: [any VariableDeclaration] =
        [privateKeyVariable, publicKeyVariable, knownHostsVariable].flatMap { variable -> [any VariableDeclaration] in
            [variable, variable.file]
        }

    private let privateKey: PrivateKey?
    private let publicKey: Secret?
    private let knownHosts: Secret?

    package init?(reading reader: inout SettingsReader) {
        privateKey = reader.content(Self.privateKeyVariable) { bytes, isFile throws(FormatError) in
            isFile ? try PrivateKey.read(bytes) : try PrivateKey.decode(base64: bytes)
        }
        publicKey = reader.content(Self.publicKeyVariable) { bytes, _ throws(FormatError) in
            try KeyText.readable(bytes)
        }
        knownHosts = reader.content(Self.knownHostsVariable) { bytes, _ throws(FormatError) in
            try KeyText.readable(bytes)
        }
        if privateKey == nil && publicKey == nil && knownHosts == nil { return nil }
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let contents: [(SSHFileName, Secret?)] = [
            (.privateKey, privateKey?.content), (.publicKey, publicKey), (.knownHosts, knownHosts),
        ]
        let change = SSHFilesChange(
            directory: context.people.user.home.appending(".ssh"),
            files: contents.compactMap { name, content in content.map { SSHFilesChange.File(name, $0) } },
            alias: alias, mounts: context.host.mounts)
        return StepPlan(changes: [PlannedChange(.sshFiles(change), by: [.user], onFailure: .warn)])
    }

    /// The name under which programs look for a key of this type.
    private var alias: SSHFileName? {
        switch privateKey?.kind {
        case .ed25519: .ed25519
        case .ecdsa: .ecdsa
        case .rsa, .other, nil: nil
        }
    }
}
