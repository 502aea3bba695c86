import ArgumentParser

struct ServicesGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "Show and change the programs that run beside the command, and keep them.",
        discussion: """
            The boot starts them, as the image's configuration says under services, and keeps them while the command runs.

              entrypointctl services list
              entrypointctl services restart sshd
              entrypointctl services logs --lines 20 sshd
            """,
        subcommands: [
            ServicesList.self, ServicesStatus.self, ServicesLogs.self, ServicesRestart.self, ServicesStart.self,
            ServicesStop.self, ServicesRun.self,
        ])
}
