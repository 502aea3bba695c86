internal import Text

/// The text of one account file, with the edits that were made to it.
///
/// Only lines that may be entries have numbers; blank lines, comments and NIS lines (`+` and `-`) are bytes between
/// them. What was not edited is never rebuilt from its parts, but copied byte for byte.
struct AccountText<Entry: AccountEntry> {
    private let original: [UInt8]
    /// The new texts of lines that were replaced, one after another.
    private var replacements: [UInt8] = []
    /// The positions of the lines: in `original`, or after its end in `replacements`; empty for a line that was
    /// removed. There is no array for each line, because all of a file's million lines may change.
    private var ranges: [Range<Int>]
    /// Whole lines, each with its newline, that are inserted before a line.
    private var insertions: [Int: [UInt8]] = [:]
    /// Whole lines, each with its newline, that are added at the end.
    private var appended: [UInt8] = []
    /// Whether the text differs from what was found.
    private(set) var isChanged = false

    init(_ bytes: [UInt8]) {
        original = bytes
        ranges = []
        Self.findLines(in: bytes) { ranges.append($0) }
    }

    /// The numbers of the lines that may be entries, in the order of the file as it was found.
    var lines: Range<Int> { ranges.indices }

    /// The entry on a line as it is now; nil if the line is malformed, or was removed or moved.
    subscript(line: Int) -> Entry? { Entry(text(line)) }

    /// The first entry with the name.
    func first(named name: ArraySlice<UInt8>) -> (line: Int, entry: Entry)? {
        for line in lines where text(line).isEntry(named: name) {
            if let entry = self[line] { return (line, entry) }
        }
        return nil
    }

    /// The lines of all entries with one of the names.
    func lines(named names: [ArraySlice<UInt8>]) -> [Int] {
        lines.filter { line in names.contains { text(line).isEntry(named: $0) } && self[line] != nil }
    }

    /// Replaces the entry on a line. If the entry has the same content, the line stays as it was written.
    ///
    /// - Returns: whether anything changes.
    @discardableResult
    mutating func replace(_ line: Int, with entry: Entry) -> Bool {
        if self[line] == entry { return false }
        let start = original.count + replacements.count
        replacements += entry.text
        ranges[line] = start..<(original.count + replacements.count)
        isChanged = true
        return true
    }

    /// Removes a line, and inserts an entry before another line.
    mutating func move(_ line: Int, before other: Int, as entry: Entry) {
        remove(line)
        insertions[other, default: []] += entry.text + [.newline]
    }

    mutating func remove(_ line: Int) {
        ranges[line] = 0..<0
        isChanged = true
    }

    mutating func append(_ entry: Entry) {
        appended += entry.text + [.newline]
        isChanged = true
    }

    /// The whole text. If the last line had no newline, it gets one only when lines are added.
    var bytes: [UInt8] {
        guard isChanged else { return original }
        var result: [UInt8] = []
        result.reserveCapacity(original.count + replacements.count + appended.count)
        var copied = 0
        var line = 0
        Self.findLines(in: original) { found in
            defer { line += 1 }
            let insertion = insertions.isEmpty ? nil : insertions[line]
            if ranges[line] == found && insertion == nil { return }
            result += original[copied..<found.lowerBound]
            result += insertion ?? []
            result += text(line)
            copied = found.upperBound
            if ranges[line].isEmpty, copied < original.count { copied += 1 }
        }
        result += original[copied...]
        if !appended.isEmpty, let last = result.last, last != .newline { result.append(.newline) }
        result += appended
        return result
    }

    fileprivate func text(_ line: Int) -> ArraySlice<UInt8> {
        let range = ranges[line]
        if range.upperBound <= original.count { return original[range] }
        return replacements[(range.lowerBound - original.count)..<(range.upperBound - original.count)]
    }

    /// Finds the lines that may be entries: they have at least a name, a colon and one more byte.
    private static func findLines(in bytes: [UInt8], found: (Range<Int>) -> Void) {
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != .newline { end += 1 }
            var first = start
            while first < end, bytes[first].isFieldBlank { first += 1 }
            if end - first > 2, !bytes[first].startsNoEntry { found(start..<end) }
            start = end + 1
        }
    }
}

extension AccountText where Entry: IdentifiedEntry {
    /// The first entry with the uid or gid.
    func first(withID id: UInt32) -> (line: Int, entry: Entry)? {
        let digits = id.decimal
        for line in lines where text(line).mayBeEntry(withID: digits) {
            if let entry = self[line], entry.id == id { return (line, entry) }
        }
        return nil
    }

    /// The names of all entries with the uid or gid.
    func names(withID id: UInt32) -> [ArraySlice<UInt8>] {
        let digits = id.decimal
        return lines.compactMap { line in
            guard text(line).mayBeEntry(withID: digits), let entry = self[line], entry.id == id else { return nil }
            return entry.name
        }
    }
}

extension AccountText where Entry: MembersEntry {
    /// The lines of the entries that name somebody as a member or an administrator.
    func lines(listing name: ArraySlice<UInt8>) -> [Int] {
        lines.filter { line in text(line).contains(name) && self[line]?.lists(name) == true }
    }
}

/// Properties of a line that are visible without parsing it, which would take ten times as long for a million lines.
extension ArraySlice<UInt8> {
    /// Whether the first field is the name.
    fileprivate func isEntry(named name: ArraySlice<UInt8>) -> Bool {
        var position = startIndex
        while position < endIndex, self[position].isFieldBlank { position += 1 }
        return hasField(name, at: position)
    }

    /// Whether the third field is the number, perhaps after blanks, a plus and zeros; also if only parsing can tell.
    fileprivate func mayBeEntry(withID digits: ArraySlice<UInt8>) -> Bool {
        var position = startIndex
        var colons = 0
        while position < endIndex, colons < 2 {
            if self[position] == .colon { colons += 1 }
            position += 1
        }
        while position < endIndex, self[position].isFieldBlank { position += 1 }
        guard position < endIndex else { return false }
        // The number wraps around.
        if self[position] == UInt8(ascii: "-") { return true }
        if self[position] == UInt8(ascii: "+") { position += 1 }
        while endIndex - position > digits.count, self[position] == UInt8(ascii: "0") {
            if hasField(digits, at: position) { return true }
            position += 1
        }
        return hasField(digits, at: position)
    }

    private func hasField(_ field: ArraySlice<UInt8>, at position: Int) -> Bool {
        let end = position + field.count
        return hasBytes(field, at: position) && (end == endIndex || self[end] == .colon)
    }

    fileprivate func contains(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first else { return false }
        var position = startIndex
        while position < endIndex {
            if self[position] == first, hasBytes(name, at: position) { return true }
            position += 1
        }
        return false
    }

    private func hasBytes(_ bytes: ArraySlice<UInt8>, at position: Int) -> Bool {
        guard endIndex - position >= bytes.count else { return false }
        var own = position
        for byte in bytes {
            if self[own] != byte { return false }
            own += 1
        }
        return true
    }
}
