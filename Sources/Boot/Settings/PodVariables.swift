package import Linux

/// The variables that many parts of the boot mention: who the pod is for, and where the pod's files are. The identity
/// and scratch steps read them.
package enum PodVariables {
    package static let userName = Variable("NB_USER", .accountName, Words("Name of the user"), .required)
    package static let userID = Variable("NB_UID", .accountID, Words("User id, decimal"), .required)
    package static let groupName = Variable(
        "NB_GROUP", .accountName, Words("Name of the user's primary group"), .required)
    package static let groupID = Variable(
        "NB_GID", .accountID, Words("Id of the user's primary group, decimal"), .required)

    package static let scratchRoot = Variable(
        "SCRATCH_HOME_ROOT", .absolutePath,
        Words("Directory of the users' persistent directories", example: "/scratch/homes"), .required,
        key: "scratch.homeRoot")
    package static let scratchHome = Variable(
        "SCRATCH_HOME", .absolutePath,
        Words("The user's persistent directory", default: "`$\(scratchRoot.name)/$\(userName.name)`"))
    package static let workingDirectory = Variable(
        "WORKING_DIR", .absolutePath,
        Words("Directory that the command starts in", example: "/workspace"), .required,
        key: "scratch.workingDirectory")
    package static let umask = Variable(
        "SCRATCH_UMASK", .umask,
        Words(
            "umask of the boot's work as the user, and of the command; octal; 022 where `scratch.enabled` is false",
            default: "007"),
        key: "scratch.umask")
    /// The name and the key of the setting for the user's sudo, which has its own type, and its values.
    package static let sudoName = "IDENTITY_SUDO"
    package static let sudoKey = "identity.sudo"
    package static let sudoValues = (all: "all", none: "none")
    /// The name of the variable for the account that makes what the user may not make. The variable has its own type.
    package static let seedUserName = "SCRATCH_SEED_USER"
    /// The name of the variable that says, to the startup files of shells, that an environment is the boot's already. It
    /// is no setting.
    package static let sessionName = "ENTRYPOINT_SESSION"

    /// Seconds that a file server may take for one change.
    package static let timeout = Variable(
        "SCRATCH_TIMEOUT", .seconds,
        Words(
            "Seconds that a file server may take for one change before the boot is ended; 0 waits for ever",
            default: "\(standardTimeout)"),
        key: "scratch.timeout")
    /// The default value of ``timeout``.
    package static let standardTimeout: UInt32 = 60
}
