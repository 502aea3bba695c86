internal import Text

/// The last lines of a service, for those who ask later.
final class LogTail {
    /// The bytes that are kept.
    static let limit = 8 << 10

    /// A ring of ``limit`` bytes, allocated with the first byte.
    private var memory: UnsafeMutableRawPointer?
    /// How many bytes there have been.
    private var count = 0

    deinit { memory?.deallocate() }

    /// Adds output, as it comes.
    func add(_ bytes: UnsafeRawBufferPointer) {
        if bytes.isEmpty { return }
        let memory = memory ?? .allocate(byteCount: Self.limit, alignment: 1)
        self.memory = memory
        let kept = bytes.suffix(Self.limit)
        count += bytes.count - kept.count
        let start = count % Self.limit
        let first = kept.prefix(Self.limit - start)
        UnsafeMutableRawBufferPointer(start: memory + start, count: first.count)
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: first))
        UnsafeMutableRawBufferPointer(start: memory, count: kept.count - first.count)
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: kept.dropFirst(first.count)))
        count += kept.count
    }

    /// The last lines, without their newlines; the one that has not ended yet is the last.
    func lines() -> [[UInt8]] {
        guard let memory else { return [] }
        let ring = UnsafeRawBufferPointer(start: memory, count: Self.limit)
        let start = count > Self.limit ? count % Self.limit : 0
        let bytes = count > Self.limit ? Array(ring[start...]) + Array(ring[..<start]) : Array(ring[..<count])
        var lines = bytes.split(separator: .newline, omittingEmptySubsequences: false).map { Array($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        // The beginning of the first one is gone.
        if count > Self.limit, !lines.isEmpty { lines.removeFirst() }
        return lines
    }
}
