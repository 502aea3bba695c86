import Glibc
import Linux
import Testing

struct ClockTests {
    @Test func `time goes on and never back`() {
        let first = Clock.monotonic
        usleep(2000)
        #expect(Clock.microseconds(since: first) >= 2000)
        #expect(Clock.monotonic > first)
        // An hour that is still to come.
        #expect(Clock.microseconds(since: Clock.monotonic + 3_600_000_000_000) < -3_000_000_000)
    }
}
