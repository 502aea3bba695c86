import ArgumentParser
import Linux
import Text
import UserSide

struct ServicesStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Print all that is known of services.",
        usage: "entrypointctl services status [<options>] [<services> ...]",
        discussion: """
            For each service: its state, the process that leads it, since when that runs, whether the service is ready, how \
            often it was started again, how and why it ended last, how long its last run took, when it runs next, what it \
            says of itself (STATUS= of sd_notify), and the services that are started before it.

              entrypointctl services status
              entrypointctl services status sshd
              entrypointctl services status --json sshd

            Ends with 0, or with 1 when no keeper of services answers, or has no such service.
            """)

    @Flag(help: "Print one JSON array.")
    var json = false

    @OptionGroup var place: KeeperPlace

    @Argument(help: ArgumentHelp("The services; without any, all.", valueName: "service"))
    var services: [String] = []

    func run() throws {
        let keepers = try place.keepers()
        let found =
            services.isEmpty ? keepers.flatMap { $0.services } : try keepers.find(services).map { $0.service }
        if json { return try Console.print(.array(found.map { $0.json })) }
        let style = Console.style
        let now = Clock.realTime
        let parts = found.map { ServicesText.status(of: $0, now: now, style) }
        try Console.print(parts.isEmpty ? "no services\n" : parts.joined(separator: "\n"))
    }
}
