package import Linux

/// The setting that says where configuration is.
package struct ConfigurationSettings: SettingGroup {
    package static let name = "configuration"
    package static let title = "Where configuration is"

    package static let fileVariable = Variable(
        "ENTRYPOINT_CONFIG", .absolutePath,
        Words("A further configuration file, which overrides those of the image"), .imagePolicy)

    package static let userFileVariable = Variable(
        "ENTRYPOINT_USER_CONFIG", .absolutePath,
        Words("The user's own configuration file, which is read as the user and may have `services` and `snapshot`"))

    package static let variables: [any VariableDeclaration] = [fileVariable, userFileVariable]

    /// The user's own configuration file. Only what runs as the user reads it.
    package let userFile: FilePath?

    /// Reads the settings; the file of ``fileVariable`` has already been read.
    package init(reading reader: inout SettingsReader) {
        _ = reader.value(Self.fileVariable)
        userFile = reader.value(Self.userFileVariable)
    }
}
