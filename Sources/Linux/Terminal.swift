private import Glibc

/// The controlling terminal of the calling process (credentials(7), "Sessions"). Nothing here allocates memory.
package enum Terminal {
    /// The process group in the foreground.
    ///
    /// 0 when that group was made outside of the pid namespace; `nil` without a controlling terminal.
    package static var foreground: Int32? {
        withControlling { terminal in
            let group = tcgetpgrp(terminal)
            return group >= 0 ? group : nil
        }
    }

    /// Puts a process group of the caller's session into the foreground.
    ///
    /// A caller in the background must block SIGTTOU, otherwise the call stops it.
    ///
    /// - Returns: whether it is there now.
    @discardableResult
    package static func setForeground(_ group: Int32) -> Bool {
        withControlling { terminal in tcsetpgrp(terminal, group) == 0 ? true : nil } ?? false
    }

    /// Calls `body` with a descriptor of the controlling terminal, if there is one.
    private static func withControlling<Result>(_ body: (CInt) -> Result?) -> Result? {
        // A standard stream costs nothing to ask; but all three may be redirected.
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
