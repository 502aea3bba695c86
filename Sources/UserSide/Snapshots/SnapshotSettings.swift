package import Boot
internal import Linux
package import Programs
internal import Text

/// What the configuration says of snapshots, for whoever works with them as the user.
package struct SnapshotSettings: Sendable {
    /// All of them, in the order in which they are restored.
    package let snapshots: [Snapshot]

    /// Why the settings cannot be used.
    package struct Refusal: Error {
        package let problems: [Note]
    }

    /// Reads the settings: the image's, of the files that `ENTRYPOINT_CONFIG` and `ENTRYPOINT_USER_CONFIG` name, and the
    /// variables.
    ///
    /// - Throws: every problem at once.
    package init(_ environment: EnvironmentBlock) throws(Refusal) {
        let tree = FileTree()
        var configuration = Configuration.read(from: tree, named: Configuration.file(namedBy: environment))
        if let file = Configuration.userFile(namedBy: environment) {
            configuration.addServices(ofUser: file, from: tree)
        }
        var reader = SettingsReader(environment: environment, configuration: configuration, contents: .ignored)
        _ = ConfigurationSettings(reading: &reader)
        snapshots = Snapshots(reading: &reader)?.all ?? []
        // Those that the boot has no value for have one here.
        let placeholders = Placeholders(environment)
        for snapshot in snapshots {
            for text in [snapshot.directory.string, snapshot.repository] {
                do throws(FormatError) {
                    _ = try placeholders.fill(text)
                } catch {
                    reader.note(Note(.settingsInvalidValue, "snapshot \(snapshot.name): \(error.expected)"))
                }
            }
        }
        guard reader.problems.isEmpty else { throw Refusal(problems: reader.problems) }
    }

    /// One of them.
    ///
    /// - Parameter name: its name; `nil` for the only one.
    /// - Throws: which there are.
    package func snapshot(_ name: String?) throws(SnapshotFailure) -> Snapshot {
        let names = snapshots.map { $0.name }
        if let name {
            if let found = snapshots.first(where: { $0.name == name }) { return found }
            let there = names.isEmpty ? "none is configured" : "there are \(names.inWords)"
            throw SnapshotFailure("no snapshot '\(name.shown())'; \(there)", .settings)
        }
        guard let first = snapshots.first else {
            throw SnapshotFailure(
                "no snapshot is configured; see the section snapshot of the configuration, or SNAPSHOT_DIRECTORY",
                .settings)
        }
        guard snapshots.count == 1 else {
            throw SnapshotFailure("there are the snapshots \(names.inWords); choose one with --name", .settings)
        }
        return first
    }
}
