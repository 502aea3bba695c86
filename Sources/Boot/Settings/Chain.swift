package import Linux
internal import Programs
internal import Text

/// The program that the command runs under, such as the entry point that the base image had before.
package struct Chain: SettingGroup {
    package static let name = "chain"
    package static let title = "What the command is an argument of"

    static let setting = FileSetting(
        name, .command,
        Words(
            "A program of the image, and its arguments, that gets the command as further arguments: the entry point that the "
                + "base image had",
            default: "none", example: "[/opt/nvidia/nvidia_entrypoint.sh]"))

    package static let fileSettings: [any SettingDeclaration] = [setting]

    /// The program and its arguments; empty for none.
    package let words: [String]

    package init(reading reader: inout SettingsReader) {
        words = reader.value(Self.setting).map { [$0.program.string] + $0.arguments } ?? []
    }
}

extension Settings {
    /// A command, as an argument of the program that the image names.
    ///
    /// - Parameter command: the arguments of the user's command, its name first.
    package func chained(_ command: [CString]) -> [CString] {
        guard let chain = self[Chain.self], !chain.words.isEmpty else { return command }
        return chain.words.map { CString(Array($0.utf8)) } + command
    }

    /// What the command is an argument of, as a text; empty for nothing.
    package var chainText: String { self[Chain.self]?.words.first ?? "" }
}
