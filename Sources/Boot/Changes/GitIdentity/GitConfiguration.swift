internal import Text

/// What one of git's configuration files says about the user's identity (git-config(1), CONFIGURATION FILE).
package struct GitConfiguration: Equatable, Sendable {
    /// The keys of the section `user` without subsection that have a value, in lower case.
    package private(set) var userKeys: Set<String> = []
    /// Whether other files are included.
    package private(set) var hasIncludes = false
    /// Whether other files are included in some repositories only.
    package private(set) var hasConditionalIncludes = false
    /// Whether there is a line that git would refuse; what comes after it is unknown.
    package private(set) var isBad = false

    /// Reads a file.
    package init(_ bytes: [UInt8]) {
        var reader = Reader(bytes)
        isBad = !read(&reader)
    }

    /// Reads all sections; `false` at a line that git would refuse.
    private mutating func read(_ reader: inout Reader) -> Bool {
        var section = ""
        while let byte = reader.next() {
            switch byte {
            case UInt8(ascii: "["):
                guard let header = reader.header() else { return false }
                section = header
            case UInt8(ascii: "#"), UInt8(ascii: ";"): reader.skipLine()
            case _ where byte.isSpace: continue
            case _ where byte.isLetter:
                guard let key = reader.key(startingWith: byte) else { return false }
                note(key, in: section)
            default: return false
            }
        }
        return true
    }

    private mutating func note(_ key: String, in section: String) {
        if section == "user" { userKeys.insert(key) }
        if section == "include" { hasIncludes = true }
        if section.hasPrefix("includeif\n") { (hasIncludes, hasConditionalIncludes) = (true, true) }
    }

    /// A value as git writes it after `key = `: in quotes where it has to be.
    package static func written(_ value: String) -> String {
        let bytes = Array(value.utf8)
        let space = UInt8(ascii: " ")
        let isQuoted =
            bytes.first == space || bytes.last == space
            || bytes.contains { [UInt8(ascii: ";"), UInt8(ascii: "#"), 0x0D].contains($0) }
        var text: [UInt8] = isQuoted ? [UInt8(ascii: "\"")] : []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x0A: text += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case 0x09: text += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            default: text.append(byte)
            }
        }
        if isQuoted { text.append(UInt8(ascii: "\"")) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Reads the parts of a configuration file.
private struct Reader {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-")
    }

    private static let newline = UInt8(ascii: "\n")

    /// The next byte; a carriage return with a newline becomes one newline.
    mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        var byte = bytes[position]
        position += 1
        if byte == 0x0D, position < bytes.count, bytes[position] == Self.newline {
            byte = Self.newline
            position += 1
        }
        return byte
    }

    mutating func skipLine() {
        while let byte = next(), byte != Self.newline {}
    }

    /// The rest of a section's header, after `[`: the name in lower case, then a newline and the subsection.
    mutating func header() -> String? {
        var name = ""
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "]"): return name.isEmpty ? nil : name
            // The old form of a subsection, which is not case-sensitive either.
            case UInt8(ascii: "."): name += "\n"
            case _ where Self.isNameByte(byte): name += lowercase(byte)
            case UInt8(ascii: " "), UInt8(ascii: "\t"): return subsection().map { "\(name)\n\($0)" }
            default: return nil
            }
        }
        return nil
    }

    private mutating func subsection() -> String? {
        var isQuoted = false
        var text: [UInt8] = []
        while let byte = next() {
            switch byte {
            case Self.newline: return nil
            case UInt8(ascii: "\"") where isQuoted:
                return next() == UInt8(ascii: "]") ? String(decoding: text, as: UTF8.self) : nil
            case UInt8(ascii: "\\") where isQuoted:
                guard let escaped = next(), escaped != Self.newline else { return nil }
                text.append(escaped)
            case _ where isQuoted: text.append(byte)
            case UInt8(ascii: "\""): isQuoted = true
            case _ where byte.isSpace: continue
            default: return nil
            }
        }
        return nil
    }

    /// A key in lower case; its value is skipped.
    mutating func key(startingWith first: UInt8) -> String? {
        var name = lowercase(first)
        while let byte = next() {
            if Self.isNameByte(byte) {
                name += lowercase(byte)
            } else if byte == Self.newline {
                return name
            } else if byte == UInt8(ascii: "=") {
                return skipValue() ? name : nil
            } else if byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") {
                return nil
            } else {
                break
            }
        }
        while let byte = next() {
            switch byte {
            case Self.newline: return name
            case UInt8(ascii: "="): return skipValue() ? name : nil
            case UInt8(ascii: " "), UInt8(ascii: "\t"): continue
            default: return nil
            }
        }
        return name
    }

    /// Skips a value; returns `false` when git would refuse it.
    private mutating func skipValue() -> Bool {
        var isQuoted = false
        while let byte = next() {
            switch byte {
            case Self.newline: return !isQuoted
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\"):
                guard let escaped = next() else { return !isQuoted }
                guard [0x0A, 0x22, 0x5C, 0x6E, 0x74, 0x62].contains(escaped) else { return false }
            case UInt8(ascii: "#"), UInt8(ascii: ";"):
                if !isQuoted {
                    skipLine()
                    return true
                }
            default: continue
            }
        }
        return !isQuoted
    }

    private func lowercase(_ byte: UInt8) -> String {
        String(UnicodeScalar(byte.isLetter ? byte | 0x20 : byte))
    }
}
