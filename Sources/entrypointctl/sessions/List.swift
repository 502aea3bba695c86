import ArgumentParser
import Linux
import Text
import UserSide

struct SessionsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Print the sessions of this container, the oldest first.",
        discussion: """
            Each line has the id of the session, which is that of the process that leads it, its user, its terminal, when it \
            began (UTC), for how long nothing has been typed (to 8 seconds; - without a terminal), how many processes it \
            has, and its command, with the one in the terminal's foreground behind it. A * marks the session of whoever \
            asks.

              docker exec -u 0 CONTAINER entrypointctl sessions list
              entrypointctl sessions list --json | jq '.[] | select(.idle > 3600)'

            Where /proc hides the processes of others (hidepid), a user sees the own ones.

            Ends with 0, or with 1 where the processes cannot be read.
            """)

    @Flag(help: "Print one JSON array.")
    var json = false

    func run() throws {
        let table = try SessionsOutput.table()
        for note in table.notes { SessionsOutput.tell("note: \(note)") }
        try SessionsOutput.write(
            json
                ? JSON.array(table.sessions.map { $0.json }).indented() + "\n"
                : SessionsOutput.text(table.sessions.map { ($0, nil) }))
    }
}
