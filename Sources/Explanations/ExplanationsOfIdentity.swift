/// What is told of the user, and of the volume of the users' directories.
extension Explanation {
    static let identityAccountConflict = Explanation(
        .either, "The image's accounts do not allow the name or the id that was asked for.",
        causes: "The image gives the name or the id to a system account; `identity.onCollision` is `fail`.",
        remedy: "Choose the name or the id that the message proposes.")
    static let identityNotTheCaller = Explanation(
        .error, "The pod asks for another user than the one it was started as.",
        causes:
            "`NB_UID` or `NB_GID` differs from `runAsUser` or the pod's groups, and only the program's file has capabilities.",
        remedy: "Set `securityContext.runAsUser` and `runAsGroup` to the ids of the variables.")
    static let identityCannotBecome = Explanation(
        .error, "The container was started without privileges as another user or group.",
        causes: "`NB_UID` or `NB_GID` differs from `runAsUser` or the pod's groups.",
        remedy: "Set `securityContext.runAsUser` and `runAsGroup` to the ids of the variables, or start as root.")
    static let identityIDsRefused = Explanation(
        .error, "The container cannot take the user's ids.",
        causes:
            "A user namespace (`hostUsers: false`, rootless engines) that has no such id; `SETUID` or `SETGID` dropped.",
        remedy: "Choose ids inside of the namespace, or change the field that the message names.")
    static let identitySeedUser = Explanation(
        .error, "The seed user is unknown, or is root.",
        causes: "`SCRATCH_SEED_USER` names an account that the image does not have.",
        remedy: "Add the account to the image, or give its ids as `uid:gid`.")
    static let identityIDInUse = Explanation(
        .warning, "An id belongs to somebody else in the image too.",
        causes: "The image has an account or a group with the same id.",
        remedy: "Nothing, unless a program looks up the wrong name; choose another id then.")
    static let identityNameNotGiven = Explanation(
        .warning, "The user gets no entry in the account files.",
        causes:
            "The name may have rights in this image, and the container was started as a user with the capabilities of the program's file.",
        remedy:
            "The maker of the image permits the name with `identity.names`; root reads the reasons in `/run/entrypoint/names`."
    )
    static let identityNoHome = Explanation(
        .warning, "The user has no home that can be written, in an image without scratch.",
        causes: "The pod does not start as root, and the image has no directory for its uid.",
        remedy: "Set `HOME` to a directory that the user can write, mount one, or let the pod start as root.")
    static let identityNoShell = Explanation(
        .warning, "The image lacks the preferred login shell, or any.",
        causes: "The image does not have zsh.",
        remedy: "Install it, or name the shells in `identity.shells`.")
    static let identityPrimaryGroup = Explanation(
        .warning, "The user's primary group is not `NB_GID`.",
        causes: "The container was started without privileges and with another `runAsGroup`.",
        remedy: "Set `securityContext.runAsGroup`.")
    static let identityDeviceGroup = Explanation(
        .warning, "The user may not open a GPU device.",
        causes:
            "The device belongs to a group that the container does not have, or that the image uses for something else.",
        remedy: "Add the group to `securityContext.supplementalGroups`.")
    static let identityGroupsLeftOut = Explanation(
        .warning, "The groups of `identity.groups` are not joined.",
        causes: "The pod has mounted something over `/etc/group`.",
        remedy: "Mount nothing there.")
    static let identityAccountsUnreadable = Explanation(
        .warning, "A file of accounts, or `/etc/sudoers`, cannot be read.",
        causes: "A mount over it, or a file of the wrong kind.",
        remedy: "Mount nothing over it.")
    static let identityAccountsChanged = Explanation(
        .either, "Another program has changed the account files during the boot.",
        causes: "A step or a session that runs `useradd` at the same time.",
        remedy: "Start the container again.")
    static let identityAccountsLocked = Explanation(
        .either, "Another program holds the lock of the account files.",
        causes: "A `useradd` or a `vipw` that does not end.",
        remedy: "End the program that holds the lock, and start the container again.")
    static let identitySudoNotGranted = Explanation(
        .warning, "The user has no sudo although the image has it.",
        causes: "The pod spec sets `allowPrivilegeEscalation: false`.",
        remedy: "Remove the field, or set `IDENTITY_SUDO=none` if no sudo is wanted.")
    static let identitySudoAsksPassword = Explanation(
        .warning, "Sudo asks the user for a password, which nobody has.",
        causes: "The image's `/etc/sudoers` does not include `/etc/sudoers.d`.",
        remedy: "Add the line `@includedir /etc/sudoers.d`.")
    static let scratchNotMounted = Explanation(
        .either, "There is no volume where the user's directory should be.",
        causes: "The pod has no volume there: `volumeMounts` (`docker run -v`) is missing or has another path.",
        remedy: "Mount the volume above `SCRATCH_HOME_ROOT`, or correct `SCRATCH_HOME_ROOT`.")
    static let scratchPermissionDenied = Explanation(
        .either, "Neither the user nor the seed user may make or use a directory on the volume.",
        causes: "Root squash with a directory that only its owner may write in; a wrong `NB_UID` or `NB_GID`.",
        remedy: "Make the directory once as its owner, or set `SCRATCH_SEED_USER` to an account that may.")
    static let scratchForeignOwner = Explanation(
        .either, "The user's directory belongs to somebody else.",
        causes: "`NB_UID` is not the uid that the user has on the file server; the directory was made as root.",
        remedy: "Correct `NB_UID`; if it is right, let root run the `chown` of the message.")
    static let scratchHomeOwnerUnknown = Explanation(
        .warning, "An owner in `scratch.homeOwners` is left out.",
        causes: "The image has no account of that name.",
        remedy: "Add the account to the image, or write its uid.")
    static let scratchSeedDirectory = Explanation(
        .either, "The seed user may not work where the directory is missing.",
        causes: "The image's `scratch.seedDirectories` does not name the directory above, or describes another volume.",
        remedy: "Name the directory in `scratch.seedDirectories` as the message shows it.")
    static let scratchNoSeedUser = Explanation(
        .warning, "Only the seed user may make a directory, and there is none.",
        causes: "`owner: seed` in `scratch.directories`, in an image without the seed user's account.",
        remedy: "Set `SCRATCH_SEED_USER`, or choose another owner.")
    static let scratchDirectoryOfRoot = Explanation(
        .either, "Root makes nothing in a directory of somebody else's.",
        causes:
            "`owner: root` in `scratch.directories` with a path in a user's tree, or in one that others may write in.",
        remedy: "Choose a path that is root's alone, or another owner.")
}
