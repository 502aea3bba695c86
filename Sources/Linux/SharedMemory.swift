private import CLinux

/// One page of memory that a process shares with the children that it forks, until they execute another program.
///
/// It holds numbers of 64 bits, which are always written and read as a whole, and plain bytes, which are only as
/// reliable as the order in which the numbers around them are written.
package struct SharedPage: @unchecked Sendable {
    // Safe to send: the memory is never freed, and numbers are accessed with atomic instructions.
    private let memory: UnsafeMutableRawPointer

    /// The size of the page in bytes.
    package static var size: Int { 4096 }

    /// Allocates a page filled with zeros.
    ///
    /// - Throws: the error of mmap(2).
    package init() throws(SystemCallError) {
        let mapped = mmap(nil, SharedPage.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != UnsafeMutableRawPointer(bitPattern: -1) else {
            throw SystemCallError(call: "mmap", errno: Errno(rawValue: Linux.errno))
        }
        memory = mapped
    }

    /// The number at an index, which counts in numbers. What another process has written before the number is visible
    /// after reading it.
    package subscript(number index: Int) -> UInt64 {
        get { linux_load((memory + index * 8).assumingMemoryBound(to: UInt64.self)) }
        nonmutating set { linux_store((memory + index * 8).assumingMemoryBound(to: UInt64.self), newValue) }
    }

    /// Some of the bytes.
    ///
    /// - Parameter range: offsets in the page.
    package func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        let inside = range.clamped(to: 0..<SharedPage.size)
        return UnsafeMutableRawBufferPointer(start: memory + inside.lowerBound, count: inside.count)
    }
}
