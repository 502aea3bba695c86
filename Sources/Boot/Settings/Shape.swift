package import Text

/// What a value in a configuration file looks like, for the reference and for the schema that editors use.
package indirect enum Shape: Sendable {
    /// Text that the setting checks further.
    case text
    /// `true` or `false`.
    case boolean
    /// One of some words.
    case choice([String])
    /// Octal digits with a leading zero.
    case octal
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// A number that is not negative and may have a fraction.
    case number
    /// Seconds, or a number with a unit of time.
    case duration
    /// Items in order.
    case list(Shape)
    /// Values under names that the file chooses.
    case mapping(Shape)
    /// Values under known names.
    case object([Field])
    /// One or the other.
    case either(Shape, Shape)
    /// A value that may be empty, such as a section whose keys are all commented out.
    case optional(Shape)

    /// A known name in an ``object(_:)``.
    package struct Field: Sendable {
        package let name: String
        package let shape: Shape
        package let isRequired: Bool
        /// What it means, in a clause.
        package let meaning: String

        package init(_ name: String, _ shape: Shape, isRequired: Bool = false, _ meaning: String) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
            self.meaning = meaning
        }
    }

    /// The words of a fixed list.
    package static func choice<Choice: RawRepresentable & CaseIterable>(of type: Choice.Type) -> Shape
    where Choice.RawValue == String {
        .choice(type.allCases.map { $0.rawValue })
    }

    /// The shape in words, for the reference.
    package var words: String {
        switch self {
        case .text: "text"
        case .boolean: "`true` or `false`"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .octal: "octal"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .number: "number"
        case .duration: "duration"
        case .list(let item): "list of \(item.words)"
        case .mapping(let value): "names and \(value.words)"
        case .optional(let shape): shape.words
        case .either(let one, let other): "\(one.words) or \(other.words)"
        case .object(let fields):
            "{" + fields.map { $0.isRequired ? $0.name : "\($0.name)?" }.joined(separator: ", ") + "}"
        }
    }

    /// The shape as a JSON schema.
    ///
    /// - Parameter meaning: the description of the value.
    package func schema(_ meaning: String = "") -> JSON {
        .object(schemaMembers + (meaning.isEmpty ? [] : [("description", .string(meaning))]))
    }

    private var schemaMembers: [(String, JSON)] {
        switch self {
        case .text: [("type", .array([.string("string"), .string("number")]))]
        case .boolean: [("type", .string("boolean"))]
        case .choice(let words): [("enum", .array(words.map(JSON.string)))]
        // YAML 1.2 reads 0770 as the number 770, and YAML 1.1 as 504. In quotes it is text for both.
        case .octal:
            [("type", .array([.string("string"), .string("integer")])), ("pattern", .string("^0[0-7]{0,4}$"))]
        case .integer(let range):
            [
                ("type", .string("integer")), ("minimum", .number(range.lowerBound)),
                ("maximum", .number(range.upperBound)),
            ]
        case .number: [("type", .string("number")), ("minimum", .number(0))]
        case .duration:
            [
                ("type", .array([.string("string"), .string("number")])), ("minimum", .number(0)),
                ("pattern", .string("^[0-9]+([.][0-9]+)?[smhd]?$")),
            ]
        case .list(let item): [("type", .string("array")), ("items", item.schema())]
        case .mapping(let value): [("type", .string("object")), ("additionalProperties", value.schema())]
        case .object(let fields): [("type", .string("object"))] + Shape.schemaMembers(of: fields)
        case .either(let one, let other): [("anyOf", .array([one.schema(), other.schema()]))]
        case .optional(let shape):
            shape.schemaMembers.map { name, value in
                (name, name == "type" ? .array([value, .string("null")]) : value)
            }
        }
    }

    private static func schemaMembers(of fields: [Field]) -> [(String, JSON)] {
        let required = fields.filter { $0.isRequired }.map { JSON.string($0.name) }
        return [
            ("additionalProperties", .bool(false)),
            ("properties", .object(fields.map { ($0.name, $0.shape.schema($0.meaning)) })),
        ] + (required.isEmpty ? [] : [("required", .array(required))])
    }
}
