/// Writes JSON (RFC 8259) without whitespace.
package struct JSON: Sendable {
    /// The text.
    package let text: String

    /// A string; what is not UTF-8 has become U+FFFD before.
    package static func string(_ value: String) -> JSON {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..<" ", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return JSON(text: text + "\"")
    }

    /// A number without a fraction.
    package static func number(_ value: some BinaryInteger) -> JSON { JSON(text: "\(value)") }

    /// `true` or `false`.
    package static func bool(_ value: Bool) -> JSON { JSON(text: value ? "true" : "false") }

    /// `null`.
    package static let null = JSON(text: "null")

    /// An array.
    package static func array(_ values: [JSON]) -> JSON {
        JSON(text: "[" + values.map(\.text).joined(separator: ",") + "]")
    }

    /// An object with its members in the given order.
    package static func object(_ members: [(String, JSON)]) -> JSON {
        JSON(text: "{" + members.map { string($0.0).text + ":" + $0.1.text }.joined(separator: ",") + "}")
    }
}
