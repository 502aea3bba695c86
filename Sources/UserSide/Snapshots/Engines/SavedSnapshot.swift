package import Text

/// A snapshot that a repository has.
package struct SavedSnapshot: Equatable, Sendable {
    package let id: String
    /// When it was made (RFC 3339).
    package let time: String
    /// The pod that made it.
    package let host: String
    package var tags: [String] = []
    /// How much is in it, as far as that is known.
    package var files: UInt64?
    package var bytes: UInt64?

    package init(id: String, time: String, host: String) {
        self.id = id
        self.time = time
        self.host = host
    }

    /// The beginning of the id, which people type.
    package var shortID: String { String(id.prefix(8)) }

    /// How people are told of it: `1a2b3c4d of 2026-12-01 10:30:00 by jane-0`.
    package var words: String { "\(shortID) of \(shortTime) by \(host.shown(limit: 80))" }

    /// The time to the second.
    package var shortTime: String {
        let parts = time.split(separator: "T", maxSplits: 1)
        guard parts.count == 2 else { return time.shown(limit: 40) }
        return "\(parts[0]) \(parts[1].prefix(8))".shown(limit: 40)
    }

    package var json: JSON {
        var members: [(String, JSON)] = [
            ("id", .string(id)), ("time", .string(time)), ("host", .string(host)),
            ("tags", .array(tags.map { .string($0) })),
        ]
        if let files { members.append(("files", .number(files))) }
        if let bytes { members.append(("bytes", .number(bytes))) }
        return .object(members)
    }
}

/// What a save has done.
package struct SaveResult: Equatable, Sendable {
    /// The snapshot that it made, or its beginning.
    package var id = ""
    /// When it was made (RFC 3339); empty where nobody knows.
    package var time = ""
    package var newFiles: UInt64 = 0
    package var changedFiles: UInt64 = 0
    package var files: UInt64 = 0
    package var bytes: UInt64 = 0
    package var bytesAdded: UInt64 = 0
    /// Files that could not be read, as far as they are told.
    package var unreadable: [String] = []
}

/// The ids of snapshots whose engine gives none: their beginnings differ, and the names of their objects are in the order
/// of time.
enum SnapshotID {
    static func make(time: String, host: String) -> String {
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(time)/\(host)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        let padded = String(repeating: "0", count: 16 - digits.utf8.count) + digits
        return "\(padded)-\(time.filter { $0.isLetter || $0.isNumber })"
    }

    /// The name of an id's object.
    static func name(of id: String) -> String {
        let parts = id.split(separator: "-", maxSplits: 1)
        return parts.count == 2 ? "\(parts[1])-\(parts[0])" : id
    }
}

/// Times of snapshots (RFC 3339), all of them in UTC, which are compared as text.
enum SnapshotTime {
    /// A second later; the same where the text is no such time.
    static func after(_ time: String) -> String {
        let fields = time.prefix(19).split { "-T:".contains($0) }.map { UInt64($0) ?? 0 }
        guard time.hasSuffix("Z"), fields.count == 6 else { return time }
        var (second, minute, hour, day, month, year) = (
            fields[5] + 1, fields[4], fields[3], fields[2], fields[1], fields[0]
        )
        if second >= 60 { (second, minute) = (0, minute + 1) }
        if minute >= 60 { (minute, hour) = (0, hour + 1) }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days: [UInt64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        if hour >= 24 { (hour, day) = (0, day + 1) }
        if day > days[Int(min(max(month, 1), 12)) - 1] { (day, month) = (1, month + 1) }
        if month > 12 { (month, year) = (1, year + 1) }
        func padded(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(padded(month))-\(padded(day))T\(padded(hour)):\(padded(minute)):\(padded(second))Z"
    }

    /// As restic reads it: `2026-12-01 10:30:00`, in its own time zone, which is UTC here.
    static func local(_ time: String) -> String { String(time.prefix(19)).replacing("T", with: " ") }
}
