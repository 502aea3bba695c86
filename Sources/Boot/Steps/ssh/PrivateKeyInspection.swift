import Linux
internal import Text

// What a boot need not know of a key.
extension PrivateKey {
    /// Whether ssh asks for a passphrase before it can use the key.
    package var isEncrypted: Bool {
        guard let block = (try? PEMBlock(in: content)) ?? nil else { return false }
        if block.label == "ENCRYPTED PRIVATE KEY" { return true }
        guard block.label == Self.openSSHLabel else { return block.isEncrypted }
        var fields = SSHFields(of: block.body)
        // The name of the cipher comes first (OpenSSH, PROTOCOL.key).
        guard fields.skip(Self.openSSHMagic.utf8), let cipher = fields.next() else { return false }
        return !(cipher.count == 4 && block.body.has("none".utf8, at: cipher.lowerBound))
    }

    /// The public key in the form that a line of a `.pub` file has in base64; `nil` for a format that does not hold it in
    /// clear text as a whole.
    package var publicHalf: [UInt8]? {
        guard let block = (try? PEMBlock(in: content)) ?? nil, block.label == Self.openSSHLabel else { return nil }
        var fields = SSHFields(of: block.body)
        guard fields.skip(Self.openSSHMagic.utf8), fields.next() != nil, fields.next() != nil, fields.next() != nil,
            fields.number() == 1, let half = fields.next()
        else { return nil }
        return half.map { block.body[$0] }
    }
}
