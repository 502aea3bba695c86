internal import Text

/// Finds secrets that are printed in pieces, one at the end of a line and the others on the lines after it, as fold(1)
/// does.
///
/// A line that ends in what may be the beginning of a secret waits for the next one, so that it can still be hidden.
struct FoldedSecrets {
    /// A line of output, and what is to be hidden in it.
    struct Line {
        var bytes: [UInt8]
        /// How many further bytes the line has.
        let cut: Int
        /// Whether the output ends in this line, perhaps within a secret.
        var isLast = false
        var hidden: [Range<Int>] = []
    }

    /// The minimum number of bytes of a piece for which a line waits: lines often end in fewer bytes of a secret by chance.
    /// Fewer are shown, and the pieces after them are hidden.
    private static let shortestPiece = 3
    /// The maximum number of bytes of a line that are compared with secrets.
    private static let effort = 1 << 16

    private typealias Part = ArraySlice<UInt8>

    /// A beginning of a secret.
    private struct Beginning {
        let part: Part
        /// The waiting line that has it, and where it begins there; -1 for a line that has been shown.
        var line: Int
        let start: Int
        /// How many bytes of the secret have come so far.
        var found: Int

        /// Whether lines wait for the rest.
        var isLong: Bool { found >= shortestPiece }
    }

    /// The secrets by their first bytes.
    private let parts: [UInt32: [ArraySlice<UInt8>]]
    /// The secrets by their first byte.
    private let byFirst: [UInt8: [ArraySlice<UInt8>]]
    private let longest: Int
    private var waiting: [Line] = []
    private var beginnings: [Beginning] = []

    /// - Parameter parts: the texts to look for, without line breaks.
    init(_ parts: some Sequence<ArraySlice<UInt8>>) {
        var all: [UInt32: [Part]] = [:]
        var byFirst: [UInt8: [Part]] = [:]
        var longest = 0
        for part in parts where part.count > Self.shortestPiece {
            all[Self.key(part, at: part.startIndex), default: []].append(part)
            byFirst[part[part.startIndex], default: []].append(part)
            longest = max(longest, part.count)
        }
        self.parts = all
        self.byFirst = byFirst
        self.longest = longest
    }

    /// Takes the next line.
    ///
    /// - Returns: the lines that need not wait any longer, in order.
    mutating func take(_ line: Line) -> [Line] {
        if parts.isEmpty { return [line] }
        waiting.append(line)
        var effort = Self.effort
        let content = SecretMask.trimmed(line.bytes[...])
        var rest: [Beginning] = []
        for beginning in beginnings {
            guard let next = continued(beginning, by: content, isCut: line.cut > 0, &effort) else { continue }
            rest.append(next)
        }
        beginnings = rest
        if line.cut == 0 { findBeginnings(in: content, &effort) }
        if effort < 0 {
            // What cannot be searched is hidden.
            for index in waiting.indices { waiting[index].hidden = [waiting[index].bytes.indices] }
            beginnings = []
        }
        return release(from: firstNeeded())
    }

    /// The first line that has to wait: the one in which the earliest long beginning is.
    private mutating func firstNeeded() -> Int {
        let needed = beginnings.filter { $0.isLong }.map { max(0, $0.line) }.min() ?? waiting.count
        let isTooMuch =
            waiting.count > OutputLines.countLimit
            || waiting.reduce(0) { $0 + $1.bytes.count } > OutputLines.byteLimit
        guard needed < waiting.count, isTooMuch else { return needed }
        // Nobody reads so much; it must not take any memory that there is.
        for index in waiting.indices { waiting[index].hidden = [waiting[index].bytes.indices] }
        beginnings = []
        return waiting.count
    }

    /// Ends the output.
    ///
    /// - Returns: the lines that are still waiting. Several pieces are hidden although the rest is missing.
    mutating func finish() -> [Line] {
        let last = waiting.count - 1
        for beginning in beginnings
        where beginning.isLong && beginning.line < last
            && beginning.found >= SecretMask.shortest
        {
            hide(beginning, to: waiting[last].bytes.count)
        }
        beginnings = []
        return release(from: waiting.count)
    }

    /// - Parameter end: the first line that goes on waiting.
    private mutating func release(from end: Int) -> [Line] {
        let released = Array(waiting[..<end])
        waiting.removeFirst(end)
        for index in beginnings.indices { beginnings[index].line = max(-1, beginnings[index].line - end) }
        return released
    }

    /// What is known of a secret after a further line; `nil` if the line does not continue it, or ends it.
    private mutating func continued(
        _ beginning: Beginning, by content: ArraySlice<UInt8>, isCut: Bool, _ effort: inout Int
    ) -> Beginning? {
        let rest = beginning.part.dropFirst(beginning.found)
        let length = min(rest.count, content.count)
        effort -= length + 1
        guard length > 0, effort >= 0, rest.prefix(length).elementsEqual(content.prefix(length)) else { return nil }
        if length < rest.count && !isCut {
            var next = beginning
            next.found += length
            return next
        }
        hide(beginning, to: content.startIndex + length)
        return nil
    }

    /// Notes every beginning of a secret at the end of the line that has just come.
    private mutating func findBeginnings(in content: ArraySlice<UInt8>, _ effort: inout Int) {
        for count in 1..<Self.shortestPiece where content.count >= count {
            let start = content.endIndex - count
            for part in byFirst[content[start]] ?? [] {
                effort -= 1
                if effort < 0 { return }
                guard part.prefix(count).elementsEqual(content[start...]) else { continue }
                beginnings.append(Beginning(part: part, line: waiting.count - 1, start: start, found: count))
            }
        }
        guard content.count >= Self.shortestPiece else { return }
        let last = content.endIndex - Self.shortestPiece
        for start in max(content.startIndex, content.endIndex - longest)...last {
            guard let candidates = parts[Self.key(content, at: start)] else { continue }
            let piece = content[start...]
            for part in candidates where part.count > piece.count {
                effort -= piece.count
                if effort < 0 { return }
                guard part.prefix(piece.count).elementsEqual(piece) else { continue }
                beginnings.append(
                    Beginning(part: part, line: waiting.count - 1, start: start, found: piece.count))
            }
        }
    }

    /// Hides a secret from its beginning to a place in the line that has come last.
    private mutating func hide(_ beginning: Beginning, to end: Int) {
        for index in max(0, beginning.line)..<waiting.count {
            let bytes = waiting[index].bytes
            let content = SecretMask.trimmed(bytes[...])
            let start = index == beginning.line ? beginning.start : content.startIndex
            let end = index == waiting.count - 1 ? min(end, content.endIndex) : content.endIndex
            if start < end { waiting[index].hidden.append(start..<end) }
        }
    }

    /// The first bytes of a text as a number.
    private static func key(_ bytes: ArraySlice<UInt8>, at position: Int) -> UInt32 {
        UInt32(bytes[position]) << 16 | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2])
    }
}
