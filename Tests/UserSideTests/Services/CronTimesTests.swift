import Boot
import Glibc
import Linux
import TestSupport
import Testing
import Text
import UserSide

/// When a cron line is due. Each test has a process of its own, because the time zone is the process's.
struct CronTimesTests {
    /// The time zone of Berlin, as it is without files of time zones (tzset(3)).
    private static let berlin = "CET-1CEST,M3.5.0,M10.5.0/3"

    private static func use(_ zone: String) {
        setenv("TZ", zone, 1)
        LocalTime.readZone()
    }

    /// The next time, in seconds.
    private static func next(_ line: String, after: UInt64) throws -> UInt64? {
        let schedule = try CronSchedule.parse(line)
        return CronTimes.next(schedule, after: after * 1_000_000_000).map { $0 / 1_000_000_000 }
    }

    @Test("the next time is that of another implementation")
    func table() async {
        await #expect(processExitsWith: .success) {
            let lines = try Golden.text(of: "Tests/UserSideTests/Golden/cron-times.txt").split(separator: "\n")
            for line in lines.dropFirst() {
                let fields = line.split(separator: "\t").map(String.init)
                Self.use(fields[0])
                let after = try #require(UInt64(fields[2]))
                let found = try Self.next(fields[1], after: after)
                #expect(found == UInt64(fields[3]), "\(line)")
            }
            #expect(lines.count > 300)
        }
    }

    /// Lines on the days on which Berlin's clock is set: forward on the 29th of March 2026 at 2 to 3, back on the 25th of
    /// October 2026 at 3 to 2.
    private static let cases: [(line: String, after: UInt64, next: UInt64, why: String)] = [
        ("30 2 * * *", 1_774_695_600, 1_774_746_000, "half past two does not exist: three o'clock"),
        ("30 2 * * *", 1_774_746_000, 1_774_830_600, "and then on the next day"),
        ("30 2 29 3 *", 1_774_695_600, 1_774_746_000, "also where it is the only day"),
        ("0,30 2 * * *", 1_774_695_600, 1_774_746_000, "two such times are one"),
        ("0,30 2 * * *", 1_774_746_000, 1_774_827_000 + 1800, "which is over then"),
        ("30 2,3 * * *", 1_774_746_000, 1_774_747_800, "a time behind it is as usual"),
        ("* 2 * * *", 1_774_745_940, 1_774_746_000, "an hour that does not exist is a minute"),
        ("*/30 * * * *", 1_774_745_940, 1_774_746_000, "every half an hour goes by the time that passes"),
        ("30 * * * *", 1_774_744_200, 1_774_747_800, "and makes up for nothing"),
        ("30 2 * * *", 1_792_882_800, 1_792_888_200, "half past two comes twice: the first time"),
        ("30 2 * * *", 1_792_888_200, 1_792_978_200, "and not again"),
        ("45 2 * * *", 1_792_890_000, 1_792_979_100, "not in the second hour either"),
        ("0 3 * * *", 1_792_888_200, 1_792_893_600, "three o'clock is behind both hours"),
        ("30 * * * *", 1_792_888_200, 1_792_891_800, "every hour goes by the time that passes"),
        ("59 * * * *", 1_792_889_940, 1_792_893_540, "in both of them"),
        ("*/15 * * * *", 1_792_889_100, 1_792_890_000, "also where one leads to the other"),
    ]

    @Test("where the clock is set, what does not exist is the next minute, and what comes twice comes once")
    func clockIsSet() async {
        await #expect(processExitsWith: .success) {
            Self.use(Self.berlin)
            for (line, after, next, why) in Self.cases {
                let found = try Self.next(line, after: after)
                #expect(found == next, "\(line) after \(after): \(why)")
            }
        }
    }

    private static let otherCases: [(zone: String, line: String, after: UInt64, next: UInt64)] = [
        // Forward at midnight of the first Sunday in September, as in Chile: 0:00 is 1:00 (2026-09-06 04:00 in UTC).
        ("<-04>4<-03>,M9.1.0/0,M4.1.0/0", "0 0 * * *", 1_788_663_600, 1_788_667_200),
        ("<-04>4<-03>,M9.1.0/0,M4.1.0/0", "0 0 * * *", 1_788_667_200, 1_788_750_000),
        // Back at midnight of the first Sunday in April: Saturday's last hour comes twice (2026-04-05 03:00 in UTC).
        ("<-04>4<-03>,M9.1.0/0,M4.1.0/0", "30 23 4 4 *", 1_775_350_800, 1_775_356_200),
        ("<-04>4<-03>,M9.1.0/0,M4.1.0/0", "0 0 5 4 *", 1_775_356_200, 1_775_361_600),
        // By half an hour, as on Lord Howe Island: 2:00 is 2:30 on the 4th of October 2026 (15:30 in UTC on the 3rd).
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "15 2 * * *", 1_791_040_000, 1_791_041_400),
    ]

    @Test("a clock that is set at midnight, or by half an hour, is followed, too")
    func otherZones() async {
        await #expect(processExitsWith: .success) {
            for (zone, line, after, next) in Self.otherCases {
                Self.use(zone)
                let found = try Self.next(line, after: after)
                #expect(found == next, "\(line) after \(after) in \(zone)")
            }
        }
    }

    @Test("a line that never comes has no time, and takes no time")
    func never() throws {
        // Reading refuses lines that have no day at all, such as 30 2 31 2 *; the 29th of February on a weekday is rare.
        #expect(throws: FormatError.self) { try CronSchedule.parse("0 0 31 2,4 *") }
        let start = ContinuousClock.now
        let schedule = try CronSchedule.parse("0 0 29 2 *")
        // From 2096 the next leap year is 2104.
        let next = try #require(CronTimes.next(schedule, after: 3_981_312_000_000_000_000))
        #expect(next > 4_230_000_000_000_000_000 && next < 4_240_000_000_000_000_000)
        #expect(CronTimes.next(schedule, after: .max) == nil)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test(
        "with a star in one of the fields of days both have to fit, without one either",
        arguments: [
            // The 1st of January 2026 is a Thursday.
            ("0 0 */2 * 1", "2026-01-05"), ("0 0 2 * 1", "2026-01-02"), ("0 0 */10 * *", "2026-01-11"),
            ("0 0 * * 2", "2026-01-06"), ("0 0 31 * */3", "2026-01-31"),
        ])
    func days(line: String, day: String) async throws {
        let schedule = try CronSchedule.parse(line)
        // The tests' own zone is unknown: the day is that of the time at noon in UTC, at most 12 hours away.
        let next = try #require(CronTimes.next(schedule, after: 1_767_268_800_000_000_000))
        let offset = try #require(LocalTime.parts(of: Int64(next / 1_000_000_000))).offset
        let shown = Timestamps.utc(nanoseconds: next + UInt64(Int64(offset) * 1_000_000_000))
        #expect(shown.hasPrefix(day), "\(shown)")
    }
}
