internal import Linux

/// The keeper's end of the pipe of a ``LogWriter``, and those who have lines for it.
///
/// The pipe gets a piece of each service in turn: one that has more than its share waits, and costs the others nothing.
final class LogPipe {
    let writer: LogWriter
    /// The queues with lines, the next one first.
    private var turns: [LogQueue] = []
    /// Whether the pipe had no room, so that the loop tells when it has.
    private var isFull = false
    private weak var loop: EventLoop?

    init(_ writer: LogWriter, _ loop: EventLoop) {
        self.writer = writer
        self.loop = loop
    }

    /// Adds a line of a queue, and sends what the pipe has room for. Never waits.
    ///
    /// - Parameter line: the line with its newline, at most a piece; or a piece of one.
    /// - Returns: whether it is kept or sent.
    func put(_ line: UnsafeRawBufferPointer, of queue: LogQueue) -> Bool {
        if queue.isDropping { return false }
        let wasEmpty = queue.isEmpty
        var isKept = queue.add(line)
        if wasEmpty { turns.append(queue) }
        if !isKept, !isFull {
            sendAll()
            isKept = queue.add(line)
            if isKept, !turns.contains(where: { $0 === queue }) { turns.append(queue) }
        }
        return isKept
    }

    /// Sends what the pipe has room for, a piece of each queue in turn.
    func sendAll() {
        guard !isFull else { return }
        while let queue = turns.first {
            guard queue.sendPiece(writer.send) else {
                return waitForRoom()
            }
            turns.removeFirst()
            if !queue.isEmpty { turns.append(queue) }
        }
    }

    private func waitForRoom() {
        do throws(SystemCallError) {
            try loop?.watch(writer.descriptor, .writable) { [weak self] _ in self?.goOn() }
            isFull = true
        } catch {
            // The next output tries again.
        }
    }

    /// The pipe has room again.
    private func goOn() {
        loop?.unwatch(writer.descriptor)
        isFull = false
        sendAll()
    }

    /// Sends all that waits, as far as it is taken in time, and ends the pipe.
    ///
    /// - Parameter deadline: nanoseconds on the monotonic clock.
    func finish(by deadline: UInt64) {
        if isFull { loop?.unwatch(writer.descriptor) }
        isFull = false
        while let queue = turns.first {
            if queue.sendPiece(writer.send) {
                turns.removeFirst()
                if !queue.isEmpty { turns.append(queue) }
            } else if !writer.waitForRoom(until: deadline) {
                break
            }
        }
        turns = []
        writer.close()
    }
}
