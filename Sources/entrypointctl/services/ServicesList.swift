import ArgumentParser
import Linux
import Text
import UserSide

struct ServicesList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Print the services and their states.",
        discussion: """
            Each line has the service, who it is, its state, the process that leads it, since when that runs (UTC), how \
            often it was started again, how it ended last (128 and the number of a signal), and when it runs next. Root \
            sees the services of root and of the user, the user the user's.

              entrypointctl services list
              entrypointctl services list --json | jq '.[] | select(.state == "failed")'

            Ends with 0, or with 1 when no keeper of services answers.
            """)

    @Flag(help: "Print one JSON array.")
    var json = false

    @OptionGroup var place: KeeperPlace

    func run() throws {
        let services = try place.keepers().flatMap { $0.services }
        if json { return try Console.print(.array(services.map { $0.json })) }
        try Console.print(ServicesText.table(of: services, now: Clock.realTime).text(Console.style))
    }
}
