import ArgumentParser
import UserSide

struct SnapshotPurge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Remove all snapshots of the directory from the repository.",
        discussion: """
            Nothing brings them back. The directory stays as it is, and is not saved any more until it is restored or kept.

              entrypointctl snapshot purge --yes

            Ends with 0, with 1 when some of them are left, or nobody has agreed, and with 78 when a setting is wrong.
            """)

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var options: SnapshotOptions

    func run() throws {
        let work = try options.work()
        var saved: [SavedSnapshot] = []
        try SnapshotOptions.run { () throws(SnapshotFailure) in saved = try work.list() }
        guard !saved.isEmpty else { return Console.tell("there is no snapshot") }
        if !yes {
            guard let answer = Confirmation.ask("Remove \(saved.count) snapshots for good?") else {
                Console.tell("nobody can be asked whether \(saved.count) snapshots are removed: use --yes")
                throw ArgumentParser.ExitCode(1)
            }
            guard answer else { throw ArgumentParser.ExitCode(1) }
        }
        try SnapshotOptions.run { () throws(SnapshotFailure) in try work.purge() }
    }
}
