package import YAML

/// What the schema knows about a key in an object of a file.
///
/// It belongs to classes, because Embedded Swift has no other values of protocol types.
package protocol FieldDeclaration: AnyObject, Sendable {
    /// The key.
    var name: String { get }
    /// What the schema and the reference say about it.
    var shapeField: Shape.Field { get }
}

/// A key in an object of a file, with the type of its value.
package final class Field<Value: Sendable>: FieldDeclaration {
    package let name: String
    /// Whether an object without it is wrong.
    package let isRequired: Bool
    private let meaning: String
    let type: ValueType<Value>

    /// Declares a key.
    ///
    /// - Parameters:
    ///   - type: the type of its value.
    ///   - type: what its value is.
    ///   - isRequired: whether an object without it is wrong.
    ///   - meaning: what it means, in a clause.
    package init(_ name: String, _ type: ValueType<Value>, isRequired: Bool = false, _ meaning: String) {
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.meaning = meaning
    }

    package var shapeField: Shape.Field { Shape.Field(name, type.shape, isRequired: isRequired, meaning) }
}

extension YAML.Reader {
    /// The value of a field, or `nil` if it is absent or cannot be used; the latter is noted as a problem. The absence
    /// of a required field is also a problem.
    package mutating func value<Value>(_ field: Field<Value>, of fields: YAML.Fields) -> Value? {
        let value = field.isRequired ? required(field.name, of: fields) : fields[field.name]
        return value.flatMap { field.type.read(&self, $0) }
    }

    /// Notes a problem with a field that is present.
    package mutating func note<Value>(_ text: String, at field: Field<Value>, of fields: YAML.Fields) {
        if let value = fields[field.name] { note(text, at: value) }
    }
}
