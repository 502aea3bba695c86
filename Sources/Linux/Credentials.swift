private import CLibcap
private import CLinux

/// The ids that a process acts with: a user, a primary group and supplementary groups.
package struct Credentials: Equatable, Sendable {
    package var user: UInt32
    package var group: UInt32
    /// Supplementary group ids, in no particular order.
    package var groups: [UInt32]

    package init(user: UInt32, group: UInt32, groups: [UInt32]) {
        self.user = user
        self.group = group
        self.groups = groups
    }

    /// `uid:gid`, as chown(1) takes it.
    package var text: String { "\(user):\(group)" }
}

/// Real, effective and saved id, as getresuid(2) and getresgid(2) return them.
package struct IDTriple: Equatable, Sendable {
    package let real: UInt32
    package let effective: UInt32
    package let saved: UInt32

    package init(real: UInt32, effective: UInt32, saved: UInt32) {
        self.real = real
        self.effective = effective
        self.saved = saved
    }

    /// The same id three times.
    package init(all id: UInt32) { self.init(real: id, effective: id, saved: id) }
}

/// The five capability sets of a process; bit N is the capability with number N (capabilities(7)).
package struct CapabilitySets: Equatable, Sendable {
    package var inheritable: UInt64
    package var permitted: UInt64
    package var effective: UInt64
    package var bounding: UInt64
    package var ambient: UInt64

    package init(inheritable: UInt64, permitted: UInt64, effective: UInt64, bounding: UInt64, ambient: UInt64) {
        self.inheritable = inheritable
        self.permitted = permitted
        self.effective = effective
        self.bounding = bounding
        self.ambient = ambient
    }
}

extension CapabilitySets {
    /// The sets of this process.
    ///
    /// - Throws: the error of capget(2) or prctl(2).
    fileprivate static func current() throws(SystemCallError) -> CapabilitySets {
        var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
        try systemCall("capget") { linux_get_capabilities(&effective, &permitted, &inheritable) }
        var (bounding, ambient): (UInt64, UInt64) = (0, 0)
        for number in 0..<cap_max_bits() {
            let bit: UInt64 = 1 << UInt64(number)
            if try systemCall("prctl", nil, { cap_get_bound(number) }) == 1 { bounding |= bit }
            // The kernel keeps the ambient set within these two (capabilities(7)).
            guard permitted & inheritable & bit != 0 else { continue }
            if try systemCall("prctl", nil, { cap_get_ambient(number) }) == 1 { ambient |= bit }
        }
        return CapabilitySets(
            inheritable: inheritable, permitted: permitted, effective: effective, bounding: bounding, ambient: ambient)
    }
}

/// The capabilities that a boot uses, with their numbers from capabilities(7).
package enum Capability: Int, CaseIterable, Sendable {
    case chown = 0
    case overrideFileAccess = 1
    case fileOwner = 3
    case kill = 5
    case setGID = 6
    case setUID = 7
    case setCapabilities = 8

    /// The name as capabilities(7) and pod specs write it, such as `CAP_SETUID`.
    package var name: String {
        switch self {
        case .chown: "CAP_CHOWN"
        case .overrideFileAccess: "CAP_DAC_OVERRIDE"
        case .fileOwner: "CAP_FOWNER"
        case .kill: "CAP_KILL"
        case .setGID: "CAP_SETGID"
        case .setUID: "CAP_SETUID"
        case .setCapabilities: "CAP_SETPCAP"
        }
    }

    /// The number of any capability, from its name in capabilities(7), with or without `CAP_`, in upper or lower case.
    package static func number(named name: String) -> Int? {
        let lower = name.lowercased()
        var number: cap_value_t = 0
        guard cap_from_name(lower.hasPrefix("cap_") ? lower : "cap_" + lower, &number) == 0 else { return nil }
        return Int(number)
    }

    /// The name of any capability, as capabilities(7) writes it, or the number if the library does not know it.
    package static func name(of number: Int) -> String {
        guard let name = cap_to_name(cap_value_t(number)) else { return "capability \(number)" }
        defer { cap_free(name) }
        return String(cString: name).uppercased()
    }

    /// CAP_SYS_ADMIN's bit, which only privileged containers have.
    package static let systemAdministration: UInt64 = 1 << 21

    /// The capability's bit in a set.
    package var bit: UInt64 { 1 << UInt64(rawValue) }
}

/// What the kernel knows about a process's identity and privileges.
package struct Privileges: Equatable, Sendable {
    package var user: IDTriple
    package var group: IDTriple
    package var groups: [UInt32]
    package var capabilities: CapabilitySets
    package var noNewPrivileges: Bool
    /// The securebits (capabilities(7)).
    package var secureBits: UInt32

    package init(
        user: IDTriple, group: IDTriple, groups: [UInt32], capabilities: CapabilitySets,
        noNewPrivileges: Bool = false, secureBits: UInt32 = 0
    ) {
        self.user = user
        self.group = group
        self.groups = groups
        self.capabilities = capabilities
        self.noNewPrivileges = noNewPrivileges
        self.secureBits = secureBits
    }

    /// The ids that the process acts with.
    package var effective: Credentials { Credentials(user: user.effective, group: group.effective, groups: groups) }

    /// Whether a capability is effective now.
    package func has(_ capability: Capability) -> Bool { capabilities.effective & capability.bit != 0 }
}

extension Privileges {
    /// Asks the kernel. The text of `/proc/self/status` has the same, and takes three times as long to be written and
    /// read (62 µs for the two times of a boot).
    ///
    /// - Throws: the error of getresuid(2), getgroups(2), capget(2) or prctl(2).
    package static func current() throws(SystemCallError) -> Privileges {
        var (real, effective, saved): (UInt32, UInt32, UInt32) = (0, 0, 0)
        try systemCall("getresuid") { linux_getresuid(&real, &effective, &saved) }
        let user = IDTriple(real: real, effective: effective, saved: saved)
        try systemCall("getresgid") { linux_getresgid(&real, &effective, &saved) }
        let group = IDTriple(real: real, effective: effective, saved: saved)
        let secureBits = try systemCall("prctl") { linux_prctl(linux_PR_GET_SECUREBITS, 0) }
        return Privileges(
            user: user, group: group, groups: try currentGroups(), capabilities: try CapabilitySets.current(),
            noNewPrivileges: try hasNoNewPrivileges(), secureBits: UInt32(secureBits))
    }

    private static func currentGroups() throws(SystemCallError) -> [UInt32] {
        let count = Int(try systemCall("getgroups") { getgroups(0, nil) })
        guard count > 0 else { return [] }
        var groups = [UInt32](repeating: 0, count: count)
        let found = try systemCall("getgroups") { getgroups(CInt(count), &groups) }
        groups.removeLast(count - Int(found))
        return groups
    }

    /// Whether no program started from now on gains privileges (`PR_GET_NO_NEW_PRIVS`).
    ///
    /// - Throws: the error of prctl(2).
    package static func hasNoNewPrivileges() throws(SystemCallError) -> Bool {
        try systemCall("prctl") { linux_prctl(linux_PR_GET_NO_NEW_PRIVS, 0) } != 0
    }

    /// Acts as another identity until ``resume(_:)``: sets effective ids and supplementary groups only.
    ///
    /// The kernel empties the effective capabilities when the effective user id leaves 0, and clears the dumpable
    /// attribute, so that the other user cannot trace the process (ptrace(2), credentials(7)).
    ///
    /// - Throws: the error of setgroups(2), setresgid(2) or setresuid(2); the process may then be in between, and the
    ///   caller must ``resume(_:)`` or end the process.
    package static func assume(_ identity: Credentials) throws(SystemCallError) {
        try refuseUnchanged(identity)
        // The groups come before the user: without uid 0 they can no longer be set.
        try setGroups(identity.groups)
        try systemCall("setresgid") { linux_setresgid(.max, identity.group, .max) }
        try systemCall("setresuid") { linux_setresuid(.max, identity.user, .max) }
    }

    /// Returns from ``assume(_:)`` to the previous identity.
    ///
    /// - Throws: the error of the call that failed; the process must then end.
    package static func resume(_ identity: Credentials) throws(SystemCallError) {
        // The user comes first: only uid 0 has the capability to restore the groups.
        try systemCall("setresuid") { linux_setresuid(.max, identity.user, .max) }
        try systemCall("setresgid") { linux_setresgid(.max, identity.group, .max) }
        try setGroups(identity.groups)
    }

    /// Does some work with the real ids set to the effective ones, for access(2); root's saved ids stay.
    ///
    /// - Throws: the error of the work, or of setresgid(2) or setresuid(2).
    static func withEffectiveIDsAsReal(_ work: () throws(SystemCallError) -> Void) throws(SystemCallError) {
        let (user, group) = (getuid(), getgid())
        try systemCall("setresgid") { linux_setresgid(getegid(), .max, .max) }
        defer { _ = linux_setresgid(group, .max, .max) }
        try systemCall("setresuid") { linux_setresuid(geteuid(), .max, .max) }
        // This is always permitted, because the saved ids are what the real ones were.
        defer { _ = linux_setresuid(user, .max, .max) }
        try work()
    }

    /// Becomes another identity for good: real, effective and saved ids, and supplementary groups.
    ///
    /// - Throws: the error of the call that failed; the process must then end.
    package static func become(_ identity: Credentials) throws(SystemCallError) {
        try refuseUnchanged(identity)
        // The supplementary groups always come first: even an empty list must clear those of root. Then comes the
        // group, then the user: each step removes the right to make the one before.
        try setGroups(identity.groups)
        try systemCall("setresgid") { linux_setresgid(identity.group, identity.group, identity.group) }
        try systemCall("setresuid") { linux_setresuid(identity.user, identity.user, identity.user) }
    }

    /// Whether the process can become root again; after a drop this must be `false`.
    package static func canRegainRoot() -> Bool { linux_setresuid(.max, 0, .max) == 0 }

    /// To the system calls, the id -1 means no change: whoever had that id would stay root.
    private static func refuseUnchanged(_ identity: Credentials) throws(SystemCallError) {
        if identity.user == .max { throw SystemCallError(call: "setresuid", errno: .invalidArgument) }
        if identity.group == .max { throw SystemCallError(call: "setresgid", errno: .invalidArgument) }
    }

    private static func setGroups(_ groups: [UInt32]) throws(SystemCallError) {
        try systemCall("setgroups") { setgroups(groups.count, groups) }
    }

    /// Removes a capability from the bounding set (needs CAP_SETPCAP).
    ///
    /// - Throws: the error of prctl(2).
    package static func dropFromBoundingSet(_ number: Int) throws(SystemCallError) {
        try systemCall("prctl") { cap_drop_bound(cap_value_t(number)) }
    }

    /// Keeps the permitted capabilities when the user ids leave 0, until the next execve(2) (`PR_SET_KEEPCAPS`).
    ///
    /// - Throws: the error of prctl(2).
    package static func keepCapabilities(_ keep: Bool) throws(SystemCallError) {
        try systemCall("prctl") { linux_prctl(linux_PR_SET_KEEPCAPS, keep ? 1 : 0) }
    }

    /// Keeps some capabilities and no others, also in the ambient set, so that a program that is executed keeps them.
    ///
    /// - Parameter numbers: the capabilities to keep, all of them permitted.
    /// - Throws: the error of capset(2) or prctl(2).
    package static func keepOnly(capabilities numbers: [Int]) throws(SystemCallError) {
        guard let sets = cap_init() else { throw SystemCallError(call: "cap_init", errno: .noMemory) }
        defer { cap_free(UnsafeMutableRawPointer(sets)) }
        let values = numbers.map { cap_value_t($0) }
        for flag in [CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE] {
            try systemCall("cap_set_flag") { cap_set_flag(sets, flag, CInt(values.count), values, CAP_SET) }
        }
        try systemCall("capset") { cap_set_proc(sets) }
        for value in values { try systemCall("prctl") { cap_set_ambient(value, CAP_SET) } }
    }

    /// Empties the effective, permitted and inheritable sets, and with them the ambient set, which the kernel keeps
    /// within the latter two (capabilities(7)).
    ///
    /// - Throws: the error of capset(2).
    package static func clearCapabilities() throws(SystemCallError) {
        guard let empty = cap_init() else {
            throw SystemCallError(call: "cap_init", errno: .noMemory)
        }
        defer { cap_free(UnsafeMutableRawPointer(empty)) }
        try systemCall("capset") { cap_set_proc(empty) }
    }

    /// Makes sure that no program started from now on gains privileges (`PR_SET_NO_NEW_PRIVS`).
    ///
    /// - Throws: the error of prctl(2).
    package static func setNoNewPrivileges() throws(SystemCallError) {
        try systemCall("prctl") { linux_prctl(linux_PR_SET_NO_NEW_PRIVS, 1) }
    }
}
