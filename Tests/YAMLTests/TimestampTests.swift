import Foundation
import Testing
import Text

/// Times as text.
struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_001, "2000-03-01T00:00:00.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (4_107_456_000_000, "2100-02-28T00:00:00.000Z"),
            (18_446_744_073_709, "2554-07-21T23:34:33.709Z"),
        ] as [(UInt64, String)])
    func `a time has a date, a time of day and milliseconds`(milliseconds: UInt64, text: String) {
        #expect(Timestamps.utc(nanoseconds: milliseconds * 1_000_000) == text)
    }

    @Test func `a time is what Foundation makes of it`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let seconds = UInt64.random(in: 0..<18_000_000_000, using: &random)
            let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
            #expect(Timestamps.utc(nanoseconds: seconds * 1_000_000_000) == text.dropLast() + ".000Z")
        }
    }
}
