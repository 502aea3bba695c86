/// What the init itself warns of, or fails with.
package enum InitMessage: CaseIterable, Sendable {
    /// The boot took too long.
    case bootOverdue
    /// The command's exit status is lost.
    case statusLost
    /// The environment could not be erased.
    case environment
    /// Privileges could not be given up.
    case privileges
    /// A service has ended the container.
    case serviceEndedContainer
    /// The keeper of services died.
    case keeperDied

    /// The stable name.
    package var name: StaticString {
        switch self {
        case .bootOverdue: "init.boot-overdue"
        case .statusLost: "init.status-lost"
        case .environment: "init.environment"
        case .privileges: "init.privileges"
        case .serviceEndedContainer: "services.ended-container"
        case .keeperDied: "services.keeper-died"
        }
    }
}
