/// A setting that only configuration files have, because an environment variable is not suitable for it.
package final class FileSetting<Value: Sendable>: SettingDeclaration {
    package let key: String?
    package let words: Words
    package let addsUp: Bool
    let type: ValueType<Value>

    /// Declares a setting.
    ///
    /// - Parameters:
    ///   - key: its place in a file.
    ///   - type: the type of its value.
    ///   - words: what people are told about it.
    ///   - addsUp: whether the values of several files add up.
    package init(_ key: String, _ type: ValueType<Value>, _ words: Words, addsUp: Bool = false) {
        self.key = key
        self.type = type
        self.words = words
        self.addsUp = addsUp
    }

    package var shape: Shape { type.shape }
}
