package import Boot
package import Linux

/// The change from the boot's privileges to those of the user's command, for good.
package enum PrivilegeDrop {
    /// Gives the session's pipes and terminals to the user, who can then open `/dev/stderr`.
    ///
    /// - Parameter isSession: whether they may belong to somebody else, whose they stay then.
    /// - Returns: what could not be given, one line for each problem.
    package static func giveStreams(to user: UInt32, isSession: Bool = false) -> [Note] {
        StandardStream.allCases.compactMap { stream in
            guard isSession ? stream.isOwn : stream.isPipeOrTerminal else { return nil }
            do throws(SystemCallError) {
                try stream.setOwner(user: user)
                return nil
            } catch {
                return Note(.handoffStreams, "cannot give \(stream.words) to the user", error)
            }
        }
    }

    /// Becomes the user for good, and proves it.
    ///
    /// - Parameters:
    ///   - user: whom to become.
    ///   - start: what the process started with.
    ///   - canRegain: whether the command may gain privileges again, as sudo does: the bounding set stays, and
    ///     `no_new_privs` is not set.
    ///   - kept: the numbers of the capabilities that the command keeps, of those that the process may use.
    /// - Throws: which part of the drop failed, or was not true afterwards.
    package static func drop(
        to user: Credentials, from start: Privileges, canRegain: Bool, keeping kept: [Int] = []
    ) throws(BootError) {
        let bounding = bounding(of: start, canRegain: canRegain, keeping: kept)
        let kept = possible(kept, start)
        let keptSet = kept.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        do throws(SystemCallError) {
            // The bounding set comes first, while the process still has the capability to change it.
            for number in 0..<64 where start.capabilities.bounding & ~bounding & (1 << UInt64(number)) != 0 {
                try Privileges.dropFromBoundingSet(number)
            }
            if !kept.isEmpty { try Privileges.keepCapabilities(true) }
            if start.user.effective == 0 { try Privileges.become(user) }
            if kept.isEmpty {
                try Privileges.clearCapabilities()
            } else {
                try Privileges.keepOnly(capabilities: kept)
                try Privileges.keepCapabilities(false)
            }
            if !canRegain { try Privileges.setNoNewPrivileges() }
        } catch {
            throw BootError(
                .handoffPrivileges, "cannot drop privileges to \(user.text)", attempts: [Attempt(as: "", error)],
                remedy: "nothing was executed")
        }
        try prove(
            Privileges(
                user: IDTriple(all: user.user), group: IDTriple(all: user.group), groups: user.groups,
                capabilities: CapabilitySets(
                    inheritable: keptSet, permitted: keptSet, effective: keptSet, bounding: bounding, ambient: keptSet),
                noNewPrivileges: !canRegain || start.noNewPrivileges, secureBits: start.secureBits),
            mayHaveUser: keptSet & Capability.setUID.bit != 0)
    }

    /// The bounding set of the command (capabilities(7)).
    static func bounding(of start: Privileges, canRegain: Bool, keeping kept: [Int]) -> UInt64 {
        if canRegain || !start.has(.setCapabilities) { return start.capabilities.bounding }
        return possible(kept, start).reduce(UInt64(0)) { $0 | 1 << UInt64($1) } & start.capabilities.bounding
    }

    /// Those of the capabilities to be kept that the process may use.
    static func possible(_ kept: [Int], _ start: Privileges) -> [Int] {
        kept.filter { start.capabilities.permitted & (1 << UInt64($0)) != 0 }
    }

    /// Asks the kernel whether the process is what it should be.
    private static func prove(_ expected: Privileges, mayHaveUser: Bool) throws(BootError) {
        let actual: Privileges
        do throws(SystemCallError) {
            actual = try Privileges.current()
        } catch {
            throw BootError(
                .handoffPrivileges, "cannot prove the drop of privileges", attempts: [Attempt(as: "", error)],
                remedy: "nothing was executed")
        }
        var differences: [String] = []
        if actual.user != expected.user { differences.append("user ids") }
        if actual.group != expected.group { differences.append("group ids") }
        if Set(actual.groups) != Set(expected.groups) { differences.append("supplementary groups") }
        if actual.capabilities != expected.capabilities { differences.append("capability sets") }
        if actual.noNewPrivileges != expected.noNewPrivileges { differences.append("no_new_privs") }
        if actual.secureBits != expected.secureBits { differences.append("securebits") }
        // A command that keeps CAP_SETUID can always become root.
        if !mayHaveUser && Privileges.canRegainRoot() { differences.append("root can be regained") }
        guard differences.isEmpty else {
            throw BootError(
                .handoffPrivileges, "privileges are not dropped", reason: differences.joined(separator: ", "),
                remedy: "nothing was executed")
        }
    }
}
