package import Linux

/// The names in a directory that belong to its snapshots. None of them is ever saved.
package enum SnapshotPlaces {
    /// What all of them begin with, which is the state's own name.
    static let prefix = ".entrypoint-snapshot"
    package static let state: FilePath.Component = ".entrypoint-snapshot"
    /// Metadata of the repository, so that not every run asks for all of it.
    static let cache: FilePath.Component = ".entrypoint-snapshot.cache"
    /// What is being restored.
    static let staging: FilePath.Component = ".entrypoint-snapshot.restore"
    /// What is in the way of what is being restored, and stands in another snapshot.
    static let replaced: FilePath.Component = ".entrypoint-snapshot.replaced"

    /// Whether an entry of a directory is no file of the user's.
    static func isOwn(_ name: FilePath.Component) -> Bool {
        name.string.hasPrefix(prefix) || name.string == "lost+found"
    }
}

/// The tags of a snapshot.
enum SnapshotTag {
    /// Before a snapshot's name.
    static let name = "entrypoint-"
    /// Before the bytes and the number of files, with a dash between them.
    static let size = "size-"
}
