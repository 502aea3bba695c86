/// What the help, the pages and the schema know about a setting, wherever it can be set.
///
/// It belongs to classes, because Embedded Swift has no other values of protocol types.
package protocol SettingDeclaration: AnyObject, Sendable {
    /// The key in a configuration file, such as `scratch.umask`; `nil` for a setting that only the environment has.
    var key: String? { get }
    /// What people are told about it.
    var words: Words { get }
    /// What its value looks like in a file.
    var shape: Shape { get }
    /// Whether the values of several files add up; otherwise the last of them counts.
    var addsUp: Bool { get }
    /// The name of its environment variable; `nil` for a setting that only files have.
    var variableName: String? { get }
}

extension SettingDeclaration {
    package var addsUp: Bool { false }
    package var variableName: String? { nil }

    /// What the setting means, in one sentence without its full stop.
    package var meaning: String { words.meaning }

    /// A value as it may be written in a file.
    ///
    /// - Parameter groups: all existing settings.
    package func example(among groups: SettingGroups) -> String {
        let example = words.example
        guard example.isEmpty else { return example }
        let standard = words.defaultText(among: groups)
        return switch shape {
        case .choice(let words): words.contains(standard) ? standard : words.first ?? ""
        case .octal: "\"\(standard)\""
        default: standard
        }
    }
}
