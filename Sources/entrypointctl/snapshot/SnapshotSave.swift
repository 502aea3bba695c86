import ArgumentParser
import Linux
import Session
import UserSide

struct SnapshotSave: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Add a snapshot of the directory, if anything has changed.",
        discussion: """
            The service snapshot does this every now and then, and once more at the end of the container. A directory that was \
            neither restored nor proved to be new is not saved.

              entrypointctl snapshot save

            Ends with 0, with 1 when there is no snapshot, and with 78 when a setting is wrong.
            """)

    @Flag(help: .hidden)
    var periodic = false

    @Flag(help: .hidden)
    var final = false

    @OptionGroup var options: SnapshotOptions

    func run() throws {
        var voice = SnapshotOptions.Voice()
        voice.isService = periodic || final
        let work = try options.work(voice)
        do throws(SnapshotFailure) {
            try work.save(final ? .final : periodic ? .periodic : .person)
            if final, let state = try work.state() {
                TerminationLog.write("snapshot: \(SnapshotText.last(state))", in: FileTree())
            }
        } catch {
            if final { TerminationLog.write("snapshot: \(error.text)", in: FileTree()) }
            throw voice.end(error)
        }
    }
}
