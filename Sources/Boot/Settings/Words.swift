/// What people are told about a setting.
package struct Words: Sendable {
    /// What the setting means, in one sentence without its full stop.
    package let meaning: String
    // These are only made for those who read them; a boot does not.
    private let makeDefault: @Sendable (SettingGroups) -> String
    private let makeExample: @Sendable () -> String

    /// - Parameters:
    ///   - defaultText: the value when it is unset, in words or as it would be written; empty if there is none.
    ///   - example: a value as it may be written in a file, if the shape and the default do not provide one.
    ///   - example: a value as it may be written in a file, where the shape and the default do not give one.
    package init(
        _ meaning: String, default defaultText: @autoclosure @escaping @Sendable () -> String = "",
        example: @autoclosure @escaping @Sendable () -> String = ""
    ) {
        self.meaning = meaning
        makeDefault = { _ in defaultText() }
        makeExample = example
    }

    /// Words of a setting whose default depends on what other groups declare.
    ///
    /// - Parameters:
    ///   - meaning: what the setting means, in one sentence without its full stop.
    ///   - example: a value as it may be written in a file.
    ///   - defaultText: the value when it is unset.
    package init(
        _ meaning: String, example: @autoclosure @escaping @Sendable () -> String,
        default defaultText: @escaping @Sendable (SettingGroups) -> String
    ) {
        self.meaning = meaning
        makeDefault = defaultText
        makeExample = example
    }

    /// The value when the setting is unset, in words or as it would be written; empty if there is none.
    ///
    /// - Parameter groups: all existing settings.
    package func defaultText(among groups: SettingGroups) -> String { makeDefault(groups) }

    /// A value as it may be written in a file; empty if the shape and the default provide one.
    package var example: String { makeExample() }
}
