/// What the boot prints.
package struct LogSettings: SettingGroup, Equatable {
    /// How much is printed.
    package enum Level: String, CaseIterable, Sendable {
        /// Warnings and errors.
        case quiet
        /// Also changes, and a final line.
        case info
        /// Also what was already true, and how long each change took.
        case debug
    }

    /// How a line is written.
    package enum Format: String, CaseIterable, Sendable {
        /// `entrypoint: step: message`.
        case text
        /// One JSON object for each line.
        case json
    }

    package static let name = "log"
    package static let title = "What the boot prints"

    package static let levelVariable = Variable<Level>(
        "ENTRYPOINT_LOG", .choice,
        Words(
            "How much is printed on standard error: `quiet`, `info` or `debug`", default: LogSettings().level.rawValue),
        key: "log.level")
    package static let formatVariable = Variable<Format>(
        "ENTRYPOINT_LOG_FORMAT", .choice,
        Words("How it is printed: `text` or `json`", default: LogSettings().format.rawValue), key: "log.format")

    package static let variables: [any VariableDeclaration] = [levelVariable, formatVariable]

    package let level: Level
    package let format: Format

    /// Settings with the given values, and with the defaults for the others.
    package init(level: Level = .info, format: Format = .text) {
        self.level = level
        self.format = format
    }

    /// Reads the settings, noting problems; a bad value means the default.
    package init(reading reader: inout SettingsReader) {
        let standard = LogSettings()
        level = reader.value(Self.levelVariable) ?? standard.level
        format = reader.value(Self.formatVariable) ?? standard.format
    }
}
