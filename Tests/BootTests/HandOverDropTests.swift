import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import Session

/// The drop of privileges, in processes of their own.
@Suite(.actingAsUsers)
struct HandOverDropTests {
    private static let user = Credentials(user: 254_321, group: 83070, groups: [27, 5000])

    private static func drop(canRegain: Bool) throws -> String? {
        let start = try Privileges.current()
        do throws(BootError) {
            try PrivilegeDrop.drop(to: user, from: start, canRegain: canRegain)
            return nil
        } catch {
            return error.message
        }
    }

    @Test func `without sudo nothing is left, and nothing can be gained`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(3, [0, 4, 12]) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(
                    found
                        == Privileges(
                            user: IDTriple(all: 254_321), group: IDTriple(all: 83070), groups: [27, 5000],
                            capabilities: CapabilitySets(
                                inheritable: 0, permitted: 0, effective: 0, bounding: 0, ambient: 0),
                            noNewPrivileges: true, secureBits: 0))
                #expect(setuid(0) == -1)
            }
        }
    }

    @Test func `with sudo only the bounding set is left`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let bounding = try Privileges.current().capabilities.bounding
                #expect(try Self.drop(canRegain: true) == nil)
                let found = try Privileges.current()
                #expect(found.user == IDTriple(all: 254_321))
                #expect(
                    found.capabilities
                        == CapabilitySets(inheritable: 0, permitted: 0, effective: 0, bounding: bounding, ambient: 0))
                #expect(!found.noNewPrivileges)
            }
        }
    }

    @Test func `inheritable and ambient capabilities go, too`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let all = try Privileges.current().capabilities.permitted
                try #require(test_set_capabilities(all, all, all, 1 << 5 | 1) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current().capabilities
                #expect(found == CapabilitySets(inheritable: 0, permitted: 0, effective: 0, bounding: 0, ambient: 0))
            }
        }
    }

    @Test func `capabilities that do not go with the user id are cleared`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                // SECBIT_NO_SETUID_FIXUP
                try #require(test_set_secure_bits(0b100) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(found.capabilities.permitted == 0 && found.capabilities.effective == 0)
                #expect(!Privileges.canRegainRoot())
            }
        }
    }

    @Test func `without CAP_SETPCAP the bounding set stays, and no_new_privs keeps it from use`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let before = try Privileges.current().capabilities
                let rest = before.permitted & ~Capability.setCapabilities.bit
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(found.capabilities.bounding == before.bounding)
                #expect(found.noNewPrivileges)
            }
        }
    }

    @Test(arguments: [(6, "setgroups"), (7, "setresuid")])
    func `a drop that is not possible is an error, and root stays root`(capability: Int, call: String) async {
        await #expect(processExitsWith: .success) { [capability, call = call as String] in
            try inProcessOfItsOwn {
                let before = try Privileges.current().capabilities.permitted
                let rest = before & ~(1 << UInt64(capability))
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                #expect(
                    try Self.drop(canRegain: false)
                        == "cannot drop privileges to 254321:83070: operation not permitted (\(call) EPERM); "
                        + "nothing was executed")
            }
        }
    }

    @Test func `a user who starts the program loses capabilities and gains none`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Privileges.become(Self.user)
                let before = try Privileges.current()
                #expect(try Self.drop(canRegain: false) == nil)
                let found = try Privileges.current()
                #expect(found.noNewPrivileges)
                #expect(found.user == before.user && found.group == before.group)
                #expect(found.capabilities.bounding == before.capabilities.bounding)
            }
        }
    }

    @Test func `a process that is not what it should be is told apart`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                // As another user than the one that is to be handed over to, who cannot become anybody.
                try Privileges.become(Credentials(user: 5, group: 6, groups: [7]))
                #expect(
                    try Self.drop(canRegain: false)
                        == "privileges are not dropped: user ids, group ids, supplementary groups; nothing was executed"
                )
            }
        }
    }

    @Test func `a way back to root is found`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Privileges.assume(Self.user)
                // What started as the user has no more to drop, but the saved id is still root's.
                #expect(
                    try Self.drop(canRegain: false)
                        == "privileges are not dropped: user ids, group ids, root can be regained; nothing was executed"
                )
            }
        }
    }
}
