import TestSupport

extension Environment {
    /// The environment of a pod for the user `jane` (1000:2000, group `lab`), whose persistent directory is
    /// `/scratch/homes/jane` and whose command starts there.
    static let pod = Environment.container.with([
        "NB_USER": "jane", "NB_UID": "1000", "NB_GROUP": "lab", "NB_GID": "2000",
        "SCRATCH_HOME_ROOT": "/scratch/homes", "WORKING_DIR": "/scratch/homes/jane",
        // Each change on a line of its own.
        "ENTRYPOINT_LOG": "debug",
    ])
}

extension SquashedScratch {
    /// Makes `homes` as a research group has it: writable for `lab` (2000), and not for others.
    func makeHomes() throws { try makeDirectory("homes", mode: 0o770, user: 0, group: 2000) }
}
