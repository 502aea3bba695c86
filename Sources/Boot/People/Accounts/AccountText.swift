internal import Text

/// The text of one account file, and the edits that were made to it.
///
/// Only lines that may be entries are known by number; blank lines, comments and NIS lines (`+` and `-`) are bytes between
/// them. Nothing that was not edited is rebuilt from its parts: it is copied byte for byte.
struct AccountText<Entry: AccountEntry> {
    private let original: [UInt8]
    /// The new texts of lines that were replaced, one after the other.
    private var replacements: [UInt8] = []
    /// Where the lines are: in `original`, or behind its end in `replacements`; empty for a line that was removed. Not one
    /// array for each line, because all million lines of a file may change.
    private var ranges: [Range<Int>]
    /// Whole lines, each with its newline, that go before a line.
    private var insertions: [Int: [UInt8]] = [:]
    /// Whole lines, each with its newline, that go to the end.
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

    /// The entry on a line as it is now; nil where the line is malformed, was removed or moved.
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

    /// Puts an entry in the place of the one on a line. An entry with the same content leaves the line as it is written.
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

    /// Takes a line away and puts an entry before another line.
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

    /// The whole text. A last line without newline stays so, unless lines were appended.
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

    /// Finds the lines that may be entries: at least a name, a colon and one byte more.
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

/// What can be seen of a line without taking it apart, which would take ten times as long for a file of a million lines.
extension ArraySlice<UInt8> {
    /// Whether the first field is the name.
    fileprivate func isEntry(named name: ArraySlice<UInt8>) -> Bool {
        var position = startIndex
        while position < endIndex, self[position].isFieldBlank { position += 1 }
        return hasField(name, at: position)
    }

    /// Whether the third field is the number, perhaps after blanks, a plus and zeros; also where only taking it apart tells.
    fileprivate func mayBeEntry(withID digits: ArraySlice<UInt8>) -> Bool {
        var position = startIndex
        var colons = 0
        while position < endIndex, colons < 2 {
            if self[position] == .colon { colons += 1 }
            position += 1
        }
        while position < endIndex, self[position].isFieldBlank { position += 1 }
        guard position < endIndex else { return false }
        // A number that wraps around.
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
