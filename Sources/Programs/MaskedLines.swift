internal import Text

/// Lines of a program that runs for long, with the secrets in them hidden.
///
/// It takes no more memory than a line, and the lines that may be pieces of a secret: a line that ends in what may be the
/// beginning of a secret waits for the next one.
package struct MaskedLines {
    private let limit: Int
    private var line: [UInt8] = []
    private var mask: SecretMask
    private var folded: FoldedSecrets

    /// - Parameters:
    ///   - secrets: the values to hide, as a whole, line by line and broken over lines, except short ones.
    ///   - limit: the bytes after which a line is broken.
    package init(hiding secrets: [[UInt8]], limit: Int) {
        mask = SecretMask(secrets)
        folded = FoldedSecrets(mask.texts)
        self.limit = limit
    }

    /// Receives output as it comes.
    ///
    /// - Parameter show: receives each line, without its newline, and whether the program has ended it there.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, _ show: ([UInt8], Bool) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(limit - line.count)
            let end = part.firstIndex(of: .newline)
            line += part[..<(end ?? part.endIndex)]
            rest = rest[(end.map { $0 + 1 } ?? part.endIndex)...]
            if end != nil || line.count == limit { endLine(isWhole: end != nil, isLast: false, show) }
        }
    }

    /// Ends the output, with a last line that has no newline.
    package mutating func finish(_ show: ([UInt8], Bool) -> Void) {
        if !line.isEmpty { endLine(isWhole: true, isLast: true, show) }
        for line in folded.finish() { tell(line, show) }
    }

    private mutating func endLine(isWhole: Bool, isLast: Bool, _ show: ([UInt8], Bool) -> Void) {
        // A line that is broken here is, for secrets, one that the program has broken: its rest is sought in the next.
        let ended = FoldedSecrets.Line(bytes: line, cut: 0, isLast: isLast || !isWhole)
        line.removeAll(keepingCapacity: true)
        for line in folded.take(ended) { tell(line, show) }
    }

    private mutating func tell(_ ended: FoldedSecrets.Line, _ show: ([UInt8], Bool) -> Void) {
        var line = ended.bytes
        mask.hide(in: &line, isUnfinished: ended.isLast, and: ended.hidden)
        show(line, !ended.isLast)
    }
}
