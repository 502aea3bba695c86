internal import Boot
private import CLinux
internal import Linux
internal import Programs
internal import Text

/// The way of one service's output: its bytes come in, and whole lines go to the log that its entry names.
package final class LogChannel {
    /// The service's name.
    package let name: String
    /// Whether the service's output comes here at all; with `log: none` it gets `/dev/null` itself.
    package let takesOutput: Bool

    private let format: LogFormat
    /// `nil` for no log, or for a file without a thread to write it.
    private let pipe: LogPipe?
    private let queue: LogQueue
    /// Whether lines are written as they are, into a file of their own.
    private let isFile: Bool
    private var masked: MaskedLines?
    private let tail = LogTail()
    /// The beginning of a line that has not ended yet.
    private var partial: [UInt8] = []
    /// Whether that line is dropped.
    private var isInDropped = false
    private var followers: [(id: ObjectIdentifier, take: (UnsafeRawBufferPointer) -> Void)] = []

    init(_ service: Service, _ secrets: [[UInt8]], _ format: LogFormat, _ pipe: LogPipe?) {
        name = service.name
        takesOutput = service.log != .none
        isFile = if case .file = service.log { true } else { false }
        self.format = format
        self.pipe = pipe
        let isFile = isFile
        queue = LogQueue { lines in
            let text = Self.notice(lines)
            return isFile
                ? Array("entrypoint: \(text)\n".utf8) : format.line(.warning, text, .servicesLogDropped)
        }
        if !secrets.isEmpty { masked = MaskedLines(hiding: secrets, limit: format.room) }
    }

    private static func notice(_ lines: Int) -> String {
        "\(lines.counted("line")) \(lines == 1 ? "was" : "were") dropped because the log is read too slowly"
    }

    /// Takes output as it comes. Never waits, and takes no more memory than a line and ``LogQueue/limit``.
    package func take(_ bytes: UnsafeRawBufferPointer) {
        guard takesOutput, !bytes.isEmpty else { return }
        if masked != nil {
            masked?.take(bytes) { line, isWhole in takeMasked(line, isWhole) }
        } else {
            keep(bytes)
            split(bytes)
        }
        pipe?.sendAll()
    }

    /// Ends a line that has no newline: the service has ended.
    package func finish() {
        if masked != nil {
            masked?.finish { line, isWhole in takeMasked(line, isWhole) }
        } else if !partial.isEmpty || isInDropped {
            let newline: [UInt8] = [.newline]
            newline.withUnsafeBytes { bytes in
                keep(bytes)
                split(bytes)
            }
        }
        pipe?.sendAll()
    }

    /// The last lines that the service has written, with what is secret hidden, as they may be shown.
    package func lastLines() -> [String] { tail.lines().map { $0.shown(limit: LogTail.limit) } }

    /// Gives all further output to somebody, as it comes. Only the keeper's thread calls it, and it must not wait.
    package func follow(_ follower: AnyObject, _ take: @escaping (UnsafeRawBufferPointer) -> Void) {
        followers.append((ObjectIdentifier(follower), take))
    }

    /// Gives somebody no more output.
    package func unfollow(_ follower: AnyObject) {
        followers.removeAll { $0.id == ObjectIdentifier(follower) }
    }

    /// Notes a line of the keeper's about the service, which stands in the log already.
    func note(_ text: String) {
        let start = partial.isEmpty ? "" : "\n"
        let line = Array("\(start)entrypoint: \(text)\n".utf8)
        line.withUnsafeBytes { keep($0) }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        tail.add(bytes)
        for follower in followers { follower.take(bytes) }
    }

    /// - Parameter isWhole: whether the service has ended the line there.
    private func takeMasked(_ line: [UInt8], _ isWhole: Bool) {
        (line + [.newline]).withUnsafeBytes { keep($0) }
        line.withUnsafeBytes { _ = put($0) }
    }

    /// Cuts output into lines.
    private func split(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty {
            if queue.isDropping { return drop(rest) }
            guard let end = rest.firstNewline else { return begin(rest) }
            let line = UnsafeRawBufferPointer(rebasing: rest[..<end])
            if partial.isEmpty, !isInDropped, line.count <= format.room {
                put(line)
            } else {
                begin(line)
                let whole = partial
                partial.removeAll(keepingCapacity: true)
                if !isInDropped { whole.withUnsafeBytes { _ = put($0) } }
                isInDropped = false
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
        }
    }

    /// Adds to the line that has not ended yet. A long one is given out in pieces.
    private func begin(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !isInDropped, partial.count + rest.count > format.room {
            let part = rest.prefix(format.room - partial.count)
            partial += part
            rest = rest.dropFirst(part.count)
            // A character is not cut.
            let last = partial.lastIndex { !$0.isContinuation } ?? 0
            let end = partial.count - last < 4 && partial[last] >= 0xC0 ? last : partial.count
            let piece = Array(partial[..<end])
            partial.removeFirst(end)
            isInDropped = !piece.withUnsafeBytes { put($0) }
        }
        if isInDropped { partial = [] } else { partial += rest }
    }

    /// Drops output, and counts the lines that begin in it, or that wait for their end.
    private func drop(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        var lines = isInDropped ? -1 : 0
        while let end = rest.firstNewline {
            lines += 1
            rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
        }
        isInDropped = !rest.isEmpty
        partial = []
        queue.drop(lines + (isInDropped ? 1 : 0))
    }

    /// Gives a line to the log.
    ///
    /// - Returns: whether it is kept; otherwise it is counted.
    @discardableResult
    private func put(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let pipe else { return true }
        var isKept = true
        if isFile {
            withUnsafeTemporaryAllocation(byteCount: line.count + 1, alignment: 1) { copy in
                copy.copyMemory(from: line)
                copy[line.count] = .newline
                isKept = pipe.put(UnsafeRawBufferPointer(copy), of: queue)
            }
        } else {
            format.lines(of: line) { piece in isKept = isKept && pipe.put(piece, of: queue) }
        }
        if !isKept { queue.drop(1) }
        return isKept
    }
}

extension UnsafeRawBufferPointer {
    /// Where the first newline is.
    fileprivate var firstNewline: Int? {
        guard let baseAddress, let found = memchr(baseAddress, CInt(UInt8.newline), count) else { return nil }
        return UnsafeRawPointer(found) - baseAddress
    }
}
