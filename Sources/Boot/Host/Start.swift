/// How the container was started, which decides what the boot may do.
package enum Start: String, CaseIterable, Sendable {
    /// Started as uid 0.
    case root
    /// Started as another uid, with the capabilities of the program's file.
    case elevated
    /// Started as another uid, without privileges.
    case bare

    /// Whether the boot can act as root and as others.
    package var isPrivileged: Bool { self != .bare }
}
