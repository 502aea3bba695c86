/// The setting that says where configuration is.
package struct ConfigurationSettings: SettingGroup {
    package static let name = "configuration"
    package static let title = "Where configuration is"

    package static let fileVariable = Variable(
        "ENTRYPOINT_CONFIG", .absolutePath,
        Words("A further configuration file, which overrides those of the image"), .imagePolicy)

    package static let variables: [any VariableDeclaration] = [fileVariable]

    /// Reads the setting only to report its problems: the file has already been read.
    package init(reading reader: inout SettingsReader) { _ = reader.value(Self.fileVariable) }
}
