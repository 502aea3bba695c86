internal import Text

/// Hides secrets in lines of output.
///
/// A secret with several lines, such as a private key, is printed in parts. A part that is longer than a word is hidden
/// wherever it occurs; a shorter part is hidden if it follows its predecessor in the secret. Parts end at newlines
/// (with or without a carriage return), at a carriage return, and where a secret has `\n` as two characters, which some
/// shells print as a newline. A secret is also hidden as shells and JSON write it on one line (``SecretForms``).
///
/// It takes some twenty times as much memory as the secrets. The work for each line is limited; a line that would need more is hidden as
/// a whole.
package struct SecretMask {
    /// The minimum number of bytes of a secret; anything shorter is treated like other words.
    package static let shortest = 6
    /// What is shown instead of a secret.
    private static let mark = Array("…".utf8)
    /// The maximum number of bytes of a line that are compared with secrets.
    private static let effort = 1 << 16

    private typealias Part = ArraySlice<UInt8>

    /// The parts that are hidden wherever they occur, by their first bytes; of parts with the same first bytes, the
    /// longest comes first.
    private var parts: [UInt64: [Part]] = [:]
    /// The parts that follow each part in the secrets.
    private var followers: [Part: Set<Part>] = [:]
    /// The last parts of secrets with several parts: other text may follow them on a line.
    private var ends: Set<Part> = []
    /// The first parts of secrets with several parts, if they are short: other text may come before them on a line.
    private var shortBeginnings: Set<Part> = []
    /// The part that ended the previous line.
    private var previous: Part?

    /// Whether a text contains a secret or a part of one.
    ///
    /// - Parameter secrets: the values to look for, except those that are as short as a word.
    package static func isNeeded(for text: [UInt8], secrets: [[UInt8]]) -> Bool {
        let secrets = secrets.filter { $0.count >= shortest }
        if secrets.isEmpty { return false }
        var mask = SecretMask(secrets)
        return text.split(separator: .newline).contains { line in
            var hidden = Array(line)
            mask.hide(in: &hidden, isUnfinished: false)
            return !hidden.elementsEqual(line)
        } || secrets.contains { text.contains(bytes: $0) }
    }

    /// A part without the blanks at its ends, which a shell takes away.
    static func trimmed(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let last = part.lastIndex(where: { !$0.isSpace }) else { return part.suffix(0) }
        return part[...last].drop(while: { $0.isSpace })
    }

    /// - Parameter secrets: the values to hide; those that are as short as a word are not hidden.
    init(_ secrets: [[UInt8]]) {
        var all: Set<Part> = []
        for secret in secrets where secret.count >= Self.shortest {
            let lines = secret.split(separator: .newline, omittingEmptySubsequences: false).map(Self.withoutReturn)
            let whole = lines.flatMap(Self.pieces)
            let pieces = whole.map(Self.trimmed)
            let forms = SecretForms.all(of: secret).map { $0[...] }
            all.formUnion((lines + whole + pieces + forms).filter { $0.count >= Self.shortest })
            // Empty lines around a secret say nothing about where it is.
            guard let first = pieces.firstIndex(where: { !$0.isEmpty }),
                let last = pieces.lastIndex(where: { !$0.isEmpty }), first < last
            else { continue }
            for index in first..<last { followers[pieces[index], default: []].insert(pieces[index + 1]) }
            ends.insert(pieces[last])
            if pieces[first].count < Self.shortest { shortBeginnings.insert(pieces[first]) }
        }
        for part in all { parts[Self.key(part, at: part.startIndex), default: []].append(part) }
        for key in parts.keys { parts[key]?.sort { $0.count > $1.count } }
    }

    /// The texts that are hidden wherever they occur.
    var texts: some Sequence<ArraySlice<UInt8>> { parts.values.joined() }

    /// Hides what is secret in a line.
    ///
    /// - Parameters:
    ///   - line: the line without its newline.
    ///   - isUnfinished: whether its end may be missing: then a secret that begins at its end is also hidden.
    ///   - others: what else is hidden in it.
    mutating func hide(in line: inout [UInt8], isUnfinished: Bool, and others: [Range<Int>] = []) {
        if parts.isEmpty && followers.isEmpty { return }
        let content = Self.trimmed(line[...])
        var ending: Part?
        guard var ranges = findParts(in: line, isUnfinished: isUnfinished, contentEnd: content.endIndex, &ending) else {
            line = Self.mark
            previous = nil
            return
        }
        if ending == nil { ending = findShort(content, &ranges) }
        previous = isUnfinished ? nil : ending
        replace(ranges + others, in: &line)
    }

    /// The places of parts that are hidden everywhere, in order; `nil` when the search would take too long.
    ///
    /// - Parameter ending: receives the part that ends the line.
    private func findParts(
        in line: [UInt8], isUnfinished: Bool, contentEnd: Int, _ ending: inout Part?
    ) -> [Range<Int>]? {
        var ranges: [Range<Int>] = []
        var effort = Self.effort
        guard line.count >= Self.shortest else { return ranges }
        for position in 0...(line.count - Self.shortest) {
            guard let candidates = parts[Self.key(line[...], at: position)] else { continue }
            let rest = line.count - position
            for part in candidates where part.count <= rest || isUnfinished {
                let length = min(part.count, rest)
                let common = Self.commonLength(part, line, at: position, upTo: length)
                effort -= common + 1
                if effort < 0 { return nil }
                guard common == length else { continue }
                ranges.append(position..<(position + length))
                if ending == nil && position + length >= contentEnd && length == part.count {
                    ending = Self.trimmed(part)
                }
                break
            }
        }
        return ranges
    }

    /// Looks for a short part that the previous line leads to expect.
    ///
    /// - Returns: the part that ends the line, if any.
    private func findShort(_ content: Part, _ ranges: inout [Range<Int>]) -> Part? {
        if let previous, let next = followers[previous] {
            if next.contains(content) {
                if !content.isEmpty { ranges.append(content.indices) }
                return content
            }
            let end = next.filter { ends.contains($0) && content.starts(with: $0) }.max { $0.count < $1.count }
            if let end {
                ranges.append(content.startIndex..<(content.startIndex + end.count))
                return nil
            }
        }
        return shortBeginnings.filter { content.suffix($0.count).elementsEqual($0) }.max { $0.count < $1.count }
    }

    /// Replaces each range with a mark; overlapping ranges get one mark.
    private func replace(_ ranges: [Range<Int>], in line: inout [UInt8]) {
        guard !ranges.isEmpty else { return }
        var shown: [UInt8] = []
        var end = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound >= end {
                shown += line[end..<range.lowerBound] + Self.mark
                end = range.upperBound
            } else {
                end = max(end, range.upperBound)
            }
        }
        line = shown + line[end...]
    }

    /// The first bytes of a part as a number.
    private static func key(_ bytes: Part, at position: Int) -> UInt64 {
        var key: UInt64 = 0
        for index in position..<(position + shortest) { key = key << 8 | UInt64(bytes[index]) }
        return key
    }

    private static func commonLength(_ part: Part, _ line: [UInt8], at position: Int, upTo length: Int) -> Int {
        var count = 0
        while count < length, part[part.startIndex + count] == line[position + count] { count += 1 }
        return count
    }

    private static func withoutReturn(_ line: Part) -> Part {
        line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    /// The pieces of a line between carriage returns, and between newlines that are written as two characters.
    private static func pieces(_ line: Part) -> [Part] {
        var pieces: [Part] = []
        var start = line.startIndex
        var position = start
        while position + 1 < line.endIndex {
            let isNewline = line[position] == UInt8(ascii: "\\") && line[position + 1] == UInt8(ascii: "n")
            guard isNewline || line[position] == .carriageReturn else {
                position += 1
                continue
            }
            let piece = line[start..<position]
            pieces.append(isNewline && piece.suffix(2).elementsEqual("\\r".utf8) ? piece.dropLast(2) : piece)
            position += isNewline ? 2 : 1
            start = position
        }
        return pieces + [line[start...]]
    }
}
