package import Linux

/// Every absolute path that the boot itself knows.
package enum Paths {
    package static let passwd: FilePath = "/etc/passwd"
    package static let group: FilePath = "/etc/group"
    package static let shadow: FilePath = "/etc/shadow"
    package static let gshadow: FilePath = "/etc/gshadow"
    package static let sudoers: FilePath = "/etc/sudoers"
    package static let sudoersDirectory: FilePath = "/etc/sudoers.d"
    /// The only file of sudo's that the boot writes.
    package static let sudoersFile: FilePath = "/etc/sudoers.d/90-entrypoint"
    /// The image's configuration.
    package static let configuration: FilePath = "/etc/entrypoint.yaml"
    /// Further configuration files, in the order of their names.
    package static let configurationDirectory: FilePath = "/etc/entrypoint/conf.d"
    /// Executables that are run as root during a boot.
    package static let rootSteps: FilePath = "/etc/entrypoint/steps.d"
    /// Executables that are run as the user during a boot.
    package static let userSteps: FilePath = "/etc/entrypoint/user-steps.d"
    /// Root's home.
    package static let rootHome: FilePath = "/root"
    /// Where homes are.
    package static let homes: FilePath = "/home"
    /// Where an image has the shell files that a user starts with.
    package static let shellSkeleton: FilePath = "/docker"
    /// Where state is kept if it cannot be kept in ``state``.
    package static let sharedMemoryState: FilePath = "/dev/shm/entrypoint-root"
    /// The state of the boot that is kept for later sessions.
    package static let state: FilePath = "/run/entrypoint"
    /// Where ``state`` is kept for a user who may not write in `/run`; the user id follows.
    package static let userStatePrefix = "/dev/shm/entrypoint-"
    /// Where programs keep files that last as long as the container runs.
    package static let volatile: FilePath = "/run"
    /// Where something is put that must not outlive the container, in order of preference.
    package static let memory: [FilePath] = [volatile, "/dev/shm"]
    /// Where a step writes what it exports, in order of preference.
    package static let exportPlaces = memory + ["/tmp"]
    /// Where Kubernetes reads the reason for a container's end.
    package static let terminationLog: FilePath = "/dev/termination-log"
    /// Where programs of the image are, in the order in which they are looked for.
    package static let programDirectories: [FilePath] = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    ]
    /// Login shells, in order of preference.
    package static let shells: [FilePath] = ["/bin/zsh", "/bin/bash", "/bin/sh"]
    /// The login shell if the image has none of the known ones.
    package static let lastShell: FilePath = "/bin/sh"
}
