import ArgumentParser

struct SnapshotGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Restore, save and list what outlives its pod.",
        discussion: """
            The boot restores a directory from its newest snapshot before the command runs, and saves it while the container \
            runs and once more at its end, as the configuration says under snapshot. Nothing is saved unless the directory was \
            restored, or the repository has answered that it has nothing of it.

              entrypointctl snapshot status
              entrypointctl snapshot save
              entrypointctl snapshot restore --at 2026-12-01T10:00 --to /workdir/before
            """,
        subcommands: [
            SnapshotInit.self, SnapshotRestore.self, SnapshotSave.self, SnapshotList.self, SnapshotDiff.self,
            SnapshotStatus.self, SnapshotPurge.self,
        ])
}
