package import Text

/// The times of a cron line: minute, hour, day of the month, month and day of the week (crontab(5)).
///
/// The sets are bits: bit 0 of the minutes is minute 0, bit 1 of the months is January, bit 0 of the weekdays is Sunday.
package struct CronSchedule: Equatable, Sendable {
    package let minutes: UInt64
    package let hours: UInt64
    package let days: UInt64
    package let months: UInt64
    package let weekdays: UInt64
    /// Whether both kinds of days are restricted: then a day counts that either of them has.
    package let takesEitherDay: Bool
    /// The line as it was written.
    package let text: String

    /// Reads a line of five fields, or a name such as `@daily`.
    ///
    /// - Throws: which field is wrong, and how.
    package static func parse(_ text: String) throws(FormatError) -> CronSchedule {
        try CronSchedule(text)
    }

    private init(_ text: String) throws(FormatError) {
        var line = text
        if text.utf8.first == UInt8(ascii: "@") {
            guard let known = Self.names.first(where: { $0.name == text }) else {
                throw FormatError("not one of \(Self.names.map { $0.name }.joined(separator: ", "))")
            }
            line = known.line
        }
        let fields = line.utf8.split { $0.isBlank }.map { String($0) ?? "" }
        guard fields.count == Self.fields.count else {
            throw FormatError(
                "not a cron line: expected minute, hour, day of the month, month and day of the week, "
                    + "found \(fields.count.counted("field"))")
        }
        var sets: [UInt64] = []
        for (field, text) in zip(Self.fields, fields) { sets.append(try field.set(text)) }
        (minutes, hours, days, months) = (sets[0], sets[1], sets[2], sets[3])
        // 7 is Sunday, too.
        weekdays = (sets[4] | sets[4] >> 7) & 0x7f
        takesEitherDay = !fields[2].utf8.starts(with: "*".utf8) && !fields[4].utf8.starts(with: "*".utf8)
        self.text = text
        guard hasDay else { throw FormatError("it never comes: none of its months has such a day") }
    }

    /// Whether there is any day of the year that has it.
    private var hasDay: Bool {
        if takesEitherDay { return true }
        let longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return longest.indices.contains { month in
            months & 1 << UInt64(month + 1) != 0 && days & ((1 << UInt64(longest[month] + 1)) - 2) != 0
        }
    }

    private static let names: [(name: String, line: String)] = [
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
    ]

    private static let fields = [
        Field(noun: "minute", range: 0...59), Field(noun: "hour", range: 0...23),
        Field(noun: "day of the month", range: 1...31),
        Field(
            noun: "month", range: 1...12,
            names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        Field(noun: "day of the week", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]

    /// A column of a cron line.
    private struct Field: Sendable {
        let noun: String
        let range: ClosedRange<Int>
        /// The names of the numbers, the first one for the lowest.
        var names: [String] = []

        /// The numbers of a list such as `*/15`, `1-5` or `mon,wed`.
        func set(_ text: String) throws(FormatError) -> UInt64 {
            var set: UInt64 = 0
            for item in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                for number in try numbers(String(item) ?? "") { set |= 1 << UInt64(number) }
            }
            return set
        }

        /// The numbers of one item of the list.
        private func numbers(_ item: String) throws(FormatError) -> [Int] {
            let parts = item.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard let first = parts.first, parts.count <= 2 else { throw wrong(item) }
            let ends = first.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            let (low, high): (Int, Int)
            if first.elementsEqual("*".utf8) {
                (low, high) = (range.lowerBound, noun == Self.fieldOfWeek ? 6 : range.upperBound)
            } else if ends.count == 2 {
                (low, high) = (try number(ends[0], item), try number(ends[1], item))
            } else {
                low = try number(first, item)
                // With a step, a number is where a range begins.
                high = parts.count == 2 ? range.upperBound : low
            }
            guard low <= high else { throw wrong(item) }
            guard parts.count == 2 else { return Array(low...high) }
            guard let step = parts[1].decimal, (1...59).contains(step) else { throw wrong(item) }
            return Array(stride(from: low, through: high, by: Int(step)))
        }

        private static let fieldOfWeek = "day of the week"

        private func number(_ text: Substring.UTF8View, _ item: String) throws(FormatError) -> Int {
            if text.count <= 2, let number = text.decimal, range.contains(Int(number)) { return Int(number) }
            let lower = text.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
            guard let index = names.firstIndex(where: { $0.utf8.elementsEqual(lower) }) else { throw wrong(item) }
            return range.lowerBound + index
        }

        private func wrong(_ item: String) -> FormatError {
            let names = names.isEmpty ? "" : " or \(names[0]) to \(names[names.count - 1])"
            return FormatError(
                "not a cron line: '\(item.shown())' is no \(noun): \(range.lowerBound) to \(range.upperBound)\(names), "
                    + "a range such as \(range.lowerBound)-\(range.upperBound), or * with a step such as */5")
        }
    }
}
