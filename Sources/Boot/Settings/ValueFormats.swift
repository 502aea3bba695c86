package import Linux
package import Text
internal import YAML

/// The formats of settings' values; each format takes a text that is not empty.
package enum ValueFormats {
    /// The name of a user or group: at most 32 bytes of portable characters, and no name that account files, sudoers or
    /// a shell would read as something else (useradd(8), sudoers(5)).
    package static func accountName(_ text: String) throws(FormatError) -> String {
        let bytes = Array(text.utf8)
        let body = bytes.last == UInt8(ascii: "$") ? bytes.dropLast() : bytes[...]
        guard let first = body.first, (first.isLetter || first == UInt8(ascii: "_")), body.count <= 31,
            body.allSatisfy({ $0.isNameByte })
        else {
            throw FormatError(
                "not a name: a letter or _, then at most 30 letters, digits, _ . or -, and perhaps a $ at the end")
        }
        guard !["ALL", "Defaults", "root"].contains(text) else {
            throw FormatError("not a usable name: sudo or the system gives it another meaning")
        }
        return text
    }

    /// The id of a user or group that a boot may hand over to.
    package static func accountID(_ text: String) throws(FormatError) -> UInt32 {
        guard let id = decimal(text), id >= 1, id <= 4_294_967_294, id != 65534 else {
            throw FormatError("not a decimal id from 1 to 4294967294, other than 65534, which is nobody's")
        }
        return UInt32(id)
    }

    /// The name of an entry in a list of steps or services: letters, digits, `_`, `.` and `-`.
    package static func entryName(_ text: String) throws(FormatError) -> String {
        guard text.utf8.count <= 64, StepDirectory.isPlain(text) else {
            throw FormatError("not a name: a letter or digit, then at most 63 letters, digits, _ . or -")
        }
        return text
    }

    /// The name of a variable, as a shell defines it.
    package static func variableName(_ text: String) throws(FormatError) -> String {
        guard text.isVariableName else { throw FormatError("not the name of a variable") }
        return text
    }

    /// A text that can be passed as an argument or in an environment.
    package static func argument(_ text: String) throws(FormatError) -> String {
        guard !text.utf8.contains(0) else { throw FormatError("it has a NUL byte") }
        return text
    }

    /// An absolute path in normal form.
    package static func absolutePath(_ text: String) throws(FormatError) -> FilePath {
        guard text.utf8.first == UInt8(ascii: "/") else { throw FormatError("not an absolute path") }
        guard !text.utf8.contains(where: { $0.isControl }) else {
            throw FormatError("not a path for this: it has a control character")
        }
        guard text.utf8.count < 4096, text.utf8.split(separator: UInt8(ascii: "/")).allSatisfy({ $0.count <= 255 })
        else { throw FormatError("too long for a path: at most 4095 bytes, and 255 between slashes") }
        let normal = FilePath(text).lexicallyNormalized()
        guard normal.string == text else { throw notNormal(text, normal.shown()) }
        return normal
    }

    /// - Parameter normal: the path as it would be without symbolic links.
    private static func notNormal(_ text: String, _ normal: String) -> FormatError {
        // Behind a symbolic link, this leads to the directory above the link's target.
        let climbs = text.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
        return FormatError(
            climbs
                ? "it has .. in it, which leads elsewhere behind a symbolic link: write what realpath prints for it"
                : "not in its normal form: write \(normal)")
    }

    /// A path in normal form: absolute, or below the user's persistent directory.
    package static func pathInScratch(_ text: String) throws(FormatError) -> FilePath {
        if text.utf8.first == UInt8(ascii: "/") { return try absolutePath(text) }
        let normal = FilePath("/" + text).lexicallyNormalized()
        if normal.string != "/" + text, !text.utf8.contains(where: { $0.isControl }) {
            let parts = text.utf8.split(separator: UInt8(ascii: "/"))
            // What it is below is known when the boot begins.
            if parts.contains(where: { $0.elementsEqual("..".utf8) }) {
                throw FormatError("it has .. in it: write a path that needs none, or an absolute one")
            }
            let relative = FilePath(root: nil, normal.components)
            throw FormatError(
                relative.isEmpty ? "not the name of anything" : "not in its normal form: write \(relative.shown())")
        }
        let absolute = try absolutePath("/" + text)
        return FilePath(root: nil, absolute.components)
    }

    /// The number of a capability, from its name in capabilities(7), with or without `CAP_`.
    package static func capability(_ text: String) throws(FormatError) -> Int {
        // libcap would take what follows a name for another part of the text.
        if text.isVariableName, let number = Capability.number(named: text) { return number }
        let names = (0..<64).map { Capability.name(of: $0) }
        let given = text.uppercased()
        let nearest = Suggestion.nearest(
            to: given.utf8.starts(with: "CAP_".utf8) ? given : "CAP_" + given, among: names)
        throw FormatError(
            "not a capability; " + (nearest.map { "did you mean \($0)?" } ?? "write a name such as NET_RAW"))
    }

    /// A umask that leaves the owner access.
    package static func umask(_ text: String) throws(FormatError) -> ModeBits {
        guard text.utf8.count <= 4, text.utf8.allSatisfy({ $0.isOctalDigit }),
            let mask = UInt32(text, radix: 8),
            mask <= 0o077
        else { throw FormatError("not a umask: octal from 000 to 077") }
        return ModeBits(rawValue: mask)
    }

    /// One word of a fixed list.
    package static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ text: String
    ) throws(FormatError) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            throw noneOf(Choice.allCases.map { $0.rawValue }, text)
        }
        return choice
    }

    /// One of some words.
    package static func word(_ text: String, of words: [String]) throws(FormatError) -> String {
        guard words.contains(text) else { throw noneOf(words, text) }
        return text
    }

    private static func noneOf(_ words: [String], _ text: String) -> FormatError {
        let nearest = Suggestion.nearest(to: text, among: words).map { "; did you mean \($0)?" } ?? ""
        return FormatError("not one of \(words.joined(separator: ", "))\(nearest)")
    }

    /// One day in seconds: the most that anything may take.
    static let longestSeconds = 86400

    /// Whole seconds, at most one day.
    package static func seconds(_ text: String) throws(FormatError) -> UInt32 {
        guard let seconds = decimal(text), seconds <= longestSeconds else {
            throw FormatError("not whole seconds from 0 to \(longestSeconds)")
        }
        return UInt32(seconds)
    }

    /// `true` or `false`.
    package static func boolean(_ text: String) throws(FormatError) -> Bool {
        switch text {
        case "true": true
        case "false": false
        default: throw FormatError("neither true nor false")
        }
    }

    /// A decimal number of at most 10 digits, without a sign or leading zeros.
    package static func decimal(_ text: String) -> UInt64? {
        let digits = text.utf8
        guard digits.count <= 10, digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        return digits.decimal
    }
}
