internal import Text
internal import YAML

/// A field of a spec: its path as people write it, and where it stands, or would stand.
package struct SpecField: Equatable, Sendable {
    /// Such as `spec.containers[0].securityContext.runAsUser`.
    package let path: String
    package let place: SpecPlace
}

/// A value of a document, with its path.
struct SpecValue: Sendable {
    let node: YAML.Node
    private let file: String
    private let linesBefore: Int
    let path: String

    init(_ node: YAML.Node, in file: String, after linesBefore: Int, at path: String) {
        self.node = node
        self.file = file
        self.linesBefore = linesBefore
        self.path = path
    }

    /// Where the value begins.
    var place: SpecPlace {
        SpecPlace(file: file, line: node.mark.line + linesBefore, column: node.mark.column)
    }

    var field: SpecField { SpecField(path: path, place: place) }

    /// The field of a key that this mapping does not have.
    func missing(_ key: String) -> SpecField { SpecField(path: path.isEmpty ? key : "\(path).\(key)", place: place) }

    /// The value of a key; `nil` if this is no mapping, and where the value is left out or null, which mean the same to
    /// Kubernetes.
    subscript(key: String) -> SpecValue? {
        guard case .mapping(let entries) = node.content,
            let entry = entries.first(where: { $0.key.utf8.elementsEqual(key.utf8) }), !entry.value.isNothing
        else { return nil }
        return child(entry.value, key: key)
    }

    /// The keys and their values, without those that are null.
    var entries: [(key: String, value: SpecValue)] {
        guard case .mapping(let entries) = node.content else { return [] }
        return entries.filter { !$0.value.isNothing }.map { ($0.key, child($0.value, key: $0.key)) }
    }

    /// The items, where this is a list.
    var items: [SpecValue] {
        guard case .sequence(let items) = node.content else { return [] }
        return items.enumerated().map { index, item in
            SpecValue(item, in: file, after: linesBefore, at: "\(path)[\(index)]")
        }
    }

    var isMapping: Bool { if case .mapping = node.content { true } else { false } }
    var isList: Bool { if case .sequence = node.content { true } else { false } }

    private func child(_ node: YAML.Node, key: String) -> SpecValue {
        let isWord = !key.isEmpty && key.utf8.count <= 80 && key.utf8.allSatisfy { $0.isNameByte && $0 != 0x2E }
        let name = isWord ? (path.isEmpty ? key : ".\(key)") : "[\"\(key.shown(limit: 80))\"]"
        return SpecValue(node, in: file, after: linesBefore, at: path + name)
    }
}

/// What Kubernetes takes text without quotes for. It reads YAML 1.1, where more words are booleans, and more numbers octal,
/// than people expect.
enum SpecScalar: Equatable {
    case text(String)
    case boolean(Bool)
    /// A whole number; `nil` for one that is too large.
    case integer(Int?)
    case fraction

    /// - Parameter node: a value; the result is `nil` for a list, a mapping and null.
    init?(_ node: YAML.Node) {
        guard case .scalar(let text, let isPlain) = node.content, !node.isNothing else { return nil }
        guard isPlain else {
            self = .text(text)
            return
        }
        let lower = text.lowercased()
        let isOneCase = text == lower || text == text.uppercased() || text == Self.capitalized(lower)
        if isOneCase, ["true", "yes", "on", "y"].contains(lower) {
            self = .boolean(true)
        } else if isOneCase, ["false", "no", "off", "n"].contains(lower) {
            self = .boolean(false)
        } else if Self.isInteger(lower) {
            self = .integer(Self.integer(lower))
        } else if Self.isFraction(lower) {
            self = .fraction
        } else {
            self = .text(text)
        }
    }

    private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    private static func parts(_ text: String) -> (isNegative: Bool, digits: [UInt8]) {
        let isSigned = text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
        return (text.utf8.first == UInt8(ascii: "-"), Array(isSigned ? text.utf8.dropFirst() : text.utf8[...]))
    }

    /// The base of digits, and how many bytes say so.
    private static func base(_ digits: [UInt8]) -> (radix: Int, prefix: Int) {
        guard digits.count > 1, digits[0] == UInt8(ascii: "0") else { return (10, 0) }
        switch digits[1] {
        case UInt8(ascii: "x"): return (16, 2)
        case UInt8(ascii: "o"): return (8, 2)
        case UInt8(ascii: "b"): return (2, 2)
        default: return (8, 1)
        }
    }

    private static func isInteger(_ text: String) -> Bool {
        let digits = parts(text).digits
        guard let first = digits.first, first.isDigit else { return false }
        let (radix, prefix) = base(digits)
        let rest = digits.dropFirst(prefix)
        return !rest.isEmpty
            && rest.allSatisfy { byte in
                if byte == UInt8(ascii: "_") { return true }
                let value = byte.isDigit ? Int(byte) - 0x30 : byte.isLowercase ? Int(byte) - 0x61 + 10 : .max
                return value < radix
            }
    }

    private static func integer(_ text: String) -> Int? {
        let (isNegative, digits) = parts(text)
        let (radix, prefix) = base(digits)
        let rest = digits.dropFirst(prefix).filter { $0 != UInt8(ascii: "_") }
        return Int(String(decoding: rest, as: UTF8.self), radix: radix).map { isNegative ? -$0 : $0 }
    }

    private static func isFraction(_ text: String) -> Bool {
        let digits = parts(text).digits
        if [".inf", ".nan"].contains(where: { digits.elementsEqual($0.utf8) }) { return true }
        let point = UInt8(ascii: ".")
        let mantissa = digits.prefix { $0.isDigit || $0 == point }
        guard mantissa.contains(where: { $0.isDigit }), mantissa.count(where: { $0 == point }) <= 1 else {
            return false
        }
        var rest = digits.dropFirst(mantissa.count)
        guard let exponent = rest.popFirst() else { return true }
        guard exponent == UInt8(ascii: "e") else { return false }
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy { $0.isDigit }
    }
}
