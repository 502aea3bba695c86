package import Linux

/// What `entrypointctl scrub` removes besides what it knows. No boot does anything with it.
package struct ScrubSettings: SettingGroup {
    package static let name = "scrub"
    package static let title = "What is removed before a container becomes an image"

    static let pathsSetting = FileSetting<[FilePath]>(
        "scrub.paths", .list(of: .text(ValueFormats.absolutePath)),
        Words(
            "Further paths that `entrypointctl scrub` removes, with all that lies there, unless they are on a volume",
            example: "[/opt/site/license.key]"), addsUp: true)

    package static let fileSettings: [any SettingDeclaration] = [pathsSetting]

    /// The paths.
    package let paths: [FilePath]

    /// Reads the settings, noting problems.
    @export(interface) package init(reading reader: inout SettingsReader) {
        paths = reader.values(Self.pathsSetting).flatMap { $0 }
    }
}
