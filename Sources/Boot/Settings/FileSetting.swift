/// A setting that only configuration files have, since an environment variable is no place for it.
package struct FileSetting<Value: Sendable>: SettingDeclaration {
    package let key: String?
    package let words: Words
    package let addsUp: Bool
    let type: ValueType<Value>

    /// Declares a setting.
    ///
    /// - Parameters:
    ///   - key: where it stands in a file.
    ///   - type: what its value is.
    ///   - words: what people are told of it.
    ///   - addsUp: whether the values of several files add up.
    package init(_ key: String, _ type: ValueType<Value>, _ words: Words, addsUp: Bool = false) {
        self.key = key
        self.type = type
        self.words = words
        self.addsUp = addsUp
    }

    package var shape: Shape { type.shape }
}
