import ArgumentParser
import Boot
import Linux
import UserSide

struct SnapshotRestore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring the directory to its newest snapshot, or another one to another place.",
        usage: "entrypointctl snapshot restore [<options>]",
        discussion: """
            Without options it does what the boot does: an empty directory becomes what its newest snapshot has, and one that has \
            files stays as it is. With --to, a snapshot of any time is written into a directory of its own, which must be empty or \
            missing. What is there is never written over.

              entrypointctl snapshot restore
              entrypointctl snapshot restore --at 1a2b3c4d --to /workdir/before
              entrypointctl snapshot restore --at 2026-12-01T10:00 --path src/main.py --to /tmp/found
              entrypointctl snapshot restore --from-mirror s3:https://objects.example.com/bucket/jane

            Ends with 0, with 1 when not all of it is there, and with 78 when a setting is wrong.
            """)

    @Option(help: ArgumentHelp("The snapshot: an id, or a time at which it was the newest one.", valueName: "id|time"))
    var at: String?

    @Option(help: ArgumentHelp("Write it into this directory.", valueName: "directory"))
    var to: String?

    @Option(help: ArgumentHelp("Only this part of it, with --to.", valueName: "path"))
    var path: String?

    @Flag(help: "Keep the files that are there, although no snapshot explains them; they are saved from now on.")
    var keep = false

    @Option(
        help: ArgumentHelp(
            "Take over, into an empty directory, what rclone has mirrored to this address.", valueName: "address"))
    var fromMirror: String?

    @Flag(help: .hidden)
    var boot = false

    @Flag(help: .hidden)
    var own = false

    @OptionGroup var options: SnapshotOptions

    func validate() throws {
        if (at != nil || path != nil) && to == nil {
            throw ValidationError(
                "--at and --path need --to: the directory of the snapshot itself is never written over")
        }
        if [to != nil, keep, fromMirror != nil].filter({ $0 }).count > 1 {
            throw ValidationError("--to, --keep and --from-mirror exclude each other")
        }
    }

    func run() throws {
        var voice = SnapshotOptions.Voice()
        voice.inBoot = boot
        if own { return try restoreOwn(voice) }
        let work = try options.work(voice)
        try SnapshotOptions.run(voice) { () throws(SnapshotFailure) in
            if let to {
                let place = FilePath(CurrentProcess.directory).pushing(FilePath(to))
                try work.restore(at: at, to: place, path: path)
            } else if keep {
                try work.keep()
            } else if let fromMirror {
                try work.takeOverMirror(at: fromMirror)
            } else {
                try work.begin()
            }
        }
    }

    /// Restores what a file of the user's own has, of which the boot knows nothing.
    private func restoreOwn(_ voice: SnapshotOptions.Voice) throws {
        try SnapshotOptions.run(voice) { () throws(SnapshotFailure) in
            // The keeper of services reads the same file next, and tells what is wrong with it.
            guard let settings = try? SnapshotOptions.read() else { return }
            for snapshot in settings.snapshots where snapshot.isOwn {
                let work = voice.work(snapshot)
                do throws(SnapshotFailure) {
                    try work.begin()
                } catch {
                    guard snapshot.onFailure == .warn else { throw error }
                    voice.warn(error.text)
                }
            }
        }
    }
}
