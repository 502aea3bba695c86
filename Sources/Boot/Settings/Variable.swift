package import Text

/// A declared environment variable with its type.
package final class Variable<Value: Sendable>: VariableDeclaration {
    package let name: String
    package let words: Words
    package let rules: VariableRules
    package let key: String?
    package let option: CommandOption?
    let type: ValueType<Value>

    /// Declares a variable.
    ///
    /// - Parameters:
    ///   - name: the environment variable's name.
    ///   - type: the type of its value.
    ///   - words: what people are told about it.
    ///   - rules: who has to set it, who may set it, and who sees its value.
    ///   - key: the key in a configuration file that also sets it.
    ///   - option: the command-line option that also sets it; if given more than once, its values are joined by commas.
    package init(
        _ name: String, _ type: ValueType<Value>, _ words: Words, _ rules: VariableRules = .ordinary,
        key: String? = nil, option: CommandOption? = nil
    ) {
        self.name = name
        self.type = type
        self.words = words
        self.rules = rules
        self.key = key
        self.option = option
    }

    package var shape: Shape { type.shape }

    /// The value of a text that is not empty.
    ///
    /// - Throws: what was expected.
    package func parse(_ text: String) throws(FormatError) -> Value { try type.parse(text) }
}
