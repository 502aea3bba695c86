private import CLinux

/// Bytes that nobody else may see. Printing a secret, in whatever way, only shows their number.
///
/// The bytes lie in one place in memory, which is overwritten when they are no longer needed.
package final class Secret: @unchecked Sendable {
    // Safe to send: bytes are only added before the secret is handed on, and nobody uses it after it is erased.
    private let memory: UnsafeMutableRawBufferPointer
    /// The number of bytes.
    package private(set) var count = 0

    /// Makes an empty secret.
    ///
    /// - Parameter capacity: the maximum number of bytes that it will hold.
    package init(capacity: Int) {
        memory = .allocate(byteCount: max(1, capacity), alignment: 16)
    }

    /// Copies bytes.
    package convenience init(_ bytes: some Collection<UInt8>) {
        self.init(capacity: bytes.count)
        memory.copyBytes(from: bytes)
        count = bytes.count
    }

    /// Copies a part of another secret, with space for more bytes.
    ///
    /// - Parameters:
    ///   - other: the other secret.
    ///   - range: the part of it.
    ///   - more: how many bytes may still be added.
    package convenience init(_ other: Secret, _ range: Range<Int>, more: Int = 0) {
        self.init(capacity: range.count + more)
        other.withBytes(range, append(contentsOf:))
    }

    deinit {
        erase()
        memory.deallocate()
    }

    /// A byte.
    package subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "a byte beyond the end of a secret")
        return memory[index]
    }

    /// Calls the body with the bytes of a part, without copying them.
    package func withBytes<Result, Failure>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes beyond the end of a secret")
        return try body(UnsafeRawBufferPointer(rebasing: memory[range]))
    }

    /// Adds a byte; the capacity must suffice.
    package func append(_ byte: UInt8) {
        precondition(count < memory.count, "a secret that is longer than its capacity")
        memory[count] = byte
        count += 1
    }

    /// Adds bytes; the capacity must suffice.
    package func append(contentsOf bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= memory.count - count, "a secret that is longer than its capacity")
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Removes bytes from the end.
    package func removeLast(_ number: Int) {
        precondition(number <= count, "more bytes than a secret has")
        count -= number
        if let start = memory.baseAddress { explicit_bzero(start + count, number) }
    }

    /// Overwrites all bytes; the secret is empty afterwards.
    package func erase() {
        // The optimiser does not remove this call, as it would any loop of ours.
        if let start = memory.baseAddress { explicit_bzero(start, memory.count) }
        count = 0
    }

    /// Whether some bytes occur at an index.
    package func has(_ bytes: some Collection<UInt8>, at index: Int) -> Bool {
        guard index >= 0, count - index >= bytes.count, let base = memory.baseAddress else { return false }
        return Array(bytes).withUnsafeBytes { Self.equal($0, base + index) }
    }

    /// Whether the bytes at a place equal those of `wanted`.
    private static func equal(_ wanted: UnsafeRawBufferPointer, _ place: UnsafeRawPointer) -> Bool {
        wanted.baseAddress.map { memcmp($0, place, wanted.count) == 0 } ?? true
    }

    /// The first index at or after `start` where some bytes occur.
    package func firstIndex(of bytes: some Collection<UInt8>, from start: Int = 0) -> Int? {
        guard let base = memory.baseAddress, start >= 0 else { return nil }
        return Array(bytes).withUnsafeBytes { wanted in
            guard let first = wanted.first else { return nil }
            var position = start
            while count - position >= wanted.count {
                guard let found = memchr(base + position, CInt(first), count - position) else { return nil }
                position = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                if count - position >= wanted.count, Self.equal(wanted, base + position) { return position }
                position += 1
            }
            return nil
        }
    }
}

extension Secret: Equatable {
    package static func == (left: Secret, right: Secret) -> Bool {
        left.count == right.count && left.starts(with: right)
    }

    /// Whether the secret starts with all bytes of another.
    package func starts(with other: Secret) -> Bool {
        guard count >= other.count, let start = memory.baseAddress else { return false }
        return other.withBytes(0..<other.count) { Self.equal($0, start) }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "(secret, \(count) bytes)" }
    package var debugDescription: String { description }
}

#if !hasFeature(Embedded)
extension Secret: CustomReflectable {
    // Without this, dump(_:) would show where the bytes lie. Embedded Swift has no dump(_:).
    package var customMirror: Mirror { Mirror(self, children: []) }
}
#endif

extension CString {
    /// The bytes from an index on, without any other copy.
    package func secret(from start: Int) -> Secret {
        let rest = pointer + min(start, count)
        return Secret(UnsafeRawBufferPointer(start: rest, count: strlen(rest)))
    }
}

extension Descriptor {
    /// Reads up to `limit` bytes from the current position, without leaving a copy anywhere.
    ///
    /// - Throws: the error of read(2) or fstat(2).
    package func readSecret(limit: Int, path: FilePath? = nil) throws(SystemCallError) -> Secret {
        // There is space for a file whose size is not known beforehand.
        let secret = Secret(capacity: min(limit, max(4096, try status(path: path).size + 1)))
        while try secret.fill(from: self, path: path) {}
        guard secret.isFull && secret.count < limit else { return secret }
        // The file has grown.
        let longer = Secret(secret, 0..<secret.count, more: limit - secret.count)
        while try longer.fill(from: self, path: path) {}
        return longer
    }

    /// Writes all bytes of a secret at the current position.
    ///
    /// - Throws: the error of write(2), such as ENOSPC; some bytes may then have been written.
    package func writeAll(_ secret: Secret, path: FilePath? = nil) throws(SystemCallError) {
        var written = 0
        while written < secret.count {
            written += try systemCall("write", path) { secret.write(to: rawValue, from: written) }
        }
    }
}

extension Secret {
    fileprivate var isFull: Bool { count == memory.count }

    /// Reads once; returns `false` at the end of the file, or when there is no space.
    fileprivate func fill(from file: borrowing Descriptor, path: FilePath?) throws(SystemCallError) -> Bool {
        guard let start = memory.baseAddress, !isFull else { return false }
        let added = try systemCall("read", path) { CLinux.read(file.rawValue, start + count, memory.count - count) }
        count += added
        return added > 0
    }

    fileprivate func write(to file: CInt, from offset: Int) -> Int {
        guard let start = memory.baseAddress else { return 0 }
        return CLinux.write(file, start + offset, count - offset)
    }
}
