internal import SystemPackage
internal import Text

/// An absolute path as a text has it, in which a component may stand for several names.
struct WrittenPath: Equatable {
    enum Component: Equatable {
        /// As it stands; also `.` and `..`.
        case name(FilePath.Component)
        /// Any that begins with some bytes: a pattern, an escape or a variable follows them.
        case pattern([UInt8])
    }

    private(set) var components: [Component] = []
    /// Whether it may be any path: a regular expression, one below a variable, one that goes on in another line.
    private(set) var isUnclear = false

    /// What may be any path.
    static let unclear = WrittenPath()

    private init() { isUnclear = true }

    /// How long a path may be, in bytes (PATH_MAX, limits.h).
    static let lengthLimit = 4096

    /// - Parameters:
    ///   - bytes: from its first slash on.
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

    /// Where a link leads.
    init(_ path: FilePath) { components = path.components.map(Component.name) }

    /// Whether every component stands as it is.
    var isPlain: Bool {
        !isUnclear && components.allSatisfy { if case .name = $0 { true } else { false } }
    }

    /// A byte that some grammar gives a meaning. Of other bytes than ASCII's it is not known how a program reads them.
    private static func isSpecial(_ byte: UInt8) -> Bool { byte >= 0x80 || "*?[](){}|^$%\\&".utf8.contains(byte) }

    /// Whether no bracket is left open, so that a byte which ends a path may be part of it, no escape may be a slash, and
    /// no line follows that belongs to it.
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
