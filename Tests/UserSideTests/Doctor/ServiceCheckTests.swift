import Testing

@testable import Boot
@testable import UserSide

/// Whether services have the time to end.
struct ServiceCheckTests {
    private static let second: UInt64 = 1_000_000_000

    private static func service(
        _ name: String, _ stop: UInt64 = 5, final: UInt64? = nil, as identity: Actor = .user
    ) -> Service {
        var service = Service(name: name, command: ["/bin/\(name)"], identity: identity)
        service.stop.timeout = stop * second
        service.final = final.map { Service.Final(timeout: $0 * second, reserve: $0 * second) }
        return service
    }

    private static func answers(_ services: [Service], grace: UInt64 = 10, stop: UInt64 = 0) -> [Finding] {
        var facts = ContainerFacts.jane()
        (facts.services, facts.grace, facts.stopTimeout) = (services, grace * second, stop * second)
        return ServiceChecks.stopping(facts)
    }

    @Test func `the sum of what services may take is compared with what they have`() {
        #expect(Self.answers([]).isEmpty)
        #expect(
            Self.answers([Self.service("a"), Self.service("b", 3)]) == [
                .ok("services may take 8 s to end, and have 8 s")
            ])
        #expect(
            Self.answers([Self.service("a"), Self.service("b", 4)], stop: 25) == [
                .warn(
                    "services may take 9 s to end (a 5 s, b 4 s), and have 8 s: ENTRYPOINT_GRACE is 10 s, the last 2 s for "
                        + "KILL",
                    remedy:
                        "set ENTRYPOINT_GRACE=11 and, in the pod spec, terminationGracePeriodSeconds: 41 (docker run "
                        + "--stop-timeout); or shorten stop.timeout or final.timeout of the services")
            ])
    }

    @Test func `the last runs of an identity are at once, and those of two are not`() {
        let users = [Self.service("a", 1, final: 4), Self.service("b", 1, final: 6)]
        #expect(Self.answers(users) == [.ok("services may take 8 s to end, and have 8 s")])
        let found = Self.answers(users + [Self.service("c", 0, final: 1, as: .root)])
        #expect(
            found.first?.evidence.hasPrefix(
                "services may take 9 s to end (the last run of b 6 s, the last run of a 4 s, a 1 s, b 1 s, the last run of c "
                    + "1 s, and 1 more), and have 8 s") == true, "\(found)")
        #expect(
            found.first?.remedy.hasPrefix(
                "set ENTRYPOINT_GRACE=11 and, in the pod spec, terminationGracePeriodSeconds: 16, and the time that the "
                    + "command needs") == true, "\(found)")
    }

    @Test func `a short grace is halved, and times without an end are told`() {
        #expect(Self.answers([Self.service("a", 1)], grace: 2) == [.ok("services may take 1 s to end, and have 1 s")])
        #expect(Self.answers([Self.service("a", 2)], grace: 3).first?.verdict == .warn)
        var endless = Self.service("a")
        endless.stop.timeout = .max
        #expect(Self.answers([endless, endless], stop: 5).first?.verdict == .warn)
    }
}
