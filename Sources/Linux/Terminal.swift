private import CLinux

/// The controlling terminal of the calling process (credentials(7), "Sessions"). Nothing here allocates memory.
package enum Terminal {
    /// The process group in the foreground.
    ///
    /// 0 if that group was made outside the pid namespace; `nil` without a controlling terminal.
    package static var foreground: Int32? {
        withControlling { terminal in
            let group = tcgetpgrp(terminal)
            return group >= 0 ? group : nil
        }
    }

    /// Puts a process group of the caller's session into the foreground.
    ///
    /// A caller in the background must block SIGTTOU; otherwise the call stops it.
    ///
    /// - Returns: whether it is in the foreground now.
    @discardableResult
    package static func setForeground(_ group: Int32) -> Bool {
        withControlling { terminal in tcsetpgrp(terminal, group) == 0 ? true : nil } ?? false
    }

    /// Whether the controlling terminal belongs to another process's session, which still reads from it. That is a
    /// shell that has started this process, and not the runtime, which gives the process a terminal of its own.
    ///
    /// - Parameter own: a process whose session counts as the caller's own.
    package static func isOthers(than own: Int32?) -> Bool {
        // The result is 0 for a session that was made outside the pid namespace.
        let leader = getsid(0)
        return leader >= 0 && leader != getpid() && leader != own && foreground != nil
    }

    /// The process that leads this one's session (setsid(2)), as what a container's runtime starts does; 0 for one outside
    /// the pid namespace.
    package static var sessionLeader: Int32 { getsid(0) }

    /// Forbids this process and its children, for good, to put characters into the input of a terminal (TIOCSTI,
    /// ioctl_tty(2)): a root shell that reads from it would take them for root's input. Since Linux 6.2, kernels forbid
    /// this themselves unless `dev.tty.legacy_tiocsti` is set. Needs `no_new_privs`.
    ///
    /// - Throws: the error of prctl(2); EINVAL if the kernel has no seccomp filters.
    package static func forbidInput() throws(SystemCallError) {
        try systemCall("prctl") { linux_forbid_terminal_input() }
    }

    /// Calls `body` with a descriptor of the controlling terminal, if there is one.
    private static func withControlling<Result>(_ body: (CInt) -> Result?) -> Result? {
        // Trying a standard stream costs nothing, but all three may be redirected.
        for stream in CInt(0)...2 {
            if let result = body(stream) { return result }
        }
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        let result = body(terminal)
        close(terminal)
        return result
    }
}
