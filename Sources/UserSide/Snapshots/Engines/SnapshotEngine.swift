package import Boot
package import Linux

/// What keeps snapshots.
package protocol SnapshotEngine {
    /// All snapshots of the repository, the oldest one first.
    ///
    /// - Throws: why it is not known which there are. An empty list is a proof that there is none.
    func snapshots() throws(SnapshotFailure) -> [SavedSnapshot]

    /// Makes the repository.
    ///
    /// - Throws: why it was not made, such as that there is one.
    func initialise() throws(SnapshotFailure)

    /// Writes the content of a snapshot into an empty directory.
    ///
    /// - Parameters:
    ///   - path: a part of the snapshot, from its top; `nil` for all.
    ///   - progress: is told of what is done, in bytes; what it returns ends the restore.
    /// - Throws: why not all of it is there.
    func restore(
        _ snapshot: SavedSnapshot, to directory: FilePath, path: String?, progress: (UInt64, UInt64?) -> Bool
    ) throws(SnapshotFailure)

    /// Adds a snapshot of a directory.
    ///
    /// - Throws: why there is none.
    func save(_ directory: FilePath, _ request: SaveRequest) throws(SnapshotFailure) -> SaveResult

    /// Gives each line of what differs between two snapshots.
    func differences(
        _ one: String, _ other: String, _ take: (String) -> Void
    ) throws(SnapshotFailure)

    /// Removes the snapshots that are not kept.
    func forget(_ keep: Snapshot.Keep, tag: String) throws(SnapshotFailure)

    /// Removes some snapshots for good.
    func remove(_ snapshots: [SavedSnapshot]) throws(SnapshotFailure)
}

/// How a directory is saved.
package struct SaveRequest: Sendable {
    package let host: String
    package let tags: [String]
    /// The snapshot that this one is compared with.
    package var parent: String?
    /// The parent's time (RFC 3339). The new snapshot is later, however the clocks of two nodes differ; empty for none.
    package var parentTime = ""
    /// Whether the files of the parent have other inodes here.
    package var isAfterRestore = false
    /// Whether the user's work goes before it.
    package var isInBackground = false
    /// Nanoseconds that it may take; `nil` for ever.
    package var limit: UInt64?

    package init(host: String, tags: [String]) {
        self.host = host
        self.tags = tags
    }
}
