internal import Text

/// The output of a step, as lines for the log: whatever a step writes, this takes no more memory than a line.
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

    /// - Parameter secrets: the values to hide, as a whole and line by line, except short ones.
    package init(hiding secrets: [[UInt8]] = []) {
        mask = SecretMask(secrets)
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
        if dropped.lines > 0 {
            show("\(dropped.lines.counted("further line")) (\(dropped.bytes.counted("byte"))) not shown")
        }
    }

    /// - Parameter isLast: whether the output ends in this line, perhaps within a secret.
    private mutating func endLine(_ show: (String) -> Void, isLast: Bool = false) {
        let size = line.count + cut + 1
        guard shown.lines < Self.countLimit, shown.bytes < Self.byteLimit, dropped.lines == 0 else {
            dropped.lines += 1
            dropped.bytes += size
            line.removeAll(keepingCapacity: true)
            cut = 0
            return
        }
        mask.hide(in: &line, isUnfinished: isLast || cut > 0)
        // Programs that draw a progress bar end lines with both characters.
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let isCut = cut > 0 || line.count > Self.lineLimit
        let text = line.prefix(Self.lineLimit).shown(limit: Self.lineLimit) + (isCut ? "…" : "")
        line.removeAll(keepingCapacity: true)
        cut = 0
        shown.lines += 1
        shown.bytes += min(size, Self.lineLimit)
        if !text.isEmpty { last = text }
        show(text)
    }
}
