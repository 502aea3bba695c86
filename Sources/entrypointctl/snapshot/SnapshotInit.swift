import ArgumentParser
import UserSide

struct SnapshotInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make the repository, once.",
        discussion: """
            With older versions of the engine, a repository that was never made looks like one that cannot be reached; so making \
            it is a step of its own. A repository that exists stays as it is.

              entrypointctl snapshot init

            Ends with 0, with 1 when it was not made, such as because there is one, and with 78 when a setting is wrong.
            """)

    @OptionGroup var options: SnapshotOptions

    func run() throws {
        let work = try options.work()
        try SnapshotOptions.run { () throws(SnapshotFailure) in try work.initialise() }
    }
}
