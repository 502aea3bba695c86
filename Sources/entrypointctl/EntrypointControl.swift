import ArgumentParser
import Boot

@main
struct EntrypointControl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entrypointctl",
        abstract: "Explains what entrypoint does to a container.",
        version: "entrypointctl \(Version.text)",
        subcommands: [Config.self, Environment.self, Plan.self, Report.self, Steps.self])
}
