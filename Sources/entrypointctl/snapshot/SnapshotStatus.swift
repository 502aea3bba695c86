import ArgumentParser
import Linux
import Text
import UserSide

struct SnapshotStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Print whether the directories are saved, and how the last save went.",
        discussion: """
            It asks nobody but the directory: restored, fresh (new, as the repository has answered) or incomplete (nothing is \
            saved), the snapshot that it comes from, and the last save with its time and result.

              entrypointctl snapshot status
              entrypointctl snapshot status --json

            Ends with 0; with 1 when a directory is not saved, or its last save has failed; and with 78 when a setting is wrong.
            """)

    @Flag(help: "Print one JSON array.")
    var json = false

    @OptionGroup var options: SnapshotOptions

    func run() throws {
        let settings = try SnapshotOptions.settings()
        var snapshots = settings.snapshots
        if let name = options.name {
            try SnapshotOptions.run { () throws(SnapshotFailure) in snapshots = [try settings.snapshot(name)] }
        }
        if snapshots.isEmpty {
            try SnapshotOptions.run { () throws(SnapshotFailure) in _ = try settings.snapshot(nil) }
        }
        let statuses = snapshots.map { SnapshotStatusOf($0) }
        if json {
            try Console.print(.array(statuses.map { $0.json }))
        } else {
            try Console.print(statuses.map { $0.text(now: Clock.realTime) }.joined(separator: "\n"))
        }
        if statuses.contains(where: { !$0.isGood }) { throw ArgumentParser.ExitCode(1) }
    }
}
