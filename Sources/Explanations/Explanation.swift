package import Boot
package import Text

/// What a warning or an error means, for people who look it up.
package struct Explanation: Sendable {
    /// Whether the boot ends because of it.
    package enum Severity: String, Sendable {
        /// The boot goes on.
        case warning
        /// The boot ends.
        case error
        /// The boot ends, or goes on, as the change or the step's `onFailure` says.
        case either = "warning or error"
    }

    package let severity: Severity
    /// What it means, in a sentence.
    package let meaning: String
    /// What usually leads to it, in a sentence.
    package let causes: String
    /// What to do, in a sentence.
    package let remedy: String

    init(_ severity: Severity, _ meaning: String, causes: String, remedy: String) {
        self.severity = severity
        self.meaning = meaning
        self.causes = causes
        self.remedy = remedy
    }
}

extension MessageIdentifier {
    /// What it means. The compiler demands an explanation of each.
    package var explanation: Explanation {
        switch self {
        case .commandLineInvalid: .commandLineInvalid
        case .settingsInvalidValue: .settingsInvalidValue
        case .settingsGivenTwice: .settingsGivenTwice
        case .settingsPeerVariable: .settingsPeerVariable
        case .settingsUnreadableContent: .settingsUnreadableContent
        case .settingsUnseenContent: .settingsUnseenContent
        case .settingsIncomplete: .settingsIncomplete
        case .settingsIdentityRequired: .settingsIdentityRequired
        case .settingsNothingPrepared: .settingsNothingPrepared
        case .settingsMisspeltVariable: .settingsMisspeltVariable
        case .settingsUnknownVariable: .settingsUnknownVariable
        case .settingsImagePolicy: .settingsImagePolicy
        case .settingsFileSyntax: .settingsFileSyntax
        case .settingsFileContent: .settingsFileContent
        case .settingsFileUnreadable: .settingsFileUnreadable
        case .settingsFileName: .settingsFileName
        case .settingsFileUntrusted: .settingsFileUntrusted
        case .settingsInitMode: .settingsInitMode
        case .settingsStepDirectory: .settingsStepDirectory
        case .settingsStepName: .settingsStepName
        case .startSetUserID: .startSetUserID
        case .startStreams: .startStreams
        case .startCredentials: .startCredentials
        case .startCapabilities: .startCapabilities
        case .startNoProcess: .startNoProcess
        case .startRootLost: .startRootLost
        case .identityAccountConflict: .identityAccountConflict
        case .identityNotTheCaller: .identityNotTheCaller
        case .identityCannotBecome: .identityCannotBecome
        case .identityIDsRefused: .identityIDsRefused
        case .identitySeedUser: .identitySeedUser
        case .identityIDInUse: .identityIDInUse
        case .identityNameNotGiven: .identityNameNotGiven
        case .identityNoHome: .identityNoHome
        case .identityNoShell: .identityNoShell
        case .identityPrimaryGroup: .identityPrimaryGroup
        case .identityDeviceGroup: .identityDeviceGroup
        case .identityGroupsLeftOut: .identityGroupsLeftOut
        case .identityAccountsUnreadable: .identityAccountsUnreadable
        case .identityAccountsChanged: .identityAccountsChanged
        case .identityAccountsLocked: .identityAccountsLocked
        case .identitySudoNotGranted: .identitySudoNotGranted
        case .identitySudoAsksPassword: .identitySudoAsksPassword
        case .scratchNotMounted: .scratchNotMounted
        case .scratchPermissionDenied: .scratchPermissionDenied
        case .scratchForeignOwner: .scratchForeignOwner
        case .scratchHomeOwnerUnknown: .scratchHomeOwnerUnknown
        case .scratchSeedDirectory: .scratchSeedDirectory
        case .scratchNoSeedUser: .scratchNoSeedUser
        case .scratchDirectoryOfRoot: .scratchDirectoryOfRoot
        case .filesPermissionDenied: .filesPermissionDenied
        case .filesNeedRoot: .filesNeedRoot
        case .filesNeedChown: .filesNeedChown
        case .filesReadOnly: .filesReadOnly
        case .filesNoSpace: .filesNoSpace
        case .filesQuota: .filesQuota
        case .filesServer: .filesServer
        case .filesSymbolicLink: .filesSymbolicLink
        case .filesWrongKind: .filesWrongKind
        case .filesForeignOwner: .filesForeignOwner
        case .filesOwner: .filesOwner
        case .filesMode: .filesMode
        case .filesInTheWay: .filesInTheWay
        case .filesMount: .filesMount
        case .filesNotTheImages: .filesNotTheImages
        case .filesNotCopied: .filesNotCopied
        case .filesBusy: .filesBusy
        case .filesFailed: .filesFailed
        case .filesNoMemory: .filesNoMemory
        case .filesReplaceable: .filesReplaceable
        case .gitNotSet: .gitNotSet
        case .gitFailed: .gitFailed
        case .stepsNotFound: .stepsNotFound
        case .stepsNotExecutable: .stepsNotExecutable
        case .stepsInterpreter: .stepsInterpreter
        case .stepsLineEnds: .stepsLineEnds
        case .stepsUntrusted: .stepsUntrusted
        case .stepsNotStarted: .stepsNotStarted
        case .stepsFailed: .stepsFailed
        case .stepsTimeout: .stepsTimeout
        case .stepsLeftBehind: .stepsLeftBehind
        case .stepsExports: .stepsExports
        case .servicesNeedInit: .servicesNeedInit
        case .servicesNotPolicy: .servicesNotPolicy
        case .servicesNoProgram: .servicesNoProgram
        case .servicesUntrusted: .servicesUntrusted
        case .servicesKeeperNotStarted: .servicesKeeperNotStarted
        case .servicesSettings: .servicesSettings
        case .servicesNeeded: .servicesNeeded
        case .servicesNeedRoot: .servicesNeedRoot
        case .servicesNotStarted: .servicesNotStarted
        case .servicesEnded: .servicesEnded
        case .servicesNotReady: .servicesNotReady
        case .servicesOverdue: .servicesOverdue
        case .servicesInBackground: .servicesInBackground
        case .servicesFailed: .servicesFailed
        case .servicesNotEnded: .servicesNotEnded
        case .servicesFinalRun: .servicesFinalRun
        case .servicesKeeper: .servicesKeeper
        case .servicesLogDropped: .servicesLogDropped
        case .servicesLogFile: .servicesLogFile
        case .servicesControl: .servicesControl
        case .snapshotSettings: .snapshotSettings
        case .snapshotNotRestored: .snapshotNotRestored
        case .snapshotDecided: .snapshotDecided
        case .reportNotKept: .reportNotKept
        case .reportNotBelieved: .reportNotBelieved
        case .sessionNone: .sessionNone
        case .sessionRoot: .sessionRoot
        case .sessionDirectory: .sessionDirectory
        case .sessionOptionsIgnored: .sessionOptionsIgnored
        case .handoffSignals: .handoffSignals
        case .handoffCapabilities: .handoffCapabilities
        case .handoffStreams: .handoffStreams
        case .handoffTerminal: .handoffTerminal
        case .handoffPrivileges: .handoffPrivileges
        case .handoffDirectory: .handoffDirectory
        case .commandNotFound: .commandNotFound
        case .commandOneWord: .commandOneWord
        case .commandInterpreter: .commandInterpreter
        case .commandLineEnds: .commandLineEnds
        case .commandNotExecutable: .commandNotExecutable
        case .initBootOverdue: .initBootOverdue
        case .initStatusLost: .initStatusLost
        case .initEnvironment: .initEnvironment
        case .initPrivileges: .initPrivileges
        case .servicesEndedContainer: .servicesEndedContainer
        case .servicesKeeperDied: .servicesKeeperDied
        }
    }

    /// How the program ends because of it; `nil` for a warning.
    var endsWith: ExitCode? { explanation.severity == .warning ? nil : exitCode }

    /// The end of the program in words.
    var end: String {
        switch explanation.severity {
        case .warning: "a warning"
        case .error: "\(exitCode.rawValue)"
        case .either: "a warning, or \(exitCode.rawValue)"
        }
    }

    /// The explanation for people at a terminal.
    package var explanationText: String {
        let words = explanation
        return """
            \(rawValue)

            \(words.meaning)

            Usual causes: \(words.causes)
            What to do:   \(words.remedy)
            Exit code:    \(endsWith.map { "\($0.rawValue) (\($0.meaning))" } ?? "none: the boot goes on")\
            \(words.severity == .either ? "; where onFailure is warn, the boot goes on" : "")

            """
    }

    /// The explanation as JSON.
    package var explanationJSON: JSON {
        let words = explanation
        return .object([
            ("id", .string(rawValue)), ("severity", .string(words.severity.rawValue)),
            ("meaning", .string(words.meaning)), ("causes", .string(words.causes)), ("remedy", .string(words.remedy)),
            ("exitCode", endsWith.map { .number($0.rawValue) } ?? .null),
        ])
    }

    /// All explanations as a Markdown table.
    package static var explanationTable: String {
        MarkdownTable.text(
            ["identifier", "what it means", "usual causes", "what to do", "ends with"],
            allCases.map { id in
                let words = id.explanation
                return ["`\(id.rawValue)`", words.meaning, words.causes, words.remedy, id.end]
            })
    }
}
