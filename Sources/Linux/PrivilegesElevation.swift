private import CLibcap
private import CLinux

// How a start with the capabilities of the program's file uses them.
extension Privileges {
    /// Becomes uid 0 with some of the permitted capabilities, and gives up all others.
    ///
    /// A raised capability without uid 0 would make files that belong to the caller. The supplementary groups stay.
    ///
    /// - Parameter wanted: the capabilities to use; those that are not permitted are left out. CAP_SETGID and
    ///   CAP_SETUID must be among them.
    /// - Throws: the error of capset(2), setresgid(2) or setresuid(2); the process may then be in between, and must
    ///   ``become(_:)`` another identity or end.
    package static func elevate(using wanted: [Capability], permitted: UInt64) throws(SystemCallError) {
        let usable = wanted.filter { permitted & $0.bit != 0 }.map { cap_value_t($0.rawValue) }
        guard let sets = cap_init() else { throw SystemCallError(call: "cap_init", errno: .noMemory) }
        defer { cap_free(UnsafeMutableRawPointer(sets)) }
        for flag in [CAP_PERMITTED, CAP_EFFECTIVE] {
            try systemCall("cap_set_flag") { cap_set_flag(sets, flag, CInt(usable.count), usable, CAP_SET) }
        }
        try systemCall("capset") { cap_set_proc(sets) }
        // The group comes first: once the user changes, the caller can no longer signal the process.
        try systemCall("setresgid") { linux_setresgid(0, 0, 0) }
        try systemCall("setresuid") { linux_setresuid(0, 0, 0) }
    }

    /// Takes all capabilities out of use, and keeps the permitted ones for ``elevate(using:permitted:)``.
    ///
    /// - Throws: the error of capset(2).
    package static func lowerCapabilities(permitted: UInt64) throws(SystemCallError) {
        guard let sets = cap_init() else { throw SystemCallError(call: "cap_init", errno: .noMemory) }
        defer { cap_free(UnsafeMutableRawPointer(sets)) }
        let kept = (0..<64).filter { permitted & (1 << UInt64($0)) != 0 }.map { cap_value_t($0) }
        try systemCall("cap_set_flag") { cap_set_flag(sets, CAP_PERMITTED, CInt(kept.count), kept, CAP_SET) }
        try systemCall("capset") { cap_set_proc(sets) }
    }
}
