/// All questions of `entrypointctl doctor`, in the order of its answers. A new one is a function and one line here.
package enum Checks {
    /// What is asked first, because the other checks need the settings.
    package static let probe = Check("settings.values", "what is wrong with the settings", deadline: 2) {
        SettingsChecks.values($0)
    }

    package static let all: [Check] = [
        // The settings, and what has come of them.
        probe,
        Check("settings.files", "what is wrong with files whose contents are settings") { SettingsChecks.files($0) },
        Check("boot.result", "how the last boot has ended, and its warnings") { BootChecks.result($0) },

        // The file systems.
        Check("mounts.scratch", "what SCRATCH_HOME lies on, and what is left there", as: .user) {
            MountChecks.findings($0, at: .scratch)
        },
        Check("mounts.home", "what the home lies on, and what is left there", as: .user) {
            MountChecks.findings($0, at: .home)
        },
        Check("mounts.run", "what /run lies on, and what is left there") { MountChecks.findings($0, at: .run) },
        Check("mounts.tmp", "what /tmp lies on, and what is left there") { MountChecks.findings($0, at: .temporary) },

        // The directories on scratch.
        Check("scratch.root", "what can be done in SCRATCH_HOME_ROOT, and who owns it then", as: .each) {
            ScratchTrial.findings($0, in: .root)
        },
        Check("scratch.home", "what can be done in SCRATCH_HOME, and who owns it then", as: .each) {
            ScratchTrial.findings($0, in: .home)
        },
        Check("scratch.working", "what can be done in WORKING_DIR, and who owns it then", as: .each) {
            ScratchTrial.findings($0, in: .working)
        },
        Check("scratch.modes", "whether owner, group and mode suit the umask and the group", as: .user) {
            ScratchModes.findings($0)
        },
        Check("caches.shared", "what in shared caches the group cannot use", as: .user) { CacheWalk.findings($0) },

        // Who is who, and who may become root.
        Check("accounts.entries", "whether the entries of the user and the group agree with the boot") {
            AccountChecks.entries($0)
        },
        Check("accounts.duplicates", "which names and numbers stand for two accounts") { AccountChecks.duplicates($0) },
        Check("accounts.files", "who can write the account files and those of sudo") { AccountFileChecks.rights($0) },
        Check("accounts.sudo", "whether sudo works, if the settings give it") { SudoChecks.findings($0) },
        Check("ssh.keys", "whether ssh can use the user's private keys", as: .user) { KeyChecks.findings($0) },

        // Process 1, and what a start of it may do.
        Check("process.first", "which program process 1 is") { FirstProcessChecks.program($0) },
        Check("process.reaping", "whether somebody waits for what has ended") { FirstProcessChecks.reaping($0) },
        Check("process.stopping", "whether process 1 can be told to stop") { FirstProcessChecks.stopping($0) },
        Check("process.entrypoint", "whether the pod has bypassed the image's ENTRYPOINT") {
            FirstProcessChecks.entrypoint($0)
        },
        Check("process.privileges", "whether a start has the capabilities that it needs") {
            PrivilegeChecks.findings($0)
        },

        // What runs beside the command.
        Check("services.stopping", "whether services have the time to end") { ServiceChecks.stopping($0) },

        // What outlives the pod.
        Check("snapshots.saving", "whether directories are saved, and can be once more at the end", as: .user) {
            SnapshotChecks.saving($0)
        },

        // What jobs need.
        Check("devices.shm", "how large /dev/shm is") { SharedMemoryCheck.findings($0) },
        Check("devices.accelerators", "which accelerators there are, and whether the user can open them", as: .user) {
            AcceleratorChecks.findings($0)
        },
        Check("devices.drivers", "whether the libraries are those of the node's driver") { DriverCheck.findings($0) },
        Check("limits.processors", "whether programs start more threads than have processors") {
            ControlGroupChecks.processors($0)
        },
        Check("limits.memory", "how near the memory is to its limit, and what was killed for it") {
            ControlGroupChecks.memory($0)
        },
        Check("limits.processes", "how many processes can be started") { ControlGroupChecks.processes($0) },
        Check("distributed.variables", "whether the variables of a distributed job agree") { JobChecks.variables($0) },
        Check("distributed.address", "whether MASTER_ADDR can be resolved") { JobChecks.address($0) },
        Check("distributed.port", "whether MASTER_PORT is free on rank 0") { JobChecks.port($0) },

        // What is left of earlier starts.
        Check("leftovers.state", "whether the state of another boot is left") { LeftoverChecks.state($0) },
        Check("leftovers.files", "what boots that were killed have left", as: .each) { LeftoverChecks.files($0) },
        Check("leftovers.scripts", "whether an older start script is in the image") { LeftoverChecks.scripts($0) },
        Check("leftovers.peers", "what was made for other images' entry points") { PeerLeftovers.findings($0) },
        Check("leftovers.passwords", "which accounts have a password") { LeftoverChecks.passwords($0) },
        Check("leftovers.secrets", "which stripped secrets process 1 still shows", as: .user) {
            LeftoverChecks.secrets($0)
        },
    ]

    /// The areas, each once, in their order.
    package static var areas: [String] {
        all.reduce(into: []) { areas, check in if areas.last != check.area { areas.append(check.area) } }
    }

    /// The checks of some areas, or with some names.
    ///
    /// - Parameter words: areas and names; without any, all checks are meant.
    /// - Returns: the checks in their order; `nil` with the first word that is neither.
    package static func chosen(by words: [String]) -> (checks: [Check], unknown: String?) {
        if words.isEmpty { return (all, nil) }
        let unknown = words.first { word in !all.contains { $0.area == word || $0.name == word } }
        return (all.filter { words.contains($0.area) || words.contains($0.name) }, unknown)
    }
}
