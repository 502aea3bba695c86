package import Boot
internal import Linux

/// When a service with a cron line runs, in the container's time zone.
///
/// Where the clock is set forward, a time that does not exist on that day is the next minute that does; where it is set
/// back, a time that comes twice counts the first time. A schedule of every hour goes by the time that passes instead: it
/// pauses for no hour that comes twice, and makes up for none that is missing.
package enum CronTimes {
    /// The days in which a time is looked for. The 29th of February is on a certain day of the week after 40 years at most.
    private static let horizon = 41 * 366

    /// The first time of a schedule after another time.
    ///
    /// - Parameter after: nanoseconds since 1970.
    /// - Returns: nanoseconds since 1970; `nil` where it never comes.
    package static func next(_ schedule: CronSchedule, after: UInt64) -> UInt64? {
        let start = Int64(clamping: after / 1_000_000_000)
        guard let parts = LocalTime.parts(of: start) else { return nil }
        // A day in which the clock was set may not be over yet, whatever the calendar says.
        let first = CivilDay(year: parts.year, month: parts.month, day: parts.day).number - 1
        for number in first..<(first + Int64(horizon)) {
            guard let time = Day(number).first(of: schedule, after: start) else { continue }
            let next = Day(number + 1)
            let earlier = next.isSet ? next.first(of: schedule, after: start) : nil
            // The clock has 64 bits.
            let result = UInt64(clamping: min(time, earlier ?? time)).multipliedReportingOverflow(by: 1_000_000_000)
            return result.overflow ? nil : result.partialValue
        }
        return nil
    }

    /// A day of the calendar with the times of its minutes.
    private struct Day {
        /// Midnight, as if it were in UTC.
        let start: Int64
        let date: CivilDay
        let weekday: Int
        /// The offsets before and after.
        let offsets: (Int64, Int64)

        init(_ number: Int64) {
            start = number * 86400
            date = CivilDay(number: number)
            // The 1st of January 1970 was a Thursday.
            weekday = Int(((number + 4) % 7 + 7) % 7)
            offsets = (Self.offset(at: start - 86400), Self.offset(at: start + 2 * 86400))
        }

        private static func offset(at seconds: Int64) -> Int64 {
            LocalTime.parts(of: seconds).map { Int64($0.offset) } ?? 0
        }

        /// Whether the clock is set on that day, or on one beside it.
        var isSet: Bool { offsets.0 != offsets.1 }

        func isIn(_ schedule: CronSchedule) -> Bool {
            guard schedule.months & 1 << UInt64(date.month) != 0 else { return false }
            let isDay = schedule.days & 1 << UInt64(date.day) != 0
            let isWeekday = schedule.weekdays & 1 << UInt64(weekday) != 0
            return schedule.takesEitherDay ? isDay || isWeekday : isDay && isWeekday
        }

        /// The first time of a schedule on this day that comes after another time.
        func first(of schedule: CronSchedule, after: Int64) -> Int64? {
            guard isIn(schedule), start + 86400 - min(offsets.0, offsets.1) + 86400 > after else { return nil }
            let isHourly = schedule.hours == (1 << 24) - 1
            var found: Int64?
            for hour in Int64(0)..<24 where schedule.hours & 1 << UInt64(hour) != 0 {
                for minute in Int64(0)..<60 where schedule.minutes & 1 << UInt64(minute) != 0 {
                    for time in times(at: start + hour * 3600 + minute * 60, isHourly) where time > after {
                        found = min(found ?? time, time)
                    }
                    // Only an hour that comes twice has an earlier time behind a later one.
                    if let found, !(isSet && isHourly) { return found }
                }
            }
            return found
        }

        /// The times at which the clock on the wall shows this, as seconds since 1970.
        ///
        /// - Parameters:
        ///   - wall: what it shows, as if it were in UTC.
        ///   - isHourly: whether a time that comes twice counts twice, and one that does not exist not at all.
        private func times(at wall: Int64, _ isHourly: Bool) -> [Int64] {
            guard isSet else { return [wall - offsets.0] }
            let candidates = [wall - max(offsets.0, offsets.1), wall - min(offsets.0, offsets.1)]
            let times = candidates.filter { Self.offset(at: $0) == wall - $0 }
            if isHourly { return times }
            if let first = times.first { return [first] }
            // The first minute that the clock shows afterwards.
            let later = stride(from: candidates[0], through: candidates[1], by: 60).first {
                $0 + Self.offset(at: $0) >= wall
            }
            return later.map { [$0] } ?? []
        }
    }

    /// A date of the Gregorian calendar, and its number since 1970. Years begin in March here, so that the leap day is the
    /// last of a year, and 400 years have 146,097 days.
    private struct CivilDay {
        let number: Int64
        let month: Int
        let day: Int

        init(year: Int64, month: Int, day: Int) {
            let year = month <= 2 ? year - 1 : year
            let era = (year >= 0 ? year : year - 399) / 400
            let yearOfEra = year - era * 400
            let dayOfYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + Int64(day) - 1
            number = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
            (self.month, self.day) = (month, day)
        }

        init(number: Int64) {
            self.number = number
            let days = number + 719_468
            let era = (days >= 0 ? days : days - 146_096) / 146_097
            let dayOfEra = days - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let month = (5 * dayOfYear + 2) / 153
            day = Int(dayOfYear - (153 * month + 2) / 5 + 1)
            self.month = Int(month < 10 ? month + 3 : month - 9)
        }
    }
}
