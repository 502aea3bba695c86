internal import Linux
internal import Text

/// An absolute path as it is written in a text, in which a component may match several names.
struct WrittenPath: Equatable {
    enum Component: Equatable {
        /// A literal name, which may be `.` or `..`.
        case name(FilePath.Component)
        /// Any name that begins with some bytes, because a pattern, an escape or a variable follows them.
        case pattern([UInt8])
    }

    private(set) var components: [Component] = []
    /// Whether it may be any path: a regular expression, a path below a variable, or one that is continued.
    private(set) var isUnclear = false

    /// A path that may be any path.
    static let unclear = WrittenPath()

    private init() { isUnclear = true }

    /// The maximum length of a path in bytes (PATH_MAX, limits.h).
    static let lengthLimit = 4096

    /// - Parameters:
    ///   - bytes: the path, beginning with its first slash.
    ///   - isLiteral: whether every byte stands for itself, as in an account file.
    init(_ bytes: ArraySlice<UInt8>, isLiteral: Bool = false) {
        if bytes.count > Self.lengthLimit { isUnclear = true }
        for part in bytes.prefix(Self.lengthLimit).split(separator: UInt8(ascii: "/")) {
            let prefix = part.prefix { isLiteral ? $0 < 0x80 && $0 != 0 : !Self.isSpecial($0) }
            if prefix.count == part.count, let name = FilePath.Component(part.text) {
                components.append(.name(name))
            } else {
                components.append(.pattern(Array(prefix)))
            }
        }
        if !isLiteral && !Self.isWhole(bytes) { isUnclear = true }
    }

    /// The target of a link.
    init(_ path: FilePath) { components = path.components.map(Component.name) }

    /// Whether every component is literal.
    var isPlain: Bool {
        !isUnclear && components.allSatisfy { if case .name = $0 { true } else { false } }
    }

    /// Whether a byte has a meaning in some grammar. How programs read bytes other than ASCII is unknown.
    private static func isSpecial(_ byte: UInt8) -> Bool { byte >= 0x80 || "*?[](){}|^$%\\&".utf8.contains(byte) }

    /// Whether the path is complete. It is not if a bracket is left open, so that a byte which ends a path may be part
    /// of it, if an escape may be a slash, or if a further line belongs to it.
    private static func isWhole(_ bytes: ArraySlice<UInt8>) -> Bool {
        var open = 0
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst(), !next.isDigit, !"xXuU".utf8.contains(next) else { return false }
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "("): open += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ")"): open -= 1
            default: break
            }
        }
        return open <= 0
    }
}
