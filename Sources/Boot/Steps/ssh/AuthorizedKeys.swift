package import Linux
package import Text

/// The lines of `~/.ssh/authorized_keys`: who may log in, in the form that sshd reads (sshd(8), AUTHORIZED_KEYS FILE
/// FORMAT).
///
/// sshd passes over a line that it does not understand without a word in the session's log. So every line is checked,
/// except the meaning of its options: they are the user's own, in a file of the user's own.
package enum AuthorizedKeys {
    /// The most bytes of a line that sshd reads.
    static let longestLine = 8192

    /// A type of key, and what its bytes hold after its name (RFC 4253, section 6.6; RFC 5656; RFC 8709; OpenSSH,
    /// PROTOCOL.u2f).
    private struct KeyType {
        let name: String
        let parts: [Part]

        enum Part {
            /// A string of this many bytes.
            case bytes(Int)
            /// The name of the curve, which is at the end of the type's.
            case curve
            /// A string of any length but none.
            case some
        }

        init(_ name: String, _ parts: [Part]) {
            self.name = name
            self.parts = parts
        }
    }

    private static var types: [KeyType] {
        [
            KeyType("ssh-ed25519", [.bytes(32)]), KeyType("ssh-rsa", [.some, .some]),
            KeyType("ecdsa-sha2-nistp256", [.curve, .bytes(65)]), KeyType("ecdsa-sha2-nistp384", [.curve, .bytes(97)]),
            KeyType("ecdsa-sha2-nistp521", [.curve, .bytes(133)]),
            KeyType("sk-ssh-ed25519@openssh.com", [.bytes(32), .some]),
            KeyType("sk-ecdsa-sha2-nistp256@openssh.com", [.bytes(8), .bytes(65), .some]),
        ]
    }

    /// The names of the types of keys that are taken.
    package static var typeNames: [String] { types.map { $0.name } }

    /// The text with one newline at the end of every line.
    ///
    /// - Throws: what is wrong, with the number of the line; the error has nothing of the text itself.
    package static func read(_ text: Secret) throws(FormatError) -> Secret {
        try refuseOtherFiles(text)
        let result = try KeyText.readable(text)
        var number = 1 + linesBefore(text)
        var start = 0
        var hasKey = false
        while start < result.count {
            let end = result.firstIndex(of: "\n".utf8, from: start) ?? result.count
            do throws(FormatError) {
                if try isKey(result, start..<end) { hasKey = true }
            } catch {
                throw FormatError("line \(number): \(error.expected)")
            }
            start = end + 1
            number += 1
        }
        guard hasKey else { throw FormatError("it has comments and no key") }
        return result
    }

    /// Names what is no list of public keys, and looks like one to its owner.
    private static func refuseOtherFiles(_ text: Secret) throws(FormatError) {
        if text.firstIndex(of: "PuTTY-User-Key-File-".utf8) != nil {
            throw FormatError(
                "it holds a private key of PuTTY; give the public one, which puttygen FILE -O public-openssh prints")
        }
        // The base64 of -----BEGIN starts with this.
        if text.has("LS0tLS1CRUdJTi".utf8, at: 0) {
            throw FormatError("it is base64 of another file; give the lines of the public keys themselves")
        }
        if text.firstIndex(of: "---- BEGIN SSH2 PUBLIC KEY ----".utf8) != nil {
            throw FormatError("it is a public key in another form; convert it with ssh-keygen -i -f FILE")
        }
    }

    /// The number of lines of nothing but whitespace at the beginning, which are not kept.
    private static func linesBefore(_ text: Secret) -> Int {
        var lines = 0
        var index = text.has([0xEF, 0xBB, 0xBF], at: 0) ? 3 : 0
        while index < text.count, text[index].isSpace {
            let isReturn = text[index] == UInt8(ascii: "\r")
            let endsLine = text[index] == UInt8(ascii: "\n") || isReturn && !text.has("\n".utf8, at: index + 1)
            lines += endsLine ? 1 : 0
            index += 1
        }
        return lines
    }

    /// Whether a line is a key; `false` for a comment, and for a line without anything.
    private static func isKey(_ text: Secret, _ line: Range<Int>) throws(FormatError) -> Bool {
        guard line.count <= longestLine else {
            throw FormatError("longer than \(longestLine) bytes, which sshd does not read")
        }
        let start = text.afterBlanks(from: line.lowerBound, to: line.upperBound)
        if start == line.upperBound || text[start] == UInt8(ascii: "#") { return false }
        let place = start..<line.upperBound
        if let type = try type(text, place) {
            try check(text, place, type)
            return true
        }
        let key = try afterOptions(text, place)
        guard key < line.upperBound, let type = try type(text, key..<line.upperBound) else {
            throw FormatError(
                "it has no type of key that sshd takes where one is expected: \(typeNames.joined(separator: ", "))")
        }
        try check(text, key..<line.upperBound, type)
        return true
    }

    /// The type that a place begins with; `nil` when there is something else.
    private static func type(_ text: Secret, _ place: Range<Int>) throws(FormatError) -> KeyType? {
        let word = place.lowerBound..<text.nextBlank(from: place.lowerBound, to: place.upperBound)
        func isWord(_ name: String) -> Bool {
            name.utf8.count == word.count && text.has(name.utf8, at: word.lowerBound)
        }
        if isWord("ssh-dss") { throw FormatError("it is a DSA key, which sshd does not take; make one of ed25519") }
        let certificate = "-cert-v01@openssh.com"
        if word.count > certificate.utf8.count,
            text.has(certificate.utf8, at: word.upperBound - certificate.utf8.count)
        {
            throw FormatError(
                "it is a certificate; give the key of its authority, with the option cert-authority in front")
        }
        return types.first { isWord($0.name) }
    }

    /// Where the key begins after the options: they end with the first blank that is not in quotation marks.
    private static func afterOptions(_ text: Secret, _ place: Range<Int>) throws(FormatError) -> Int {
        var index = place.lowerBound
        var isQuoted = false
        while index < place.upperBound, isQuoted || !text[index].isBlank {
            let quotes = text[index] == UInt8(ascii: "\"")
            if text[index] == UInt8(ascii: "\\"), index + 1 < place.upperBound, text[index + 1] == UInt8(ascii: "\"") {
                index += 1
            } else if quotes {
                isQuoted.toggle()
            }
            index += 1
        }
        if isQuoted { throw FormatError("its options have a quotation mark without the second one") }
        return text.afterBlanks(from: index, to: place.upperBound)
    }

    /// Checks the key after the name of its type.
    private static func check(_ text: Secret, _ place: Range<Int>, _ type: KeyType) throws(FormatError) {
        let start = text.afterBlanks(from: place.lowerBound + type.name.utf8.count, to: place.upperBound)
        let end = text.nextBlank(from: start, to: place.upperBound)
        guard start < end else { throw FormatError("it has a type of key, and no key after it") }
        let body: Secret
        do throws(Base64.Problem) {
            body = try Base64.decode(text, start..<end)
        } catch {
            throw FormatError("its key is not base64, or is cut off")
        }
        var fields = SSHFields(of: body)
        guard let name = fields.next(), name.count == type.name.utf8.count,
            body.has(type.name.utf8, at: name.lowerBound)
        else { throw FormatError("its key is cut off or damaged, or of another type than its first word says") }
        for part in type.parts {
            guard let field = fields.next(), fits(body, field, part, of: type) else { throw damaged }
        }
        guard fields.isAtEnd else { throw damaged }
    }

    private static func fits(_ body: Secret, _ field: Range<Int>, _ part: KeyType.Part, of type: KeyType) -> Bool {
        switch part {
        case .bytes(let count): return field.count == count
        case .some: return !field.isEmpty
        case .curve:
            let name = "nistp256".utf8.count
            return field.count == name && body.has(type.name.utf8.suffix(name), at: field.lowerBound)
        }
    }

    private static var damaged: FormatError {
        FormatError("its key is cut off or damaged; a key is one line, however long")
    }
}

extension Secret {
    /// The first index from `start` that is no blank, at most `end`.
    fileprivate func afterBlanks(from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, self[index].isBlank { index += 1 }
        return index
    }

    /// The first index from `start` that is a blank, at most `end`.
    fileprivate func nextBlank(from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, !self[index].isBlank { index += 1 }
        return index
    }
}
