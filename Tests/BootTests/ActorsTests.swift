import CTestSupport
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Acting as the people of a boot.
@Suite(.actingAsUsers)
struct ActorsTests {
    private static func actors(_ start: Start = .root) throws -> Actors {
        let people = People(
            user: People.User(
                name: "jane", groupName: "lab", home: "/h", shell: "/bin/sh",
                credentials: Credentials(user: 1000, group: 100, groups: [7])),
            seed: Credentials(user: 2000, group: 100, groups: [8]),
            accounts: PlannedAccounts(), warnings: [])
        return Actors(people, privileges: try Privileges.current(), start: start, umask: 0o007)
    }

    private static func identity() throws -> String {
        let found = try Privileges.current()
        let mask = umask(0)
        umask(mask)
        return "\(found.user.effective):\(found.group.effective) \(found.groups) \(ModeBits(rawValue: mask).octal)"
    }

    @Test func `the process acts as one of them after the other`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(1, [3]) == 0)
                let actors = try Self.actors()
                let steps: [(Actor, String)] = [
                    (.root, "0:0 [3] 0077"), (.user, "1000:100 [7] 0007"), (.seed, "2000:100 [8] 0007"),
                    (.user, "1000:100 [7] 0007"), (.user, "1000:100 [7] 0007"), (.root, "0:0 [3] 0077"),
                    (.seed, "2000:100 [8] 0007"), (.root, "0:0 [3] 0077"),
                ]
                for (actor, expected) in steps {
                    let found = try actors.acting(as: actor) { () throws(SystemCallError) in "" }
                    #expect(found == "")
                    expectSame(try Self.identity(), expected)
                }
                #expect(actors.words(.root) == "root")
                #expect(actors.words(.user) == "user 1000:100")
                #expect(actors.words(.seed) == "seed 2000:100")
                #expect(Actors.links(.user) == .follow)
                #expect(Actors.links(.seed) == .refuse && Actors.links(.root) == .refuse)
            }
        }
    }

    @Test(arguments: [(Capability.setGID.rawValue, "setgroups"), (Capability.setUID.rawValue, "setresuid")])
    func `who cannot become somebody else is root again`(capability: Int, call: String) async {
        await #expect(processExitsWith: .success) { [capability, call = call as String] in
            try inProcessOfItsOwn {
                try #require(setgroups(1, [3]) == 0)
                let rest = try Privileges.current().capabilities.permitted & ~(1 << UInt64(capability))
                try #require(test_set_capabilities(rest, rest, 0, 0) == 0)
                let actors = try Self.actors()
                let before = try Privileges.current()
                let error = SystemCallError.of { () throws(SystemCallError) in try actors.become(.user) }
                #expect(error?.symbol == "\(call) EPERM")
                let after = try Privileges.current()
                #expect(after == before)
                expectSame(try Self.identity(), "0:0 [3] 0077")
            }
        }
    }

    @Test func `without privileges there is only the user`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(1, [3]) == 0)
                let actors = try Self.actors(.bare)
                #expect(actors.has(.user) && !actors.has(.seed) && !actors.has(.root))
                try actors.become(.user)
                try actors.become(.root)
                expectSame(try Self.identity(), "0:0 [3] 0007")
            }
        }
    }
}
