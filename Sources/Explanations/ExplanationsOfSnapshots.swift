/// What is told of directories that outlive their pod.
extension Explanation {
    static let snapshotSettings = Explanation(
        .error, "A snapshot cannot be used as it is configured.",
        causes:
            "A file of `credentials` is missing or the user may not read it; the program of the engine is not in the image.",
        remedy:
            "Set `fsGroup` to the user's group, or `defaultMode: 0444`, for the secret's volume; install the package that the "
            + "message names.")
    static let snapshotNotRestored = Explanation(
        .error, "A directory is neither restored from its snapshot nor proved to be new, so that nothing may be saved.",
        causes:
            "The object storage does not answer or refuses the keys; the password is wrong; the repository was never made; the "
            + "restore was cut off, or the disk is full; files are there that no snapshot explains.",
        remedy:
            "Do what the message says; `entrypointctl snapshot init` makes a new repository, once. With `onFailure: warn` the "
            + "container starts, and saves nothing.")
    static let snapshotDecided = Explanation(
        .warning, "Something about a snapshot was decided without you, and nothing was lost.",
        causes: "Another pod has saved a newer snapshot; a node's disk kept what an earlier pod left.",
        remedy:
            "`entrypointctl snapshot list` has both; `entrypointctl snapshot restore --at ID --to DIR` brings the other."
    )
}
