import Foundation

/// Bytes as the kernel sees them: an argument, a variable, a name, a file's content. Written as text, or as numbers
/// where they are not text.
struct ByteString: Hashable, Sendable {
    var bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// The bytes as text, with U+FFFD for what is not UTF-8.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    static func + (left: ByteString, right: ByteString) -> ByteString { ByteString(left.bytes + right.bytes) }
}

extension ByteString {
    /// The bytes in base64, in one line.
    var base64: ByteString { ByteString(Data(bytes).base64EncodedString()) }

    /// Whether these bytes stand anywhere in it.
    func contains(_ part: ByteString) -> Bool { bytes.contains(part.bytes) }
}

extension ByteString: ExpressibleByStringInterpolation {
    init(stringLiteral text: String) { self.init(text) }
}

extension ByteString: ExpressibleByArrayLiteral {
    init(arrayLiteral bytes: UInt8...) { self.init(bytes) }
}

extension ByteString: CustomStringConvertible, CustomDebugStringConvertible {
    /// The text in quotes, with bytes that are not printable ASCII as `\xNN`.
    var description: String {
        let characters = bytes.map { byte in
            switch byte {
            case UInt8(ascii: "\n"): "\\n"
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7f: String(UnicodeScalar(byte))
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return "\"" + characters.joined() + "\""
    }

    var debugDescription: String { description }
}

/// An environment block: strings in order, most of them `NAME=value`, duplicates and oddities included.
struct Environment: Hashable, Sendable {
    /// The strings, in the order in which the program finds them.
    var entries: [ByteString]

    init(entries: [ByteString] = []) { self.entries = entries }

    /// The value of the first entry of that name. Setting removes all of the name, and appends one unless it is `nil`.
    subscript(name: ByteString) -> ByteString? {
        get {
            let prefix = (name + "=").bytes
            return entries.first { $0.bytes.starts(with: prefix) }.map { ByteString($0.bytes.dropFirst(prefix.count)) }
        }
        set {
            let prefix = (name + "=").bytes
            entries.removeAll { $0.bytes.starts(with: prefix) }
            if let newValue { entries.append(name + "=" + newValue) }
        }
    }

    /// This environment with the other's entries set in it, as in `base.with(["NB_UID": "7"])`.
    func with(_ changes: Environment) -> Environment {
        var result = self
        for entry in changes.entries {
            let name = entry.bytes.prefix { $0 != UInt8(ascii: "=") }
            result[ByteString(name)] = ByteString(entry.bytes.dropFirst(name.count + 1))
        }
        return result
    }

    /// This environment without the variables of these names.
    func without(_ names: ByteString...) -> Environment {
        var result = self
        for name in names { result[name] = nil }
        return result
    }

    /// What a runtime gives to every container: a search path.
    static let container: Environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
}

extension Environment: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (ByteString, ByteString)...) {
        self.init(entries: elements.map { $0 + "=" + $1 })
    }
}
