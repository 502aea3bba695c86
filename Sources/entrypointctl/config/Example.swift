import ArgumentParser
import Boot

struct ConfigExample: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example", abstract: "Print a configuration file with every key in a comment.",
        discussion: """
            It is YAML, and sets nothing as it is: remove the # in front of a key to set it.

              entrypointctl config example >entrypoint.yaml
            """)

    func run() throws { try Console.print(ConfigurationReference(of: BootSequence.groups).example) }
}
