package import Boot
package import Init

// The init and the boot do not know each other. These extensions connect them.

extension InitOptions {
    /// The options that the settings ask for.
    init(_ settings: InitSettings, _ log: LogSettings) {
        self.init()
        writesJSON = log.format == .json
        forwardTo = settings.forwardTo == .group ? .group : .child
        rewrites = settings.rewrites
        remappedExits = settings.remappedExits
        warnReaped = settings.warnReaped
        parentDeathSignal = settings.parentDeathSignal
        grace = settings.grace
        stopTimeout = settings.stopTimeout
    }
}

extension MessageIdentifier {
    /// The identifier of what the init reports, which has the same name.
    package init(_ message: InitMessage) {
        self =
            switch message {
            case .bootOverdue: .initBootOverdue
            case .statusLost: .initStatusLost
            case .environment: .initEnvironment
            case .privileges: .initPrivileges
            case .serviceEndedContainer: .servicesEndedContainer
            case .keeperDied: .servicesKeeperDied
            }
    }
}

extension ChangeWatch {
    /// The clock that the init keeps for its child.
    init(of initHandle: InitHandle, seconds: UInt32) {
        self.init(
            seconds: seconds, start: { initHandle.watchChange(seconds: $0, message: $1) },
            stop: { initHandle.endChange() })
    }
}
