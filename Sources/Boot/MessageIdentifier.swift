/// The stable name of each warning and error, such as `scratch.not-mounted`: what people search for, and what programs
/// that read the log may rely on.
///
/// Nothing can be warned of, and no boot can fail, without one of these. The first part says what it is about; a name
/// stays the same when the words of its message change. `entrypointctl explain` has what each of them means.
package enum MessageIdentifier: String, CaseIterable, Sendable {
    // The command line of the program.
    case commandLineInvalid = "command-line.invalid"

    // The settings, which are read before anything is changed.
    case settingsInvalidValue = "settings.invalid-value"
    case settingsGivenTwice = "settings.given-twice"
    case settingsPeerVariable = "settings.peer-variable"
    case settingsUnreadableContent = "settings.unreadable-content"
    case settingsUnseenContent = "settings.unseen-content"
    case settingsIncomplete = "settings.incomplete"
    case settingsIdentityRequired = "settings.identity-required"
    case settingsNothingPrepared = "settings.nothing-prepared"
    case settingsMisspeltVariable = "settings.misspelt-variable"
    case settingsUnknownVariable = "settings.unknown-variable"
    case settingsImagePolicy = "settings.image-policy"
    case settingsFileSyntax = "settings.file-syntax"
    case settingsFileContent = "settings.file-content"
    case settingsFileUnreadable = "settings.file-unreadable"
    case settingsFileName = "settings.file-name"
    case settingsFileUntrusted = "settings.file-untrusted"
    case settingsInitMode = "settings.init-mode"
    case settingsStepDirectory = "settings.step-directory"
    case settingsStepName = "settings.step-name"

    // The process, as the container runtime has started it.
    case startSetUserID = "start.set-user-id"
    case startStreams = "start.streams"
    case startCredentials = "start.credentials"
    case startCapabilities = "start.capabilities"
    case startNoProcess = "start.no-process"
    case startRootLost = "start.root-lost"

    // Who the user is.
    case identityAccountConflict = "identity.account-conflict"
    case identityNotTheCaller = "identity.not-the-caller"
    case identityCannotBecome = "identity.cannot-become"
    case identityIDsRefused = "identity.ids-refused"
    case identitySeedUser = "identity.seed-user"
    case identityIDInUse = "identity.id-in-use"
    case identityNameNotGiven = "identity.name-not-given"
    case identityNoHome = "identity.no-home"
    case identityNoShell = "identity.no-shell"
    case identityPrimaryGroup = "identity.primary-group"
    case identityDeviceGroup = "identity.device-group"
    case identityGroupsLeftOut = "identity.groups-left-out"
    case identityAccountsUnreadable = "identity.accounts-unreadable"
    case identityAccountsChanged = "identity.accounts-changed"
    case identityAccountsLocked = "identity.accounts-locked"
    case identitySudoNotGranted = "identity.sudo-not-granted"
    case identitySudoAsksPassword = "identity.sudo-asks-password"

    // The volume of the users' directories.
    case scratchNotMounted = "scratch.not-mounted"
    case scratchPermissionDenied = "scratch.permission-denied"
    case scratchForeignOwner = "scratch.foreign-owner"
    case scratchHomeOwnerUnknown = "scratch.home-owner-unknown"
    case scratchSeedDirectory = "scratch.seed-directory"
    case scratchNoSeedUser = "scratch.no-seed-user"
    case scratchDirectoryOfRoot = "scratch.directory-of-root"

    // Files and directories of any step.
    case filesPermissionDenied = "files.permission-denied"
    case filesNeedRoot = "files.need-root"
    case filesNeedChown = "files.need-chown"
    case filesReadOnly = "files.read-only"
    case filesNoSpace = "files.no-space"
    case filesQuota = "files.quota"
    case filesServer = "files.server"
    case filesSymbolicLink = "files.symbolic-link"
    case filesWrongKind = "files.wrong-kind"
    case filesForeignOwner = "files.foreign-owner"
    case filesOwner = "files.owner"
    case filesMode = "files.mode"
    case filesInTheWay = "files.in-the-way"
    case filesMount = "files.mount"
    case filesNotTheImages = "files.not-the-images"
    case filesNotCopied = "files.not-copied"
    case filesBusy = "files.busy"
    case filesFailed = "files.failed"

    // ssh's files, and git's configuration.
    case filesNoMemory = "files.no-memory"
    case filesReplaceable = "files.replaceable"
    case gitNotSet = "git.not-set"
    case gitFailed = "git.failed"

    // The image's own steps.
    case stepsNotFound = "steps.not-found"
    case stepsNotExecutable = "steps.not-executable"
    case stepsInterpreter = "steps.interpreter"
    case stepsLineEnds = "steps.line-ends"
    case stepsUntrusted = "steps.untrusted"
    case stepsNotStarted = "steps.not-started"
    case stepsFailed = "steps.failed"
    case stepsTimeout = "steps.timeout"
    case stepsLeftBehind = "steps.left-behind"
    case stepsExports = "steps.exports"

    // Programs beside the command.
    case servicesNeedInit = "services.need-init"
    case servicesNotPolicy = "services.not-policy"
    case servicesNoProgram = "services.no-program"
    case servicesUntrusted = "services.untrusted"
    case servicesKeeperNotStarted = "services.keeper-not-started"
    case servicesSettings = "services.settings"
    case servicesNeeded = "services.needed"
    case servicesNeedRoot = "services.need-root"
    case servicesNotStarted = "services.not-started"
    case servicesEnded = "services.ended"
    case servicesNotReady = "services.not-ready"
    case servicesOverdue = "services.overdue"
    case servicesInBackground = "services.in-background"
    case servicesFailed = "services.failed"
    case servicesNotEnded = "services.not-ended"
    case servicesFinalRun = "services.final-run"
    case servicesKeeper = "services.keeper"
    case servicesLogDropped = "services.log-dropped"
    case servicesLogFile = "services.log-file"
    case servicesControl = "services.control"

    // Directories that outlive their pod.
    case snapshotSettings = "snapshot.settings"
    case snapshotNotRestored = "snapshot.not-restored"
    case snapshotDecided = "snapshot.decided"

    // The end of the boot.
    case reportNotKept = "report.not-kept"
    case reportNotBelieved = "report.not-believed"
    case sessionNone = "session.none"
    case sessionRoot = "session.root"
    case sessionDirectory = "session.directory"
    case sessionOptionsIgnored = "session.options-ignored"
    case handoffSignals = "handoff.signals"
    case handoffCapabilities = "handoff.capabilities"
    case handoffStreams = "handoff.streams"
    case handoffTerminal = "handoff.terminal"
    case handoffPrivileges = "handoff.privileges"
    case handoffDirectory = "handoff.directory"

    // The user's command.
    case commandNotFound = "command.not-found"
    case commandOneWord = "command.one-word"
    case commandInterpreter = "command.interpreter"
    case commandLineEnds = "command.line-ends"
    case commandNotExecutable = "command.not-executable"

    // The init.
    case initBootOverdue = "init.boot-overdue"
    case initStatusLost = "init.status-lost"
    case initEnvironment = "init.environment"
    case initPrivileges = "init.privileges"

    // The services beside the command.
    case servicesEndedContainer = "services.ended-container"
    case servicesKeeperDied = "services.keeper-died"
}

extension MessageIdentifier {
    /// How the program ends when it ends because of this.
    package var exitCode: ExitCode {
        switch self {
        case .commandLineInvalid: .usage
        case .settingsInvalidValue, .settingsGivenTwice, .settingsPeerVariable, .settingsUnreadableContent,
            .settingsUnseenContent,
            .settingsIncomplete, .settingsIdentityRequired, .settingsNothingPrepared, .settingsMisspeltVariable,
            .settingsUnknownVariable, .settingsImagePolicy, .settingsFileSyntax, .settingsFileContent,
            .settingsFileUnreadable, .settingsFileName, .settingsFileUntrusted, .settingsInitMode,
            .settingsStepDirectory, .settingsStepName, .identityAccountConflict, .identityNotTheCaller,
            .identitySeedUser, .servicesNeedInit, .servicesNotPolicy, .servicesNoProgram, .servicesSettings,
            .snapshotSettings:
            .settings
        case .commandNotExecutable: .notExecutable
        case .commandNotFound, .commandOneWord, .commandInterpreter, .commandLineEnds: .notFound
        default: .boot
        }
    }
}
