internal import Linux

/// The terminal as the program found it.
struct TerminalState: Sendable {
    /// Whether there is a controlling terminal.
    let exists: Bool
    /// The process group that was in its foreground; 0 for one outside of the pid namespace.
    let foreground: Int32
    /// The init's own process group; 0 for one outside of the pid namespace.
    let ownGroup: Int32

    /// Whether the init was started in the foreground, so that the command also belongs there.
    var isForeground: Bool { exists && foreground == ownGroup }

    static var current: TerminalState {
        let foreground = Terminal.foreground
        return TerminalState(
            exists: foreground != nil, foreground: foreground ?? 0, ownGroup: CurrentProcess.group)
    }
}
