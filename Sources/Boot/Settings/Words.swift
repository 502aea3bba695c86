/// What people are told about a setting.
package struct Words: Sendable {
    /// What the setting means, in one sentence without its full stop.
    package let meaning: String
    // These are only made for those who read them; a boot does not.
    private let makeDefault: @Sendable (SettingGroups) -> String
    private let makeExample: @Sendable () -> String
    /// The value when nothing sets it in an elevated start; `nil` where it is the same as in other starts.
    package let elevatedDefault: String?

    /// - Parameters:
    ///   - defaultText: the value when it is unset, in words or as it would be written; empty if there is none.
    ///   - elevatedDefault: the value when it is unset in an elevated start; `nil` if that is no other.
    ///   - example: a value as it may be written in a file, if the shape and the default do not provide one.
    package init(
        _ meaning: String, default defaultText: @autoclosure @escaping @Sendable () -> String = "",
        elevated elevatedDefault: String? = nil, example: @autoclosure @escaping @Sendable () -> String = ""
    ) {
        self.meaning = meaning
        makeDefault = { _ in defaultText() }
        makeExample = example
        self.elevatedDefault = elevatedDefault
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
        elevatedDefault = nil
    }

    /// The value when the setting is unset, in words or as it would be written; empty if there is none.
    ///
    /// - Parameter groups: all existing settings.
    package func defaultText(among groups: SettingGroups) -> String { makeDefault(groups) }

    /// A value as it may be written in a file; empty if the shape and the default provide one.
    package var example: String { makeExample() }
}
