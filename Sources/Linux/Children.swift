private import CLibcap
private import CLinux

/// How a process ended.
package enum ProcessEnd: Equatable, Sendable {
    /// It exited with a code of 0 to 255.
    case exited(Int32)
    /// A signal ended it.
    case signaled(Signal)

    /// The exit status as shells write it: the code, or 128 and the number of the signal.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 &+ signal.rawValue
        }
    }
}

/// The children of the calling process. Nothing here allocates memory unless it says so.
package enum Children {
    /// News of a child (waitpid(2)).
    package enum News: Sendable {
        case ended(Int32, ProcessEnd)
        case stopped(Int32, by: Signal)
        case continued(Int32)
        /// There are children, but there is no news of any.
        case nothing
        /// There are no children.
        case childless
    }

    /// The next news of any child, without waiting.
    package static func next() -> News {
        var denials = 0
        while true {
            var status: CInt = 0
            let process = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED | linux_WAIT_ALL)
            if process == 0 { return .nothing }
            if process < 0 {
                if Linux.errno == EINTR { continue }
                if Linux.errno != ECHILD { return .nothing }
                // Much depends on this answer, and a tracer can fake it, so the question is asked twice.
                denials += 1
                if denials < 2 { continue }
                return .childless
            }
            if linux_exited(status) { return .ended(process, .exited(linux_exit_status(status))) }
            if linux_signaled(status) {
                return .ended(process, .signaled(Signal(rawValue: linux_term_signal(status))))
            }
            if linux_stopped(status) {
                return .stopped(process, by: Signal(rawValue: linux_stop_signal(status)))
            }
            return .continued(process)
        }
    }

    /// A child that has ended and that ``next()`` has not reported yet; `nil` when there is none.
    package static var firstEnded: Int32? {
        let process = linux_ended_child()
        return process > 0 ? process : nil
    }

    /// Makes the caller the parent of its descendants whose own parent ends.
    ///
    /// - Throws: the error of prctl(2).
    package static func adoptOrphans() throws(SystemCallError) {
        try systemCall("prctl") { linux_prctl(linux_PR_SET_CHILD_SUBREAPER, 1) }
    }

    /// The side of ``fork()`` that continues.
    package enum Side: Sendable {
        case parent(child: Int32)
        case child
    }

    /// Duplicates the process, which must have only one thread.
    ///
    /// - Throws: the error of fork(2): EAGAIN at a limit on processes, ENOMEM.
    package static func fork() throws(SystemCallError) -> Side {
        let process = try systemCall("fork") { CLinux.fork() }
        return process == 0 ? .child : .parent(child: process)
    }

    /// Waits for a child to end.
    ///
    /// - Returns: how it ended; `nil` where somebody else has taken the news.
    package static func end(of process: Int32) -> ProcessEnd? {
        var status: CInt = 0
        while waitpid(process, &status, 0) != process { if Linux.errno != EINTR { return nil } }
        return linux_signaled(status)
            ? .signaled(Signal(rawValue: linux_term_signal(status))) : .exited(linux_exit_status(status))
    }

    /// Makes the process the leader of its own session and process group, without a controlling terminal.
    ///
    /// - Throws: the error of setsid(2): the process already leads a group.
    package static func makeSession() throws(SystemCallError) {
        try systemCall("setsid") { setsid() }
    }

    /// Makes a process the leader of its own process group. Parent and child both call this, so it is never too late.
    package static func makeGroup(of process: Int32) {
        // EACCES and ESRCH mean that the child was already replaced or has ended, after it made the call itself.
        _ = setpgid(process, process)
    }

    /// The process group of a process; `nil` when there is no such process.
    package static func group(of process: Int32) -> Int32? {
        let group = getpgid(process)
        return group >= 0 ? group : nil
    }
}

extension CurrentProcess {
    /// The parent's id; 0 when the parent is outside the pid namespace.
    package static var parent: Int32 { getppid() }

    /// The process group; 0 when it was made outside the pid namespace.
    package static var group: Int32 { getpgrp() }

    /// The effective user.
    package static var effectiveUser: UInt32 { geteuid() }

    /// The effective group.
    package static var effectiveGroup: UInt32 { getegid() }

    /// Asks the kernel for a signal when the parent ends. The kernel forgets it on a change of credentials and on exec
    /// of a privileged program.
    package static func setParentDeathSignal(_ signal: Signal) {
        _ = linux_prctl(linux_PR_SET_PDEATHSIG, UInt(signal.rawValue))
    }

    /// Gives the read-only pages of the program and its libraries back to the page cache.
    ///
    /// Otherwise the pages that were needed at the start count as the process's memory as long as it lives. Pages that
    /// are needed again are mapped again.
    package static func giveBackProgram() { linux_give_back_program() }

    /// Forbids other processes of the same user to trace this one and to read its memory.
    package static func forbidTracing() {
        _ = linux_prctl(linux_PR_SET_DUMPABLE, 0)
    }

    /// Keeps one capability, in use or not, and gives up all others; with `nil`, gives up all. Does not allocate.
    ///
    /// - Returns: whether it was permitted; otherwise nothing has changed.
    @discardableResult
    package static func keep(_ capability: Capability?, inUse: Bool) -> Bool {
        linux_keep_capability(CInt(capability?.rawValue ?? -1), inUse) == 0
    }

    /// Keeps one capability, if the process has it, and gives up all others.
    ///
    /// - Throws: the error of capset(2).
    package static func keepOnly(_ capability: Capability) throws(SystemCallError) {
        // This is EINVAL before Linux 4.3, where there is nothing to do.
        _ = linux_clear_ambient_capabilities()
        if !keep(capability, inUse: true) {
            try systemCall("capset") { linux_keep_capability(-1, false) }
        }
    }
}
