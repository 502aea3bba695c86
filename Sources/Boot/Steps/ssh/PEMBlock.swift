import Linux
internal import Text

/// A block between the lines `-----BEGIN label-----` and `-----END label-----` (RFC 7468, RFC 1421 for headers).
struct PEMBlock {
    let label: String
    /// The block from its first line to its last, and nothing around it.
    let lines: Secret
    /// The bytes that the block encodes.
    let body: Secret
    /// Whether the headers say that the body is encrypted.
    let isEncrypted: Bool

    private static let begin = "-----BEGIN "
    private static let dashes = "-----"

    /// Whether a block begins anywhere in a text, at the start of a line.
    static func begins(in text: Secret) -> Bool { firstBegin(in: text) != nil }

    private static func firstBegin(in text: Secret) -> Int? {
        var start = 0
        while let index = text.firstIndex(of: begin.utf8, from: start) {
            let isAfterMark = index == 3 && text.has([0xEF, 0xBB, 0xBF], at: 0)
            if index == 0 || isAfterMark || text[index - 1].isSpace { return index }
            start = index + 1
        }
        return nil
    }

    /// Reads the first block of a text whose lines end with newlines; `nil` when there is none.
    ///
    /// - Throws: an error if the block is cut off or damaged.
    init?(in text: Secret) throws(FormatError) {
        guard let start = Self.firstBegin(in: text) else { return nil }
        let labelStart = start + Self.begin.utf8.count
        guard let labelEnd = text.firstIndex(of: Self.dashes.utf8, from: labelStart), labelEnd - labelStart <= 64,
            let headEnd = text.firstIndex(of: "\n".utf8, from: labelEnd)
        else { throw PrivateKey.truncated }
        let label = String(decoding: (labelStart..<labelEnd).map { text[$0] }, as: UTF8.self)
        let foot = "-----END \(label)-----"
        guard let footStart = text.firstIndex(of: foot.utf8, from: headEnd) else {
            throw FormatError("the key is cut off: it has no line -----END … PRIVATE KEY-----")
        }
        var bodyStart = headEnd + 1
        // Headers have a colon, which base64 does not have, and end with an empty line.
        let hasHeaders = text.firstIndex(of: ":".utf8, from: bodyStart).map { $0 < footStart } ?? false
        if hasHeaders {
            guard let end = text.firstIndex(of: "\n\n".utf8, from: bodyStart), end < footStart else {
                throw PrivateKey.truncated
            }
            isEncrypted = text.firstIndex(of: ",ENCRYPTED".utf8, from: bodyStart).map { $0 < end } ?? false
            bodyStart = end + 2
        } else {
            isEncrypted = false
        }
        do throws(Base64.Problem) {
            body = try Base64.decode(text, bodyStart..<max(bodyStart, footStart))
        } catch {
            throw PrivateKey.truncated
        }
        let end = footStart + foot.utf8.count
        lines = Secret(text, start..<end, more: 1)
        lines.append(UInt8(ascii: "\n"))
        self.label = label
    }

    /// Checks that the body is one complete DER sequence (X.690), as far as that is visible.
    ///
    /// - Throws: an error if it is cut off or damaged.
    func checkLength() throws(FormatError) {
        // The body looks random after old PEM encryption, in blocks of 8 or 16 bytes.
        if isEncrypted {
            guard body.count > 0, body.count % 8 == 0 else { throw PrivateKey.truncated }
            return
        }
        guard body.count > 2, body[0] == 0x30 else { throw PrivateKey.truncated }
        let first = Int(body[1])
        guard first >= 0x80 else {
            guard body.count == 2 + first else { throw PrivateKey.truncated }
            return
        }
        let digits = first & 0x7F
        guard (1...4).contains(digits), body.count > 2 + digits else { throw PrivateKey.truncated }
        let length = (0..<digits).reduce(0) { $0 << 8 | Int(body[2 + $1]) }
        guard body.count == 2 + digits + length else { throw PrivateKey.truncated }
    }
}
