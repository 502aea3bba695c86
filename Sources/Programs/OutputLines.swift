internal import Text

/// The output of a step, as lines for the log. Whatever a step writes, this takes no more memory than a line, and the
/// lines that may be pieces of a secret.
package struct OutputLines {
    /// The maximum number of bytes of a line that are shown.
    package static let lineLimit = 1000
    /// The maximum number of lines that are shown.
    package static let countLimit = 1000
    /// The maximum number of bytes that are shown.
    package static let byteLimit = 262_144

    /// The last line that was shown.
    package private(set) var last = ""
    private var line: [UInt8] = []
    /// How many bytes of the current line are not shown.
    private var cut = 0
    private var shown = (lines: 0, bytes: 0)
    private var dropped = (lines: 0, bytes: 0)
    /// Hides values that must never be shown.
    private var mask: SecretMask
    /// Finds such values where they are broken over lines.
    private var folded: FoldedSecrets

    /// - Parameter secrets: the values to hide, as a whole, line by line and broken over lines, except short ones.
    package init(hiding secrets: [[UInt8]] = []) {
        mask = SecretMask(secrets)
        folded = FoldedSecrets(mask.texts)
    }

    /// Receives output as it comes.
    package mutating func take(_ chunk: [UInt8], _ show: (String) -> Void) {
        var rest = chunk[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            // A secret at the limit is hidden as a whole.
            let kept = rest[..<end].prefix(2 * Self.lineLimit - line.count)
            line += kept
            cut += end - rest.startIndex - kept.count
            guard end < rest.endIndex else { return }
            endLine(show)
            rest = rest[(end + 1)...]
        }
    }

    /// Ends the output, with a last line that has no newline.
    package mutating func finish(_ show: (String) -> Void) {
        if !line.isEmpty { endLine(show, isLast: true) }
        for line in folded.finish() { tell(line, show) }
        if dropped.lines > 0 {
            show("\(dropped.lines.counted("further line")) (\(dropped.bytes.counted("byte"))) not shown")
        }
    }

    /// - Parameter isLast: whether the output ends in this line, perhaps within a secret.
    private mutating func endLine(_ show: (String) -> Void, isLast: Bool = false) {
        let ended = FoldedSecrets.Line(bytes: line, cut: cut, isLast: isLast)
        line.removeAll(keepingCapacity: true)
        cut = 0
        // Nothing is shown any more.
        if dropped.lines > 0 { return tell(ended, show) }
        for line in folded.take(ended) { tell(line, show) }
    }

    private mutating func tell(_ ended: FoldedSecrets.Line, _ show: (String) -> Void) {
        let size = ended.bytes.count + ended.cut + 1
        guard shown.lines < Self.countLimit, shown.bytes < Self.byteLimit, dropped.lines == 0 else {
            dropped.lines += 1
            dropped.bytes += size
            return
        }
        var line = ended.bytes
        mask.hide(in: &line, isUnfinished: ended.isLast || ended.cut > 0, and: ended.hidden)
        // Programs that draw a progress bar end lines with both characters.
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let isCut = ended.cut > 0 || line.count > Self.lineLimit
        let text = line.prefix(Self.lineLimit).shown(limit: Self.lineLimit) + (isCut ? "…" : "")
        shown.lines += 1
        shown.bytes += min(size, Self.lineLimit)
        if !text.isEmpty { last = text }
        show(text)
    }
}
