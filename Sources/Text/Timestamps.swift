/// Times as text.
package enum Timestamps {
    /// A time in UTC with milliseconds: `2026-01-31T23:59:59.999Z` (RFC 3339).
    ///
    /// - Parameter nanoseconds: since 1970.
    package static func utc(nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        let (seconds, day) = (milliseconds / 1000 % 86_400, milliseconds / 86_400_000)
        let date = civilDate(ofDay: day)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
            + "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
            + ".\(padded(milliseconds % 1000, 3))Z"
    }

    /// The date of a day since 1970 in the Gregorian calendar. Years begin in March here, so that the leap day is the last
    /// of a year, and 400 years have 146,097 days.
    private static func civilDate(ofDay day: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
        // From the 1st of March of the year 0 to 1970.
        let days = day + 719_468
        let (era, dayOfEra) = (days / 146_097, days % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            era * 400 + yearOfEra + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func padded(_ number: UInt64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
