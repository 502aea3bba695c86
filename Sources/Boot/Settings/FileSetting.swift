internal import Text
package import YAML

/// What help, README and the schema know of a setting, wherever it can be set.
package protocol SettingDeclaration: Sendable {
    /// The key in a configuration file, such as `scratch.umask`; `nil` for what only the environment has.
    var key: String? { get }
    /// What the setting means, in one sentence without its full stop.
    var meaning: String { get }
    /// The value when it is unset, in words or as it would be written; empty when there is none.
    var defaultText: String { get }
    /// What its value looks like in a file.
    var shape: Shape { get }
    /// A value as it may be written in a file, where the shape alone does not give one.
    var example: String { get }
}

/// A setting that only configuration files have, since an environment variable is no place for it.
package struct FileSetting<Value: Sendable>: SettingDeclaration {
    package let key: String?
    package let meaning: String
    package var defaultText: String { makeDefaultText() }
    package let shape: Shape
    package let example: String
    /// Made for those who read it: a boot does not.
    private let makeDefaultText: @Sendable () -> String
    let read: @Sendable (inout YAML.Reader, YAML.Value) -> Value?

    /// Declares a setting.
    ///
    /// - Parameters:
    ///   - key: where it stands in a file.
    ///   - meaning: what it means, in one sentence without its full stop.
    ///   - defaultText: what holds when it is unset.
    ///   - shape: what its value looks like.
    ///   - example: a value as it may be written.
    ///   - read: its value, or `nil` with a problem noted.
    package init(
        _ key: String, _ meaning: String, default defaultText: @autoclosure @escaping @Sendable () -> String = "",
        shape: Shape, example: String = "",
        read: @escaping @Sendable (inout YAML.Reader, YAML.Value) -> Value?
    ) {
        self.key = key
        self.meaning = meaning
        makeDefaultText = defaultText
        self.shape = shape
        self.example = example
        self.read = read
    }
}

extension FormatError: CustomStringConvertible {
    package var description: String { expected }
}
