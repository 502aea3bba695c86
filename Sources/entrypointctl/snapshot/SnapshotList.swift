import ArgumentParser
import Text
import UserSide

struct SnapshotList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Print the snapshots of the directory.",
        discussion: """
            The oldest one is first: its id, when it was made (UTC), by which pod, and how much is in it.

              entrypointctl snapshot list
              entrypointctl snapshot list --json | jq -r '.[-1].id'

            Ends with 0, with 1 when the repository cannot be asked, and with 78 when a setting is wrong.
            """)

    @Flag(help: "Print one JSON array.")
    var json = false

    @OptionGroup var options: SnapshotOptions

    func run() throws {
        let work = try options.work()
        var saved: [SavedSnapshot] = []
        try SnapshotOptions.run { () throws(SnapshotFailure) in saved = try work.list() }
        if json { return try Console.print(.array(saved.map { $0.json })) }
        try Console.print(SnapshotText.table(of: saved).text(Console.style))
    }
}
