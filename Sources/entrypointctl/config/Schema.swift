import ArgumentParser
import Boot

struct ConfigSchema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON schema of configuration files, for editors.",
        discussion: """
            An editor with the YAML language server uses it when a file begins with the line

              # yaml-language-server: $schema=entrypoint.schema.json

            for a schema that was written by

              entrypointctl config schema >entrypoint.schema.json
            """)

    func run() throws { try Console.print(ConfigurationReference(of: BootSequence.groups).schema) }
}
