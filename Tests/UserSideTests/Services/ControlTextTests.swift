import Linux
import Testing
import Text
import UserSide

/// The states of services as people and programs read them.
struct ControlTextTests {
    private static let now: UInt64 = 1_800_000_000_000_000_000

    private static var services: [ServiceState] {
        var sshd = ServiceState(
            name: "sshd", identity: "root", phase: .running, isReady: true, schedule: "", after: [])
        (sshd.process, sshd.started) = (321, now - 7_500_000_000_000)
        var mirror = ServiceState(
            name: "mirror", identity: "user", phase: .scheduled, isReady: false, schedule: "every 300 s",
            after: ["sshd"])
        (mirror.lastExit, mirror.lastError) = (.exited(3), "it ended with exit code 3")
        (mirror.lastDuration, mirror.restarts, mirror.next) = (1_234_000_000, 2, now + 60_000_000_000)
        mirror.statusText = "a\u{1B}b"
        return [sshd, mirror]
    }

    @Test(
        "an answer that no keeper gives is none: a user may listen in the place of the keeper",
        arguments: [
            ("\"as\":\"user\"", "\"as\":\"\\u001b]0;x\\u0007\""), ("\"as\":\"user\"", "\"as\":\"user\\nroot\""),
            ("\"name\":\"mirror\"", "\"name\":\"a b\""), ("\"name\":\"mirror\"", "\"name\":\"\\u009b31m\""),
            ("\"state\":\"scheduled\"", "\"state\":\"other\""),
        ])
    func foreign(part: String, other: String) throws {
        let right = ControlAnswer.state(Self.services[1]).text
        #expect(ControlAnswer(Array(right.utf8)) == .state(Self.services[1]))
        let wrong = right.replacing(part, with: other)
        #expect(wrong != right && ControlAnswer(Array(wrong.utf8)) == nil, "\(wrong)")
        // A number that is no signal counts as none.
        let signal = right.replacing("\"exitCode\":3", with: "\"signal\":2147483647")
        guard case .state(let state)? = ControlAnswer(Array(signal.utf8)) else {
            throw SystemCallError(call: "", errno: .ioError)
        }
        #expect(signal != right && state.lastExit == nil)
    }

    @Test("a line a service")
    func table() {
        #expect(
            ServicesText.table(of: Self.services, now: Self.now).text(.plain) == """
                service  as    state      pid  since                     restarts  last exit  next
                sshd     root  running    321  2027-01-15T05:55:00.000Z  0         -          -
                mirror   user  scheduled  -    -                         2         3          2027-01-15T08:01:00.000Z

                """)
    }

    @Test("all that is known of a service")
    func status() {
        #expect(
            Self.services.map { ServicesText.status(of: $0, now: Self.now, .plain) }.joined(separator: "\n") == """
                sshd
                  state     running
                  as        root
                  pid       321
                  since     2027-01-15T05:55:00.000Z (2h 5m ago)
                  ready     yes
                  restarts  0

                mirror
                  state          scheduled
                  as             user
                  ready          no
                  restarts       2
                  last exit      exit code 3
                  why            it ended with exit code 3
                  last run took  1234 ms
                  runs           every 300 s
                  next run       2027-01-15T08:01:00.000Z (in 1m)
                  it says        a\\u{1b}b
                  after          sshd

                """)
    }

    @Test("for programs times are in UTC, and what there is not is null")
    func json() {
        let json = Self.services[1].json
        #expect(json["next"] == .string("2027-01-15T08:01:00.000Z") && json["started"] == .null)
        #expect(json["lastExit"] == .integer("3") && json["lastMilliseconds"] == .integer("1234"))
        #expect(Self.services[0].json["status"] == .null && Self.services[0].json["pid"] == .integer("321"))
    }
}
