internal import Linux
internal import Text

/// The lines of one service that wait for a pipe.
///
/// At most ``limit`` bytes wait. What comes when there is no room is dropped until all that waits has been sent: so a
/// number of lines is missing in one place, and told there.
final class LogQueue {
    /// The most bytes that wait.
    static let limit = 16 << 10

    /// How many lines have been dropped since that was told last.
    private var dropped = 0
    /// The line that tells it.
    private let notice: (Int) -> [UInt8]
    private var memory: UnsafeMutableRawPointer?
    private var waiting = 0..<0

    init(notice: @escaping (Int) -> [UInt8]) { self.notice = notice }

    deinit { memory?.deallocate() }

    var isEmpty: Bool { waiting.isEmpty }

    /// Whether lines are dropped, until all that waits has been sent.
    var isDropping: Bool { dropped > 0 }

    /// Counts lines that are dropped because there is no room.
    func drop(_ lines: Int) { dropped += lines }

    /// Adds a line with its newline.
    ///
    /// - Returns: whether there was room for it.
    func add(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let source = line.baseAddress else { return true }
        guard waiting.count + line.count <= Self.limit else { return false }
        let memory = memory ?? .allocate(byteCount: Self.limit, alignment: 1)
        self.memory = memory
        if waiting.upperBound + line.count > Self.limit {
            memory.copyMemory(from: memory + waiting.lowerBound, byteCount: waiting.count)
            waiting = 0..<waiting.count
        }
        (memory + waiting.upperBound).copyMemory(from: source, byteCount: line.count)
        waiting = waiting.lowerBound..<(waiting.upperBound + line.count)
        return true
    }

    /// Gives the first lines away, as many as one write takes.
    ///
    /// - Parameter send: whether they have been taken.
    /// - Returns: what it returned; `false` where nothing waits.
    func sendPiece(_ send: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        guard let memory, !waiting.isEmpty else { return false }
        let piece = UnsafeRawBufferPointer(
            start: memory + waiting.lowerBound, count: min(waiting.count, LogWriter.pieceLimit))
        let end = piece.lastIndex(of: .newline).map { $0 + 1 } ?? piece.count
        guard send(UnsafeRawBufferPointer(rebasing: piece[..<end])) else { return false }
        waiting = (waiting.lowerBound + end)..<waiting.upperBound
        if waiting.isEmpty { tellDropped() }
        return true
    }

    /// Adds the line that tells how many are missing here, or gives the memory back.
    private func tellDropped() {
        waiting = 0..<0
        if isDropping {
            let line = notice(dropped)
            dropped = 0
            _ = line.withUnsafeBytes { add($0) }
        } else {
            memory?.deallocate()
            memory = nil
        }
    }
}
