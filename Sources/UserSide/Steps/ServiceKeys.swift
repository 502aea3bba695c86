internal import Boot
package import Text

/// The keys of a service's entry in a configuration file, for programs and people.
package enum ServiceKeys {
    /// A key; that of an object within the entry has the object's key and a dot in front.
    private struct Key {
        let name: String
        let value: String
        let meaning: String
        let isRequired: Bool
    }

    /// The keys as a Markdown table, in the order of the declarations.
    package static var table: String {
        MarkdownTable.text(
            ["key", "value", "meaning"],
            keys.map { key in
                ["`\(key.name)`", key.value, key.meaning + (key.isRequired ? " (required)" : "")].map(cell)
            })
    }

    /// The keys as JSON.
    package static var json: JSON {
        .array(
            keys.map { key in
                .object([
                    ("key", .string(key.name)), ("value", .string(key.value)), ("meaning", .string(key.meaning)),
                    ("required", .bool(key.isRequired)),
                ])
            })
    }

    private static var keys: [Key] {
        let setting = BootSequence.groups.fileSettings.first { $0.key == Services.name }
        return setting.map { fields(of: $0.shape, below: "") } ?? []
    }

    /// The keys of the objects in a shape, each followed by those of its value.
    private static func fields(of shape: Shape, below prefix: String) -> [Key] {
        switch shape {
        case .object(let fields):
            fields.flatMap { field -> [Key] in
                let name = prefix + field.name
                let key = Key(
                    name: name, value: value(field.shape), meaning: field.meaning, isRequired: field.isRequired)
                return [key] + self.fields(of: field.shape, below: name + ".")
            }
        case .list(let item), .optional(let item): fields(of: item, below: prefix)
        case .either(let one, let other): fields(of: one, below: prefix) + fields(of: other, below: prefix)
        case .text, .boolean, .choice, .octal, .integer, .number, .duration, .mapping: []
        }
    }

    /// What a value looks like; the keys of an object have rows of their own.
    private static func value(_ shape: Shape) -> String {
        switch shape {
        case .object: "keys"
        case .either(let one, let other): "\(value(one)) or \(value(other))"
        default: shape.words
        }
    }

    /// A text as a cell of a Markdown table.
    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
