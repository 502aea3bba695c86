import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// Identities are taken in processes of their own: the runner stays root.
struct CredentialsTests {
    private static let jane = Credentials(user: 254_321, group: 83070, groups: [27, 83071, 4_294_967_294])

    @Test func `what the kernel knows of the process is read`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                var groups: [gid_t] = [7, 4_000_000_000]
                if geteuid() == 0 { try #require(setgroups(2, groups) == 0) } else { groups = [] }
                let found = try Privileges.current()
                #expect(found.user == IDTriple(all: geteuid()))
                #expect(found.group == IDTriple(all: getegid()))
                if geteuid() == 0 {
                    #expect(Set(found.groups) == Set(groups))
                    #expect(found.capabilities.effective == found.capabilities.permitted)
                }
                #expect(!found.noNewPrivileges)
                #expect(found.secureBits == 0)
            }
        }
    }

    @Test(.actingAsUsers) func `each set, the securebits and no_new_privs are told apart`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                // Capabilities above 31 lie in the second word.
                let bounding = try Privileges.current().capabilities.bounding
                let high: UInt64 = 1 << 34
                try #require(test_set_secure_bits(0b10_0000) == 0)
                try #require(test_set_capabilities(1 << 5, 1 << 5 | high | 1, high | 1, 1) == 0)
                try Privileges.setNoNewPrivileges()
                let found = try Privileges.current()
                #expect(
                    found.capabilities
                        == CapabilitySets(
                            inheritable: high | 1, permitted: 1 << 5 | high | 1, effective: 1 << 5, bounding: bounding,
                            ambient: 1))
                #expect(found.noNewPrivileges)
                #expect(found.secureBits == 0b10_0000)
                #expect(found.has(.kill))
                #expect(!found.has(.chown))
            }
        }
    }

    @Test(.actingAsUsers, arguments: [jane, Credentials(user: 1, group: 1, groups: [])])
    func `acting as somebody else lasts until root is resumed`(identity: Credentials) async {
        await #expect(processExitsWith: .success) {
            [
                user = identity.user as UInt32, group = identity.group as UInt32, groups = identity.groups as [UInt32]
            ] in
            try inProcessOfItsOwn {
                let identity = Credentials(user: user, group: group, groups: groups)
                let directory = try TemporaryDirectory()
                chmod(directory.path.string, 0o777)
                try #require(setgroups(2, [0, 12]) == 0)
                let before = try Privileges.current()
                let own = Credentials(user: 0, group: 0, groups: [0, 12])

                try Privileges.assume(identity)
                let acting = try Privileges.current()
                #expect(acting.user == IDTriple(real: 0, effective: user, saved: 0))
                #expect(acting.group == IDTriple(real: 0, effective: group, saved: 0))
                #expect(Set(acting.groups) == Set(groups))
                #expect(acting.capabilities.effective == 0)
                #expect(acting.capabilities.permitted == before.capabilities.permitted)
                try makeFile(directory.path.appending("made"))
                #expect(throws: (any Error).self) { try makeFile("/etc/entrypoint-test-must-not-be") }

                try Privileges.resume(own)
                let after = try Privileges.current()
                #expect(after == before)
                let made = try #require(try FileTree().status(directory.path.appending("made"), links: .refuse))
                #expect(made.user == user)
                #expect(made.group == group)
            }
        }
    }

    @Test(.actingAsUsers) func `without CAP_SETGID nothing changes, and the first call is the one that failed`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let sets = try Privileges.current().capabilities
                let rest = sets.permitted & ~Capability.setGID.bit
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                let before = try Privileges.current()
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try Privileges.assume(Credentials(user: 1000, group: 1000, groups: [5]))
                }
                #expect(error == SystemCallError(call: "setgroups", errno: .notPermitted))
                let after = try Privileges.current()
                #expect(after == before)
            }
        }
    }

    @Test(.actingAsUsers) func `without CAP_SETUID root can be resumed`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(0, nil) == 0)
                let sets = try Privileges.current().capabilities
                let rest = sets.permitted & ~Capability.setUID.bit
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                let before = try Privileges.current()
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try Privileges.assume(Credentials(user: 1000, group: 1000, groups: [5]))
                }
                #expect(error == SystemCallError(call: "setresuid", errno: .notPermitted))
                try Privileges.resume(Credentials(user: 0, group: 0, groups: []))
                let after = try Privileges.current()
                #expect(after == before)
            }
        }
    }

    @Test(.actingAsUsers, arguments: [jane, Credentials(user: 4_294_967_294, group: 4_294_967_294, groups: [])])
    func `becoming somebody else is for ever`(identity: Credentials) async {
        await #expect(processExitsWith: .success) {
            [
                user = identity.user as UInt32, group = identity.group as UInt32, groups = identity.groups as [UInt32]
            ] in
            try inProcessOfItsOwn {
                try #require(setgroups(3, [0, 4, 12]) == 0)
                try Privileges.become(Credentials(user: user, group: group, groups: groups))
                let found = try Privileges.current()
                #expect(found.user == IDTriple(all: user))
                #expect(found.group == IDTriple(all: group))
                // An empty list must not leave those of root.
                #expect(Set(found.groups) == Set(groups))
                #expect(found.capabilities.effective == 0)
                #expect(found.capabilities.permitted == 0)
                #expect(!Privileges.canRegainRoot())
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try Privileges.become(Credentials(user: 0, group: 0, groups: []))
                }
                #expect(error?.errno == .notPermitted)
            }
        }
    }

    @Test(.actingAsUsers) func `root can be had back as long as the saved id is root's`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Privileges.assume(Self.jane)
                #expect(Privileges.canRegainRoot())
                #expect(geteuid() == 0)
            }
        }
    }

    @Test(
        .actingAsUsers,
        arguments: [Credentials(user: .max, group: 5, groups: []), Credentials(user: 5, group: .max, groups: [])])
    func `the id that would leave root as it is cannot be taken`(identity: Credentials) async {
        await #expect(processExitsWith: .success) {
            [user = identity.user as UInt32, group = identity.group as UInt32] in
            try inProcessOfItsOwn {
                let identity = Credentials(user: user, group: group, groups: [])
                let before = try Privileges.current()
                let assume = SystemCallError.of { () throws(SystemCallError) in try Privileges.assume(identity) }
                let become = SystemCallError.of { () throws(SystemCallError) in try Privileges.become(identity) }
                #expect(assume?.errno == .invalidArgument)
                #expect(become?.errno == .invalidArgument)
                let after = try Privileges.current()
                #expect(after == before)
            }
        }
    }

    @Test(.actingAsUsers) func `capabilities that are cleared are gone, the ambient ones too`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let bounding = try Privileges.current().capabilities.bounding
                try #require(test_set_capabilities(0b11, 0b11, 0b11, 0b11) == 0)
                try Privileges.clearCapabilities()
                let found = try Privileges.current()
                #expect(
                    found.capabilities
                        == CapabilitySets(inheritable: 0, permitted: 0, effective: 0, bounding: bounding, ambient: 0))
                // Root without capabilities is bound by the modes of files.
                #expect(throws: (any Error).self) { try makeFile("/sys/kernel/entrypoint-test-must-not-be") }
            }
        }
    }

    @Test(.actingAsUsers) func `a capability leaves the bounding set`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let before = try Privileges.current().capabilities.bounding
                #expect(before & Capability.kill.bit != 0)
                try Privileges.dropFromBoundingSet(Capability.kill.rawValue)
                let after = try Privileges.current().capabilities.bounding
                #expect(after == before & ~Capability.kill.bit)
                let unknown = SystemCallError.of { () throws(SystemCallError) in
                    try Privileges.dropFromBoundingSet(63)
                }
                #expect(unknown == SystemCallError(call: "prctl", errno: .invalidArgument))
                try Privileges.clearCapabilities()
                let forbidden = SystemCallError.of { () throws(SystemCallError) in
                    try Privileges.dropFromBoundingSet(1)
                }
                #expect(forbidden == SystemCallError(call: "prctl", errno: .notPermitted))
            }
        }
    }

    @Test func `credentials are written as chown takes them`() {
        #expect(Self.jane.text == "254321:83070")
    }

    @Test func `capabilities have the names and numbers of the manual`() {
        let table = Capability.allCases.map { "\($0.rawValue) \($0.name)" }
        #expect(
            table == [
                "0 CAP_CHOWN", "1 CAP_DAC_OVERRIDE", "3 CAP_FOWNER", "5 CAP_KILL", "6 CAP_SETGID", "7 CAP_SETUID",
                "8 CAP_SETPCAP",
            ])
    }
}
