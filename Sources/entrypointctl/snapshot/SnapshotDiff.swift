import ArgumentParser
import UserSide

struct SnapshotDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Print what differs between two snapshots.",
        discussion: """
            A + stands before what only the second one has, a - before what only the first one has, and an M before a file with \
            another content. Without the second one it is the newest.

              entrypointctl snapshot diff 1a2b3c4d
              entrypointctl snapshot diff 1a2b3c4d 5e6f7a8b

            Ends with 0, with 1 when they cannot be compared, and with 78 when a setting is wrong.
            """)

    @Argument(help: ArgumentHelp("An id, or a time.", valueName: "one"))
    var one: String

    @Argument(help: ArgumentHelp("Another one; the newest without it.", valueName: "other"))
    var other: String?

    @OptionGroup var options: SnapshotOptions

    func run() throws {
        let work = try options.work()
        var lines = ""
        try SnapshotOptions.run { () throws(SnapshotFailure) in
            try work.differences(one, other) { lines += $0 + "\n" }
        }
        try Console.print(lines)
    }
}
