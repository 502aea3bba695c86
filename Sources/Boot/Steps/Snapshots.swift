internal import Linux
internal import Programs
internal import Text

/// Directories of the node's disk that outlive their pod.
package struct Snapshots: Step {
    package static let name = "snapshot"
    package static let summary = "directories are restored from their last snapshot, and saved while the container runs"
    package static let actors = "user"
    package static let isOptional = false
    /// Each snapshot has its own.
    package static let hasFailurePolicy = false
    package static let variables = SnapshotVariables.all
    package static let fileSettings: [any SettingDeclaration] = [setting]

    static let setting = FileSetting(
        name, SnapshotType.entries,
        Words("Directories that outlive their pod: one, or a list", example: example), addsUp: true)

    private static var example: String {
        """
          # Directories that outlive their pod; see the page Snapshots.
          #directory: /workdir
          #repository: "s3:https://objects.example.com/bucket/{user}"
          #credentials: {accessKeyFile: /secrets/id, secretKeyFile: /secrets/key, passwordFile: /secrets/password}
          #every: 60
          #exclude: ["**/__pycache__", .cache]
          #keep: {last: 10, daily: 7}
        """
    }

    /// The snapshots, in the order in which they are restored.
    package let all: [Snapshot]
    /// Whether the user may have a file with others.
    private let hasUserFile: Bool

    /// Reads them; `nil` without any.
    package init?(reading reader: inout SettingsReader) {
        // Most pods have none of it, and a boot has no time for each of the variables.
        hasUserFile = reader.isSet(ConfigurationSettings.userFileVariable)
        let isAsked =
            reader.hasSnapshots || !reader.environment.names(startingWith: SnapshotVariables.prefix).isEmpty
        all = isAsked ? SnapshotList(Self.setting, reading: &reader).snapshots : []
        if all.isEmpty && !hasUserFile { return nil }
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let own = hasUserFile ? [Snapshot.restoreOwn] : []
        return StepPlan(
            changes: (all.map { $0.restore } + own).map { program in
                let change = CommandChange(
                    program, context.settings, context.people, context.host, exports: context.exports)
                return PlannedChange(.command(change), by: [.user], onFailure: program.onFailure)
            })
    }
}

extension Settings {
    /// The snapshots, in the order in which they are restored.
    package var snapshots: [Snapshot] { self[Snapshots.self]?.all ?? [] }
}
