private import CLinux
private import Glibc
private import SystemPackage

/// One page of memory that a process shares with the children that it forks, until they become another program.
///
/// Holds numbers of 64 bits that are written and read whole, and plain bytes, which are only as sure as the order in
/// which numbers around them are written.
package struct SharedPage: @unchecked Sendable {
    // Safe to send: the memory is never given back, and numbers go through atomic instructions.
    private let memory: UnsafeMutableRawPointer

    /// The size of the page in bytes.
    package static var size: Int { 4096 }

    /// Takes a page filled with zeros.
    ///
    /// - Throws: the error of mmap(2).
    package init() throws(SystemCallError) {
        let mapped = mmap(nil, SharedPage.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let mapped, mapped != UnsafeMutableRawPointer(bitPattern: -1) else {
            throw SystemCallError(call: "mmap", errno: Errno(rawValue: Glibc.errno))
        }
        memory = mapped
    }

    /// The number at an index counted in numbers; whatever was written before it by another process is seen after it.
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

/// The strings of the environment that the kernel shows to others as `/proc/PID/environ`.
package enum EnvironmentBlock {
    /// Overwrites the environment that the process was started with by zeros. The process has none afterwards.
    ///
    /// Entries that the C library has taken out of its own list, as it does for privileged programs, are overwritten too.
    ///
    /// - Returns: whether the kernel said where the environment lies, and nothing was left to overwrite.
    package static func erase(table: ProcessTable) -> Bool {
        guard let entries = linux_environment(), entries.pointee != nil else { return true }
        guard let block = table.environmentBlock, let start = block.baseAddress, block.contains(anyOf: entries) else {
            return false
        }
        memset(start, 0, block.count)
        entries.pointee = nil
        giveBack(block)
        return true
    }

    /// Gives whole pages of zeros back to the kernel, which shows zeros in their place: an environment may be 2 MB.
    private static func giveBack(_ block: UnsafeMutableRawBufferPointer) {
        let page = UInt(sysconf(CInt(_SC_PAGESIZE)))
        let start = (UInt(bitPattern: block.baseAddress) + page - 1) / page * page
        let end = (UInt(bitPattern: block.baseAddress) + UInt(block.count)) / page * page
        guard start < end, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
        _ = madvise(first, Int(end - start), MADV_DONTNEED)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Whether one of the entries is in it: the C library has its own copy of GLIBC_TUNABLES, which may be the first.
    fileprivate func contains(anyOf entries: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Bool {
        guard let baseAddress else { return false }
        var entry = entries
        while let address = entry.pointee {
            let offset = UnsafeMutableRawPointer(address) - baseAddress
            if 0 <= offset && offset < count { return true }
            entry += 1
        }
        return false
    }
}
