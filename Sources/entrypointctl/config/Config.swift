import ArgumentParser
import Boot
import Linux

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check and explain configuration files.",
        discussion: """
            The image's own are \(Paths.configuration.string) and what ends in .yaml in \
            \(Paths.configurationDirectory.string); the file that ENTRYPOINT_CONFIG names counts more than both.

              entrypointctl config check
              entrypointctl config example >entrypoint.yaml
            """,
        subcommands: [ConfigCheck.self, ConfigShow.self, ConfigExample.self, ConfigSchema.self, ConfigReference.self])
}
