package import Linux
package import Text

/// A private key as ssh reads it from a file, whose form has been checked.
package struct PrivateKey: Sendable {
    /// The type of a key, as far as ssh has a file name for it.
    package enum Kind: Equatable, Sendable {
        case rsa, ed25519, ecdsa
        /// The key has another type, or is encrypted so that its type is not visible.
        case other
    }

    /// The key's file, from its first line to its last.
    package let content: Secret
    package let kind: Kind

    /// Reads a key from the base64 of its file.
    ///
    /// - Throws: what is wrong; the error has nothing of the key.
    package static func decode(base64 text: Secret) throws(FormatError) -> PrivateKey {
        if PEMBlock.begins(in: text) {
            throw FormatError("it is the key itself, and base64 of it is expected (base64 -w0 FILE)")
        }
        let decoded: Secret
        do throws(Base64.Problem) {
            decoded = try Base64.decode(text, 0..<text.count)
        } catch {
            switch error {
            case .byte(let number): throw FormatError("not base64: byte \(number) has no place in it")
            case .length: throw FormatError("not base64: its end is missing")
            }
        }
        return try PrivateKey(file: decoded)
    }

    /// Reads a key from its file, or from the base64 of the file: mounted secrets come in both forms.
    ///
    /// - Throws: what is wrong; the error has nothing of the key.
    package static func read(_ text: Secret) throws(FormatError) -> PrivateKey {
        PEMBlock.begins(in: text) ? try PrivateKey(file: text) : try decode(base64: text)
    }

    /// Reads a key from its file.
    ///
    /// - Throws: what is wrong; the error has nothing of the key.
    init(file: Secret) throws(FormatError) {
        let text: Secret
        do throws(FormatError) {
            text = try KeyText.normalized(file)
        } catch {
            throw Self.noKey
        }
        guard let block = try PEMBlock(in: text) else { throw Self.otherForm(text) }
        switch block.label {
        case Self.openSSHLabel: kind = try Self.openSSHKind(block.body)
        case "RSA PRIVATE KEY": (kind, _) = (.rsa, try block.checkLength())
        case "EC PRIVATE KEY": (kind, _) = (.ecdsa, try block.checkLength())
        case "PRIVATE KEY":
            try block.checkLength()
            kind = Self.pkcs8Kind(block.body)
        case "ENCRYPTED PRIVATE KEY", "DSA PRIVATE KEY": (kind, _) = (.other, try block.checkLength())
        case let label where label.hasSuffix("PUBLIC KEY"): throw Self.publicKey
        case "CERTIFICATE": throw FormatError("it is a certificate, and a private key is expected")
        default: throw FormatError("it is a PEM file of another kind, and a private key is expected")
        }
        content = block.lines
    }

    /// What the first line of OpenSSH's own format names.
    static let openSSHLabel = "OPENSSH PRIVATE KEY"
    /// What the bytes of that format begin with.
    static let openSSHMagic = "openssh-key-v1\0"

    private static var noKey: FormatError {
        FormatError("it does not decode to a key: no line -----BEGIN … PRIVATE KEY----- of PEM or OpenSSH")
    }

    private static var publicKey: FormatError { FormatError("it is a public key, and the private one is expected") }

    static var truncated: FormatError { FormatError("the key is cut off or damaged") }

    /// The error for a text without a PEM block, judging by what the text may be.
    private static func otherForm(_ text: Secret) -> FormatError {
        let publicStarts = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- BEGIN SSH2 PUBLIC KEY"]
        if publicStarts.contains(where: { text.has($0.utf8, at: 0) }) { return publicKey }
        if text.has("PuTTY-User-Key-File-".utf8, at: 0) {
            return FormatError("it is a PuTTY key; convert it with puttygen FILE -O private-openssh")
        }
        // The base64 of -----BEGIN starts with this.
        if text.has("LS0tLS1CRUdJTi".utf8, at: 0) { return FormatError("it is base64 of base64; encode the key once") }
        return noKey
    }

    /// The type, from the algorithm's object identifier (RFC 5958, RFC 8410, RFC 5480, RFC 8017).
    private static func pkcs8Kind(_ body: Secret) -> Kind {
        let identifiers: [(Kind, [UInt8])] = [
            (.ed25519, [0x06, 0x03, 0x2B, 0x65, 0x70]),
            (.ecdsa, [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]),
            (.rsa, [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]),
        ]
        // The identifier follows the version, after at most two lengths of five bytes.
        return identifiers.first { body.firstIndex(of: $0.1).map { $0 < 20 } ?? false }?.0 ?? .other
    }

    /// The type, from the public half, which even an encrypted key has in clear text (OpenSSH, PROTOCOL.key).
    private static func openSSHKind(_ body: Secret) throws(FormatError) -> Kind {
        var fields = SSHFields(of: body)
        guard fields.skip(Self.openSSHMagic.utf8), fields.next() != nil, fields.next() != nil, fields.next() != nil,
            fields.number() == 1, let publicHalf = fields.next(), fields.next() != nil, fields.isAtEnd
        else { throw truncated }
        var inner = SSHFields(of: body, publicHalf)
        guard let type = inner.next() else { throw truncated }
        let kinds: [(String, Kind)] = [
            ("ssh-rsa", .rsa), ("ssh-ed25519", .ed25519), ("ecdsa-sha2-nistp256", .ecdsa),
            ("ecdsa-sha2-nistp384", .ecdsa), ("ecdsa-sha2-nistp521", .ecdsa),
        ]
        return kinds.first { $0.0.utf8.count == type.count && body.has($0.0.utf8, at: type.lowerBound) }?.1 ?? .other
    }
}

/// Reads strings and numbers of the SSH protocol (RFC 4251, section 5).
struct SSHFields {
    private let bytes: Secret
    private let end: Int
    private var position: Int

    init(of bytes: Secret, _ range: Range<Int>? = nil) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    var isAtEnd: Bool { position == end }

    /// Skips known bytes; returns `false` when there are others.
    mutating func skip(_ known: some Collection<UInt8>) -> Bool {
        guard end - position >= known.count, bytes.has(known, at: position) else { return false }
        position += known.count
        return true
    }

    /// A number of 32 bits.
    mutating func number() -> Int? {
        guard end - position >= 4 else { return nil }
        defer { position += 4 }
        return (0..<4).reduce(0) { $0 << 8 | Int(bytes[position + $1]) }
    }

    /// The position of the next string.
    mutating func next() -> Range<Int>? {
        guard let length = number(), end - position >= length else { return nil }
        defer { position += length }
        return position..<(position + length)
    }
}
