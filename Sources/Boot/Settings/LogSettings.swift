/// What the boot prints.
package struct LogSettings: Equatable, Sendable {
    /// How much is printed.
    package enum Level: String, CaseIterable, Sendable {
        /// Warnings and errors.
        case quiet
        /// Changes too, and a last line.
        case info
        /// What was already true, too, and how long each change took.
        case debug
    }

    /// How a line is written.
    package enum Format: String, CaseIterable, Sendable {
        /// `entrypoint: step: message`.
        case text
        /// One JSON object a line.
        case json
    }

    static let levelVariable = Variable<Level>(
        "ENTRYPOINT_LOG", "How much is printed on standard error: `quiet`, `info` or `debug`", default: "info",
        key: "log.level", shape: .choice(of: Level.self), parse: ValueFormats.choice)
    static let formatVariable = Variable<Format>(
        "ENTRYPOINT_LOG_FORMAT", "How it is printed: `text` or `json`", default: "text", key: "log.format",
        shape: .choice(of: Format.self), parse: ValueFormats.choice)

    /// The variables of the log.
    package static let variables: [any VariableDeclaration] = [levelVariable, formatVariable]

    package let level: Level
    package let format: Format

    package init(level: Level = .info, format: Format = .text) {
        self.level = level
        self.format = format
    }

    /// Reads the settings, noting problems; a bad value means the default.
    package init(reading reader: inout SettingsReader) {
        level = reader.value(Self.levelVariable) ?? .info
        format = reader.value(Self.formatVariable) ?? .text
    }
}
