package import Boot
package import Linux
package import Programs

/// What is known of a container before its checks ask anything: its settings, its last boot, and who is who.
///
/// Nothing of it is read from a volume of the pod's, which may hang.
package struct ContainerFacts: Sendable {
    /// The variables of the caller, completed by those that the boot has kept.
    package var environment: EnvironmentBlock
    /// Everything that is wrong with the settings, a line each; the files whose contents are settings are not opened.
    package var settingsProblems: [String] = []
    /// Whether the settings ask for a boot that prepares something.
    package var isPrepared = false
    /// Whether the settings were read: not if a file of theirs does not answer.
    package var hasSettings = true
    /// Reads the settings with the files whose contents are settings, which may lie on a volume that hangs, and returns
    /// everything that is wrong, a line each.
    package var contentProblems: @Sendable () -> [String] = { [] }
    /// The last boot; `nil` where there is none that can be believed.
    package var boot: BootRecord?
    /// Why there is none.
    package var absence = ""
    /// How the container ended after the last boot; `nil` while it runs.
    package var end: EndRecord?
    /// The user of the command, from the boot or otherwise from the settings; `nil` where neither says.
    package var user: People.User?
    /// The seed user; `nil` where there is none.
    package var seed: Credentials?
    /// The umask that the user's command has, or would have; `nil` where that is not known.
    package var umask: ModeBits?
    /// Whether the settings give the user sudo.
    package var hasSudo = false
    /// The directory of all homes on scratch (`SCRATCH_HOME_ROOT`).
    package var scratchRoot: FilePath?
    /// The user's directory on scratch (`SCRATCH_HOME`).
    package var scratchHome: FilePath?
    /// Where the command starts (`WORKING_DIR`).
    package var workingDirectory: FilePath?
    /// The services beside the command, in the order in which they are started.
    package var services: [Service] = []
    /// The directories that outlive their pod.
    package var snapshots: [Snapshot] = []
    /// Nanoseconds that services and what is left have once the command has ended (`ENTRYPOINT_GRACE`).
    package var grace: UInt64 = 0
    /// Nanoseconds that the command has to end (`ENTRYPOINT_STOP_TIMEOUT`); 0 for as long as the runtime waits.
    package var stopTimeout: UInt64 = 0
    /// The program that boots, beside this one.
    package var entrypoint: FilePath
    /// As whom the check runs.
    package var actor: Credentials
    /// Whose part that is.
    package var role = Actor.user

    package init(environment: EnvironmentBlock, entrypoint: FilePath, actor: Credentials) {
        self.environment = environment
        self.entrypoint = entrypoint
        self.actor = actor
    }
}
