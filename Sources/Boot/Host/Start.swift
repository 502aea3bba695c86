/// How the container was started, which decides what the boot may do.
package enum Start: String, CaseIterable, Sendable {
    /// As uid 0.
    case root
    /// As another uid, with the capabilities of the program's file.
    case elevated
    /// As another uid, without privileges.
    case bare

    /// Whether the boot can act as root and others.
    package var isPrivileged: Bool { self != .bare }
}
