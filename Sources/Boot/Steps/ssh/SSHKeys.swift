internal import Linux
internal import Text

/// Gives ssh the keys in the pod's secret, and sshd those of the people who may log in.
package struct SSHKeys: Step {
    package static let name = "ssh"
    package static let summary =
        "ssh has the pod's private key, public key and known hosts, and sshd the keys that may log in"
    package static let actors = "user"
    package static let exports: [String] = []

    static let privateKeyVariable = ContentVariable(
        "SSH_PRIVATE_KEY_B64",
        "Private key for `~/.ssh/id_rsa`, of whatever type, in base64; its file may hold the key itself",
        secrecy: .stripped, fileKey: "ssh.privateKeyFile")
    static let publicKeyVariable = ContentVariable(
        "SSH_PUBLIC_KEY", "Public key for `~/.ssh/id_rsa.pub`", fileKey: "ssh.publicKeyFile")
    static let knownHostsVariable = ContentVariable(
        "SSH_KNOWN_HOSTS", "Known hosts for `~/.ssh/known_hosts`", fileKey: "ssh.knownHostsFile")
    static let authorizedKeysVariable = ContentVariable(
        "SSH_AUTHORIZED_KEYS", "Public keys that may log in, one in a line, for `~/.ssh/authorized_keys`",
        fileKey: "ssh.authorizedKeysFile")

    package static let variables: [any VariableDeclaration] =
        [privateKeyVariable, publicKeyVariable, knownHostsVariable, authorizedKeysVariable]
        .flatMap { variable -> [any VariableDeclaration] in [variable, variable.file] }

    static let privateKeyNameSetting = FileSetting(
        "ssh.privateKeyName", .text(parseName),
        Words(
            "Name of the private key's file in `~/.ssh`; the public key's has `.pub` at its end. The name by which ssh "
                + "looks for a key of its type is a link to it",
            default: usualName, example: usualName))

    private static let usualName = "id_rsa"

    package static let fileSettings: [any SettingDeclaration] = [privateKeyNameSetting]

    /// A name that has no other meaning to ssh (sshd(8), FILES), and none to a shell.
    private static func parseName(_ text: String) throws(FormatError) -> String {
        guard !["known_hosts", "authorized_keys", "config", "environment", "rc"].contains(text),
            !text.hasSuffix(".pub"), let name = try? ValueFormats.accountName(text), !name.hasSuffix("$")
        else {
            throw FormatError(
                "not the name of a private key: a letter or _, then at most 30 letters, digits, _ . or -, without .pub")
        }
        return name
    }

    private let privateKeyName: String
    private let privateKey: PrivateKey?
    private let publicKey: Secret?
    private let knownHosts: Secret?
    private let authorizedKeys: Secret?
    /// The variables that were given, which are reported if something is in the way of their files.
    private let given: [(name: SSHFileName, variable: String)]

    package init?(reading reader: inout SettingsReader) {
        privateKeyName = reader.value(Self.privateKeyNameSetting) ?? Self.usualName
        privateKey = reader.content(Self.privateKeyVariable) { bytes, isFile throws(FormatError) in
            isFile ? try PrivateKey.read(bytes) : try PrivateKey.decode(base64: bytes)
        }
        publicKey = reader.content(Self.publicKeyVariable) { bytes, _ throws(FormatError) in
            try KeyText.readable(bytes)
        }
        knownHosts = reader.content(Self.knownHostsVariable) { bytes, _ throws(FormatError) in
            try KeyText.readable(bytes)
        }
        authorizedKeys = reader.content(Self.authorizedKeysVariable) { bytes, _ throws(FormatError) in
            try AuthorizedKeys.read(bytes)
        }
        if privateKey == nil && publicKey == nil && knownHosts == nil && authorizedKeys == nil { return nil }
        let variables: [(SSHFileName, ContentVariable)] = [
            (.privateKey(privateKeyName), Self.privateKeyVariable),
            (.publicKey(of: privateKeyName), Self.publicKeyVariable),
            (.knownHosts, Self.knownHostsVariable), (.authorizedKeys, Self.authorizedKeysVariable),
        ]
        given = variables.map { name, variable in
            (name, reader.isSet(variable.file) ? variable.file.name : variable.name)
        }
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let contents = [privateKey?.content, publicKey, knownHosts, authorizedKeys]
        let change = SSHFilesChange(
            directory: context.people.user.home.appending(".ssh"),
            files: zip(given, contents).compactMap { given, content in
                content.map { SSHFilesChange.File(given.name, $0, from: given.variable) }
            },
            privateKey: .privateKey(privateKeyName), alias: alias,
            owners: context.settings[Scratch.self]?.permittedOwners(context).owners ?? [])
        return StepPlan(changes: [PlannedChange(.sshFiles(change), by: [.user], onFailure: .warn)])
    }

    /// The name under which programs look for a key of this type.
    private var alias: SSHFileName? {
        let name: SSHFileName? =
            switch privateKey?.kind {
            case .ed25519: .ed25519
            case .ecdsa: .ecdsa
            case .rsa: .rsa
            case .other, nil: nil
            }
        return name?.text == privateKeyName ? nil : name
    }
}
